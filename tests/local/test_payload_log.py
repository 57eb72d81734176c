"""Payloads from the real orchestrator through the real log, to files and to an address; and what goes wrong there."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import json_format

from seldon_infra.cli.main import main
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.payloads.payload import is_sampled
from seldon_infra.runtime.processes import Record
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import Graph, orchestrator
from tests.local.payloads import LOCAL, PREDICT, Logged, deployment, receiver, start_log
from tests.local.scene import Scene

pytestmark = pytest.mark.local
FEEDBACK = "/api/v1.0/feedback"


@pytest.fixture(scope="module")
def scene(new_scene: Callable[[], Scene]) -> Scene:
    return new_scene()


@pytest.fixture(scope="module")
def log(scene: Scene) -> Record:
    return start_log(scene)


@pytest.fixture(scope="module")
def logged(scene: Scene, log: Record) -> Callable[..., Logged]:
    def start(made: SeldonDeployment) -> Logged:
        record = orchestrator(scene, made, {}, LOCAL, f"127.0.0.1:{log.ports['http']}")
        return Logged(Graph(scene, {}, record), log, made.name)

    return start


@pytest.fixture(scope="module")
def plain(logged: Callable[..., Logged]) -> Logged:
    return logged(deployment("plain"))


def test_each_node_logs_what_it_was_asked_and_answered(plain: Logged) -> None:
    plain.predict("both")
    rows = plain.rows_of("both", 4)
    assert [(row["node"], row["event"]) for row in rows] == [
        ("first", "request"),
        ("first", "response"),
        ("leaf", "request"),
        ("leaf", "response"),
    ]
    asked, answered = json.loads(rows[0]["payload"]), json.loads(rows[-1]["payload"])
    assert asked["data"] == {"ndarray": [[1, 2]]}
    assert answered["data"]["names"] == ["class0", "class1", "class2"]
    assert answered["meta"]["routing"] == {"root": 0}
    assert {(row["namespace"], row["deployment"], row["predictor"], row["protocol"]) for row in rows} == {
        ("ns", "plain", "main", "seldon")
    }
    assert len({row["id"] for row in rows}) == 4


def test_feedback_has_the_id_of_its_prediction(plain: Logged) -> None:
    plain.predict("judged")
    truth = {"response": {"meta": {"puid": "judged", "routing": {"root": 0}}}, "reward": 1, "truth": {"strData": "yes"}}
    assert plain.graph.post(FEEDBACK, truth).status == 200
    rows = plain.rows_of("judged", 7)
    assert [row["node"] for row in rows if row["event"] == "feedback"] == ["root", "first", "leaf"]
    assert json.loads(rows[-1]["payload"])["truth"] == {"strData": "yes"}


def test_a_client_may_want_that_nothing_is_logged(plain: Logged) -> None:
    quiet = {"Seldon-Puid": "quiet", "Seldon-Skip-Logging": "true"}
    assert plain.graph.post(PREDICT, {"data": {"ndarray": [[1]]}}, quiet).status == 200
    request = json_format.ParseDict({"data": {"ndarray": [[7]]}}, message("seldon.protos.SeldonMessage")())
    kind = "seldon.protos.SeldonMessage"
    plain.graph.call("seldon.protos.Seldon/Predict", request, kind, seldon_puid="quiet", seldon_skip_logging="true")
    plain.predict("loud")
    plain.rows_of("loud", 4)
    assert not [row for row in plain.rows() if row["request_id"] == "quiet"]


def test_messages_of_grpc_are_kept_as_json(plain: Logged) -> None:
    request = json_format.ParseDict({"data": {"ndarray": [[7]]}}, message("seldon.protos.SeldonMessage")())
    plain.graph.call("seldon.protos.Seldon/Predict", request, "seldon.protos.SeldonMessage", seldon_puid="wired")
    rows = plain.rows_of("wired", 4)
    assert json.loads(rows[0]["payload"])["data"] == {"ndarray": [[7.0]]}
    assert {row["content_type"] for row in rows} == {"application/json"}


def test_a_request_that_fails_has_a_request_and_no_response(plain: Logged) -> None:
    assert plain.graph.post(PREDICT, {"data": {}}).status == 400
    failing = {"response": {"meta": {"puid": "failing", "routing": {"root": 9}}}}
    assert plain.graph.post(FEEDBACK, failing).status == 400
    plain.predict("after")
    plain.rows_of("after", 4)
    assert not [row for row in plain.rows() if row["request_id"] == "failing"]


def test_the_same_requests_are_taken_whenever_they_come(logged: Callable[..., Logged]) -> None:
    some = logged(deployment("some", sample=0.3))
    ids = [f"request-{number}" for number in range(40)]
    taken = {id for id in ids if is_sampled(id, 0.3)}
    for id in ids * 2:
        some.predict(id)
    wait_until(lambda: len(some.rows()) == 8 * len(taken))
    assert Counter(row["request_id"] for row in some.rows()) == dict.fromkeys(taken, 8)


def test_what_is_long_is_cut_and_says_so(logged: Callable[..., Logged]) -> None:
    short = logged(deployment("short", largest=100))
    short.predict("long", strData="é" * 200)
    row = short.rows_of("long", 4)[0]
    assert row["truncated"]
    assert row["size"] > 400
    assert row["payload"].startswith('{"strData":"éé')
    assert len(row["payload"].encode()) in (99, 100)
    assert row["content_type"].startswith("text/plain")


def test_what_is_redacted_is_in_no_file(logged: Callable[..., Logged]) -> None:
    discreet = logged(deployment("discreet", redact=["card", "owner"]))
    table = {"data": {"names": ["amount", "card"], "ndarray": [[1, 4111222233334444], [2, 4999888877776666]]}}
    discreet.predict("rest", **table, meta={"tags": {"owner": "Ada Lovelace", "shop": "Turin"}})
    request = json_format.ParseDict(table, message("seldon.protos.SeldonMessage")())
    discreet.graph.call("seldon.protos.Seldon/Predict", request, "seldon.protos.SeldonMessage", seldon_puid="grpc")
    rest, grpc = discreet.rows_of("rest", 4), discreet.rows_of("grpc", 4)
    assert [json.loads(each[0]["payload"])["data"]["ndarray"] for each in (rest, grpc)] == [[[1, None], [2, None]]] * 2
    assert json.loads(rest[0]["payload"])["meta"]["tags"] == {"owner": "[redacted]", "shop": "Turin"}
    everything = "".join(row["payload"] for row in discreet.rows())
    assert "Turin" in everything
    assert not any(word in everything for word in ("4111222233334444", "4999888877776666", "Lovelace"))


def test_an_address_gets_the_events_that_the_executor_would_send(logged: Callable[..., Logged]) -> None:
    with receiver() as there:
        web = logged(deployment("web", url=there.url))
        web.predict("sent")
        feedback = {"response": {"meta": {"puid": "sent", "routing": {"root": 0}}}, "reward": 1}
        assert web.graph.post(FEEDBACK, feedback).status == 200
        wait_until(lambda: web.kept("http") == {"sent": 7})
    by_type = Counter(headers["ce-type"] for headers, _ in there.events)
    assert by_type == {
        "io.seldon.serving.inference.request": 2,
        "io.seldon.serving.inference.response": 2,
        "io.seldon.serving.feedback": 3,
    }
    headers, body = next(
        it for it in there.events if (it[0]["ce-modelid"], it[0]["ce-type"][-7:]) == ("first", "request")
    )
    assert {key: headers[key] for key in headers if key.startswith("ce-") and key not in ("ce-id", "ce-time")} == {
        "ce-specversion": "1.0",
        "ce-source": f"http://127.0.0.1:{web.graph.orchestrator.ports['http']}/",
        "ce-type": "io.seldon.serving.inference.request",
        "ce-requestid": "sent",
        "ce-modelid": "first",
        "ce-inferenceservicename": "web",
        "ce-namespace": "ns",
        "ce-endpoint": "main",
        "ce-protocol": "seldon",
        "ce-size": str(len(body)),
        "ce-truncated": "false",
    }
    assert json.loads(body)["data"] == {"ndarray": [[1, 2]]}
    assert len({headers["ce-id"] for headers, _ in there.events}) == 7
    assert {(row["request_id"], row["event"]) for row in web.rows_of("sent", 7)} == {
        ("sent", "request"),
        ("sent", "response"),
        ("sent", "feedback"),
    }


@pytest.mark.parametrize("fault", ["down", "answers 500"])
def test_an_address_that_takes_nothing_is_counted_and_files_have_it_all(
    logged: Callable[..., Logged], fault: str
) -> None:
    with receiver(status=500) as there:
        url = there.url if fault == "answers 500" else "http://127.0.0.1:1/"
        name = fault.replace(" ", "-")
        lost = logged(deployment(name, url=url))
        for number in range(10):
            lost.predict(f"{name}-{number}")
        wait_until(lambda: lost.kept("files") == {"written": 40})
        wait_until(lambda: lost.kept("http") == {"dropped: not taken": 40})
    assert len(there.events) == (40 if fault == "answers 500" else 0), "each is sent once"
    assert set(Counter(row["id"] for row in lost.rows()).values()) == {1}


def test_an_address_that_hangs_keeps_neither_requests_nor_files_waiting(logged: Callable[..., Logged]) -> None:
    with receiver(hold=threading.Event()) as there:
        slow = logged(deployment("slow", url=there.url))
        for number in range(10):
            slow.predict(f"slow-{number}")
        wait_until(lambda: slow.kept("files") == {"written": 40})
        assert not there.events
        assert "sent" not in slow.kept("http")


@pytest.fixture(scope="module")
def broken(new_scene: Callable[[], Scene]) -> Logged:
    """A stack whose payload log and orchestrator these tests break, one after the other; the last one stops it."""
    scene = new_scene()
    made, log = deployment("broken", queue=40), start_log(scene)
    record = orchestrator(scene, made, {}, LOCAL, f"127.0.0.1:{log.ports['http']}")
    return Logged(Graph(scene, {}, record), log, made.name)


def test_a_folder_that_cannot_be_written_costs_payloads_and_no_request(broken: Logged) -> None:
    place = broken.graph.scene.stack.root / "payloads" / "ns"
    place.parent.mkdir()
    place.write_text("a file where a folder should be")
    broken.predict("lost")
    wait_until(lambda: broken.kept("files") == {"dropped: not written": 4})
    place.unlink()
    broken.predict("found")
    assert len(broken.rows_of("found", 4)) == 4
    log = broken.graph.scene.processes.folder(broken.log.id) / "log"
    wait_until(lambda: "4 payloads are lost" in log.read_text())


def test_a_log_that_is_killed_loses_no_file_and_comes_back(broken: Logged) -> None:
    earlier = sum(broken.sent().values())
    broken.predict("before")
    before = broken.rows_of("before", 4)
    pid = broken.graph.scene.pid(broken.log)
    os.kill(pid, signal.SIGKILL)
    for number in range(20):
        broken.predict(f"while-{number}")
    wait_until(
        lambda: is_ready("http", broken.log.ports["http"], "/live") and broken.graph.scene.pid(broken.log) != pid, 20
    )
    wait_until(lambda: sum(broken.sent().values()) == earlier + 4 * 21)
    broken.predict("after")
    broken.rows_of("after", 4)
    assert before == [row for row in broken.rows() if row["request_id"] == "before"]
    assert set(Counter(row["id"] for row in broken.rows()).values()) == {1}
    assert len(broken.rows()) == broken.sent()["sent"] - 4, "what is in no file is counted; 4 had no folder"


def test_a_log_that_hangs_costs_payloads_and_no_request(broken: Logged) -> None:
    full = broken.sent().get("dropped: queue full", 0)
    pid = broken.graph.scene.pid(broken.log)
    os.kill(pid, signal.SIGSTOP)
    try:

        def overflows() -> bool:
            broken.predict("stopped")
            return broken.sent().get("dropped: queue full", 0) - full >= 100

        wait_until(overflows)
        # It ends by itself with payloads that nobody takes, and says how many these are; killed it would say nothing.
        broken.graph.scene.processes.stop(broken.graph.orchestrator.id)
    finally:
        os.kill(pid, signal.SIGCONT)
    log = broken.graph.scene.processes.folder(broken.graph.orchestrator.id) / "log"
    wait_until(lambda: "payloads were not logged" in log.read_text())


def test_what_has_gathered_is_written_when_the_stack_goes(new_scene: Callable[[], Scene]) -> None:
    scene = new_scene()
    made, log = deployment("going"), start_log(scene, rotate_seconds=600)
    record = orchestrator(scene, made, {}, LOCAL, f"127.0.0.1:{log.ports['http']}")
    logged = Logged(Graph(scene, {}, record), log, made.name)
    logged.predict("last")
    scene.processes.stop(record.id)
    scene.processes.stop(log.id)
    assert len(logged.rows()) == 4


def test_the_command_prints_the_last_payloads_of_a_request(
    plain: Logged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.predict("shown")
    plain.rows_of("shown", 4)
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / ".seldon").mkdir()
    (tmp_path / ".seldon" / "local").symlink_to(plain.graph.scene.stack.root)
    words = ["payloads", "plain", "--request-id", "shown", "--node", "leaf", "--project", str(tmp_path)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:4] for line in lines] == [["request", "leaf", "shown"], ["response", "leaf", "shown"]]
    assert main([*words, "--json", "--last", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["event"] == "response"
    assert main(["payloads", "silent", "--project", str(tmp_path)]) == 2
    assert "stack 'local' has kept no payloads of 'silent': a node with logger=" in capsys.readouterr().err
