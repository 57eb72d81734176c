from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.provider import holding
from seldon_infra.provider.framework import Context
from seldon_infra.resources.rollout import RolloutInputs
from seldon_infra.runtime.asking import GateFailed
from seldon_infra.runtime.gates import Counts, Version, ask_gate, counted_since, judge_counts, read_counts
from seldon_infra.runtime.mirrored import Copies, judge_copies, key_of
from seldon_infra.runtime.orchestrator.kept import KEY_FILE, LARGEST_BYTES, MOST, Kept

ERRORS = {"kind": "errors", "at_most": 0.1, "min_requests": 10}
LATENCY = {"kind": "latency", "quantile": 0.9, "at_most_seconds": 0.1, "min_requests": 10}
PAGE = """# TYPE seldon_api_executor_server_requests_seconds histogram
seldon_api_executor_server_requests_seconds_bucket{service="predictions",code="200",le="0.1"} 5
seldon_api_executor_server_requests_seconds_bucket{service="predictions",code="200",le="+Inf"} 7
seldon_api_executor_server_requests_seconds_count{service="predictions",code="200"} 7
seldon_api_executor_server_requests_seconds_count{service="predictions",code="503"} 2
seldon_api_executor_server_requests_seconds_count{service="/seldon.protos.Seldon/Predict",code="Unavailable"} 1
seldon_api_executor_server_requests_seconds_count{service="feedback",code="200"} 100
"""


@contextmanager
def serving(answers: dict[str, Any]) -> Iterator[Version]:
    """Answer paths with JSON, or with text; a path that is not there is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answers.get(self.path)
            text = said if isinstance(said, str) else json.dumps(said)
            self.send_response(404 if said is None else 200)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            where = f"127.0.0.1:{server.server_port}"
            yield Version("new", where, "127.0.0.1:1", "seldon", "m", ("rest",), "d")
        finally:
            server.shutdown()
            thread.join()


def labelled(tmp_path: Path, labels: list[Any]) -> str:
    file = tmp_path / "rows.json"
    file.write_text(
        json.dumps({"input": "x", "datatype": "FP64", "rows": [[1.0, 2.0]] * len(labels), "labels": labels})
    )
    return str(file)


def answer(*rows: object) -> dict[str, Any]:
    return {"/ready": {}, "/api/v1.0/predictions": {"data": {"ndarray": list(rows)}}}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(9, 0), "errors gate has had 9 of 10 requests"),
        (Counts(10, 1), None),
    ],
)
def test_an_error_gate_waits_for_requests_and_then_holds(counts: Counts, said: str | None) -> None:
    assert judge_counts(ERRORS, counts) == said


def test_an_error_gate_fails_with_its_share() -> None:
    with pytest.raises(GateFailed, match=r"20 % of 10 requests failed, at most 10 % may"):
        judge_counts(ERRORS, Counts(10, 2))


@pytest.mark.parametrize(("fast", "holds"), [(9.0, True), (8.0, False)])
def test_a_latency_gate_counts_what_is_surely_as_fast(fast: float, holds: bool) -> None:
    counts = Counts(10, 0, {0.05: 2.0, 0.1: fast, 0.25: 10.0, math.inf: 10.0})
    if holds:
        assert judge_counts(LATENCY, counts) is None
    else:
        with pytest.raises(GateFailed, match=r"20 % of 10 requests took longer than 0\.1 s, at most 10 % may"):
            judge_counts(LATENCY, counts)


def test_only_what_came_during_the_step_counts() -> None:
    found = Counts(30, 3, {0.1: 20.0}).since(Counts(10, 3, {0.1: 10.0}))
    assert (found.answered, found.failed, found.below) == (20, 0, {0.1: 10.0})


def test_an_orchestrator_that_began_anew_has_counted_from_nothing() -> None:
    assert Counts(3, 1).since(Counts(10, 0)) == Counts(3, 1)


def test_orchestrators_are_counted_together_and_each_from_where_it_stood() -> None:
    before = {"a": Counts(10, 1, {0.1: 5.0}), "gone": Counts(50, 0)}
    now = {"a": Counts(30, 2, {0.1: 20.0}), "new": Counts(4, 1, {0.1: 4.0})}
    assert counted_since(now, before) == Counts(24, 2, {0.1: 19.0})


def copies_of(*answers: list[Any], path: str = "/api/v1.0/predictions") -> list[dict[str, str]]:
    told = {"meta": {"puid": "of-the-old-one"}}
    return [
        {"path": path, "request": "{}", "answer": json.dumps({**told, "data": {"ndarray": each}})} for each in answers
    ]


def test_a_mirror_gate_compares_answers_to_copies_of_live_requests() -> None:
    gate = {"kind": "mirror", "at_most": 0.5, "min_requests": 3}
    copies = Copies()
    with serving(answer([0.1, 0.9])) as new:
        copies.send(copies_of([[0.2, 0.8]], [[0.9, 0.1]]), new, new, lambda: True)
        assert judge_copies(gate, "new", copies) == "mirror gate has had 2 of 3 requests"
        copies.send(copies_of([[0, 1]]), new, new, lambda: True)
        assert judge_copies(gate, "new", copies) is None
        copies.send(copies_of([[1, 0]], [[1, 0]], path="/nowhere"), new, new, lambda: True)
    with pytest.raises(GateFailed, match="of 5 live requests 60 % get another answer, at most 50 % may"):
        judge_copies(gate, "new", copies)


def test_answers_without_rows_of_numbers_are_compared_but_for_who_gave_them() -> None:
    copies = Copies()
    with serving({"/api/v1.0/predictions": {"meta": {"puid": "mine"}, "strData": "yes"}}) as new:
        for said in ("yes", "no"):
            told = json.dumps({"meta": {"puid": "its"}, "strData": said})
            exchange = {"path": "/api/v1.0/predictions", "request": "{}", "answer": told}
            copies.send([exchange], new, new, lambda: True)
    assert (copies.asked, copies.differing) == ({"new": 2}, {"new": 1})


def test_a_stacks_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    assert key_of(tmp_path) == key
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    kept = Kept(tmp_path)
    assert (kept.opens(key.encode()), kept.opens(b""), kept.opens(b"other")) == (True, False, False)
    assert not Kept(tmp_path / "elsewhere").opens(b"")


def test_requests_are_kept_only_while_somebody_asks_for_them(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep("/p", b"early", b"a")
    assert json.loads(kept.take()) == []
    kept.keep("/p", b"asked", b"b")
    kept.keep("/p", b"x" * (LARGEST_BYTES + 1), b"too large")
    assert json.loads(kept.take()) == [{"path": "/p", "request": "asked", "answer": "b"}]
    for number in range(MOST + 1):
        kept.keep("/p", str(number).encode(), b"")
    assert [each["request"] for each in json.loads(kept.take())] == [str(number) for number in range(1, MOST + 1)]


def test_predictions_are_counted_over_both_transports_and_feedback_is_not() -> None:
    with serving({"/prometheus": PAGE}) as version:
        (found,) = read_counts(version).values()
    assert (found.answered, found.failed, found.below[0.1]) == (10, 3, 5)


def test_an_accuracy_gate_compares_labels(tmp_path: Path) -> None:
    gate = {"kind": "accuracy", "data": labelled(tmp_path, [1, 1, 0, 1]), "at_least": 0.75}
    with serving(answer([0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6])) as version:
        ask_gate(gate, version, None)
        with pytest.raises(GateFailed, match=r"accuracy 0\.750 on .*rows\.json, must be at least 0\.8"):
            ask_gate({**gate, "at_least": 0.8}, version, None)


def test_a_difference_gate_compares_both_versions(tmp_path: Path) -> None:
    gate = {"kind": "difference", "data": labelled(tmp_path, [0, 0]), "at_most": 0.5}
    with serving(answer([1], [2])) as new, serving(answer([1], [3])) as old:
        ask_gate(gate, new, old)
        with pytest.raises(GateFailed, match=r"of 2 rows 50 % get another answer, at most 10 % may"):
            ask_gate({**gate, "at_most": 0.1}, new, old)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (answer([1]), "2 rows over rest got 1 answers"),
        (answer([1], [float("nan")]), "an answer over rest is no finite number"),
        ({"/ready": {}}, r"SeldonDeployment 'd' → predictor 'new': /api/v1\.0/predictions answered 404"),
        ({"/ready": {}, "/api/v1.0/predictions": "no json"}, "answered over REST what is no JSON"),
    ],
)
def test_a_smoke_gate_wants_one_finite_answer_for_each_row(tmp_path: Path, answers: dict[str, Any], said: str) -> None:
    gate = {"kind": "smoke", "data": labelled(tmp_path, [0, 0]), "rows": 2}
    with serving(answers) as version, pytest.raises(GateFailed, match=said):
        ask_gate(gate, version, None)


@pytest.mark.parametrize(("text", "said"), [("no json", "cannot be read"), ("{}", "must hold input, datatype")])
def test_a_file_that_holds_no_rows_fails_the_gate(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    version = Version("new", "127.0.0.1:1", "127.0.0.1:1", "seldon", "m", ("rest",), "d")
    with pytest.raises(GateFailed, match=said):
        ask_gate({"kind": "smoke", "data": str(file), "rows": 1}, version, None)


def test_gates_wait_for_a_version_whose_model_is_started_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "LOOK_SECONDS", 0.02)
    answers = {**answer([1], [1]), "/ready": None}
    told: list[str] = []

    def come_up(text: str) -> None:
        told.append(text)
        answers["/ready"] = {}

    smoke = {"kind": "smoke", "data": labelled(tmp_path, [0, 0]), "rows": 2}
    with serving(answers) as new:
        holding.hold([new], None, step(smoke, patience_seconds=60), Context("", "", progress=come_up))
    assert len(told) == 1
    assert told[0].startswith("the gates wait: SeldonDeployment 'd' → predictor 'new': /ready answered 404")


@pytest.mark.parametrize(("kind", "path"), [("smoke", "/ready"), ("errors", "/prometheus")])
def test_gates_that_wait_in_vain_say_for_whom(tmp_path: Path, kind: str, path: str) -> None:
    gates = {"smoke": {"kind": "smoke", "data": labelled(tmp_path, [0]), "rows": 1}, "errors": ERRORS}
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        gone = Version("new", f"127.0.0.1:{port}", "127.0.0.1:1", "seldon", "m", ("rest",), "d")
        said = rf"gates waited 0\.1 s in vain: SeldonDeployment 'd' → predictor 'new' does not answer {path}: .*refused"
        with pytest.raises(GateFailed, match=said):
            holding.hold([gone], None, step(gates[kind], patience_seconds=0.1), Context("", ""))


def step(*gates: dict[str, Any], patience_seconds: float) -> RolloutInputs:
    return RolloutInputs(steps=[100], hold_seconds=0, patience_seconds=patience_seconds, gates=gates)
