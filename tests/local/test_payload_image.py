"""A cluster's payload log as the process of its image, made by the image's own steps, with executors' events."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.graph.logged import LoggerThroughLog, address_of
from seldon_infra.payload_log import kafka
from seldon_infra.payload_log.spec import PayloadKafka
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.payloads.frames import EVENTS_PATH, to_wire
from seldon_infra.runtime.payloads.payload import Origin, Payload, is_sampled
from seldon_infra.runtime.payloads.web import MOST_WAITING
from seldon_infra.runtime.ports import allocate, release
from tests.engine.waiting import wait_until
from tests.local.executor_events import PROTOBUF, Executor
from tests.local.payloads import Receiver, counts, receiver, rows_below
from tests.local.scene import ask
from tests.local.test_image import Made, run

pytestmark = [pytest.mark.local, pytest.mark.slow]
ROW = {"data": {"names": ["amount", "card"], "ndarray": [[1, 4111222233334444]]}}
MESSAGE = "seldon.protos.SeldonMessage"
NOWHERE = PayloadKafka(brokers="127.0.0.1:1", topic="payloads", wait_seconds=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The context, and the first stage's steps run on it."""
    project, root = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("opt")
    run([sys.executable, "-m", "seldon_infra.cli.main", "payload-image", "--out", "context"], project)
    context = project / "context"
    found = Made(root, (context / "Containerfile").read_text())
    first, last = found.text.split("\n\n")
    for source, to in re.findall(r"^COPY ([a-z.]+) (/opt\S+)$", first + last, re.MULTILINE):
        run(["cp", "-r", str(context / source), found.here(to)], context)
    for step in re.findall(r"^RUN (.*)$", first, re.MULTILINE):
        run(["sh", "-c", found.here(step)], context)
    return found


@dataclass
class Log:
    """The process, where it writes and whom it sends to."""

    process: subprocess.Popen[str]
    port: int
    root: Path
    audit: Receiver
    slow: Receiver

    def send(self, body: bytes, node: str = "score", redact: tuple[str, ...] = (), **how: Any) -> tuple[int, str]:
        settings = {name: how.pop(name) for name in ("sample", "largest") if name in how}
        logger = LoggerThroughLog(mode="all", redact=redact, log="/executor", **settings)
        return Executor(self.port).send(str(address_of(logger)), body, node, **how)

    def rows(self, request_id: str, count: int = 1) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]]:
            return [row for row in rows_below(self.root / "shop" / "fraud") if row["request_id"] == request_id]

        wait_until(lambda: len(found()) >= count)
        return found()

    def counted(self, sink: str) -> dict[str, float]:
        page = ask(self.port, "/prometheus", "GET", None).body
        return counts(page, "seldon_infra_payload_log_total", f'sink="{sink}"')


@pytest.fixture(scope="module")
def log(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The image's command with the image's environment, as a pod's arguments go on; only its own files are there."""
    folder = tmp_path_factory.mktemp("pod")
    port = allocate(folder, ("http",))["http"]
    with receiver() as audit, receiver(hold=threading.Event()) as slow:
        onward = {"score": audit.url, "slow": slow.url, "dead": "http://127.0.0.1:1/"}
        words = [word for node, url in onward.items() for word in ("--onward", f"fraud/main/{node}", url)]
        own = [word for word in made.command if not word.startswith(("--host", "--port"))]
        bounds = ["--rotate-seconds=0.3", "--rotate-bytes=1000000", "--keep-bytes=1000000000"]
        files = [f"--root={folder / 'files'}", *bounds, *map(str, kafka.words(NOWHERE, ""))]
        process = subprocess.Popen(
            [*own, f"--port={port}", *files, *words],
            cwd=folder,
            env=made.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: process.poll() is not None or is_ready("http", port, "/live"))
            assert process.poll() is None, process.stderr and process.stderr.read()
            yield Log(process, port, folder / "files", audit, slow)
        finally:
            process.kill()
            process.communicate(timeout=120)
            release(folder)


def test_what_is_redacted_is_neither_kept_nor_sent_on(log: Log) -> None:
    assert log.send(json.dumps(ROW).encode(), redact=("card",), request_id="secret") == (200, "")
    (row,) = log.rows("secret")
    assert json.loads(row["payload"]) == {"data": {"names": ["amount", "card"], "ndarray": [[1, None]]}}
    wait_until(lambda: any(headers["ce-requestid"] == "secret" for headers, _ in log.audit.events))
    headers, body = next(each for each in log.audit.events if each[0]["ce-requestid"] == "secret")
    assert json.loads(body) == json.loads(row["payload"])
    assert {
        name: headers[name] for name in ("ce-modelid", "ce-endpoint", "ce-namespace", "ce-type", "ce-protocol")
    } == {
        "ce-modelid": "score",
        "ce-endpoint": "main",
        "ce-namespace": "shop",
        "ce-type": "io.seldon.serving.inference.request",
        "ce-protocol": "seldon",
    }
    assert [row[name] for name in ("deployment", "predictor", "node", "event")] == ["fraud", "main", "score", "request"]
    assert row["time"].isoformat() == "2026-11-26T12:00:00.123456+00:00"


def test_all_payloads_of_a_request_are_sampled_alike(log: Log) -> None:
    ids = [f"request-{number}" for number in range(60)]
    for request_id in ids:
        for event in ("request", "response", "feedback"):
            assert log.send(b"{}", "quiet", sample=0.2, event=event, request_id=request_id)[0] == 200
    for request_id in (each for each in ids if is_sampled(each, 0.2)):
        assert len(log.rows(request_id, 3)) == 3
    kept = {row["request_id"] for row in rows_below(log.root / "shop" / "fraud")}
    assert not kept & {each for each in ids if not is_sampled(each, 0.2)}


def test_what_is_long_is_cut_and_says_so(log: Log) -> None:
    wire = json.dumps({"strData": "é" * 200}, ensure_ascii=False).encode()
    log.send(wire, "quiet", largest=100, request_id="long")
    (row,) = log.rows("long")
    assert (row["truncated"], row["size"], len(row["payload"].encode()) <= 100) == (True, len(wire), True)


def test_a_message_of_grpc_is_read_by_its_protocol(log: Log) -> None:
    seldon = message(MESSAGE)(strData="Ada", meta={"puid": "abc"}).SerializeToString()
    log.send(seldon, "quiet", redact=("strData",), request_id="grpc", content_type=PROTOBUF)
    assert json.loads(log.rows("grpc")[0]["payload"]) == {"meta": {"puid": "abc"}, "strData": "[redacted]"}


def test_an_answer_that_the_executor_logs_as_the_next_node_s_request_is_redacted_too(log: Log) -> None:
    card = {"name": "card", "datatype": "INT64", "shape": [1]}
    answer = message("inference.ModelInferResponse")(
        model_name="first", outputs=[card, {**card, "name": "hour"}], raw_output_contents=[b"\n\x01c", b"\x02"]
    )
    wire = answer.SerializeToString()
    log.send(wire, "quiet", redact=("card",), request_id="chain", protocol="v2", content_type=PROTOBUF)
    assert json.loads(log.rows("chain")[0]["payload"])["raw_output_contents"] == ["[redacted]", "Ag=="]


def test_an_address_that_is_down_costs_no_file(log: Log) -> None:
    log.send(b'{"kept": 1}', "dead", request_id="dead")
    assert log.rows("dead")[0]["payload"] == '{"kept": 1}'
    wait_until(lambda: log.counted("http").get("dropped: not taken", 0) == 1)


def test_brokers_that_are_down_cost_no_file(log: Log) -> None:
    log.send(b'{"kept": 2}', "quiet", request_id="nowhere")
    assert log.rows("nowhere")[0]["payload"] == '{"kept": 2}'
    wait_until(lambda: log.counted("kafka").get("dropped: brokers unreachable", 0) > 0)


def test_an_address_that_hangs_keeps_no_executor_waiting_and_what_finds_no_room_is_counted(log: Log) -> None:
    executor = Executor(log.port)

    def is_full() -> bool:
        for number in range(100):
            assert executor.send("/executor?largest=100", b"{}", "slow", request_id=f"slow-{number}")[0] == 200
        return log.counted("http").get("dropped: queue full", 0) > 0

    # What waits too long for an answer makes room, so how many it takes depends on how fast they come.
    assert any(is_full() for _ in range(MOST_WAITING // 50))
    assert log.send(b"{}", request_id="beside") == (200, "")
    wait_until(lambda: any(headers["ce-requestid"] == "beside" for headers, _ in log.audit.events))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/executor?largest=0", "sample 1 and largest 0 must be a share and a number of bytes"),
        ("/executor?largest=some", "invalid literal for int"),
    ],
)
def test_an_address_that_says_nothing_sensible_is_refused_and_counted(log: Log, path: str, said: str) -> None:
    status, text = Executor(log.port).send(path, b"{}")
    assert (status, said in text) == (400, True)
    assert b"seldon_infra_payload_log_refused_total 0.0" not in ask(log.port, "/prometheus", "GET", None).body


def test_what_is_no_payload_of_an_executor_is_refused(log: Log) -> None:
    answer = ask(log.port, "/executor?largest=100", "POST", b"{}", {"content-type": "application/json"})
    assert answer.status == 400
    assert b"Ce-Id, Ce-Type, Ce-Source" in answer.body


@pytest.mark.parametrize("name", ["../../etc", "shop/..", "", "..", "Shop"])
def test_a_name_that_is_no_name_leads_to_no_folder(log: Log, name: str) -> None:
    for header in ("Ce-Namespace", "Ce-Inferenceservicename"):
        status, text = Executor(log.port, {header: name}).send("/executor?largest=100", b"{}")
        assert (status, header in text) == (400, True)


def test_a_request_s_id_may_be_any_bytes(log: Log) -> None:
    for request_id in ("caf\xe9", "\xf0\x9f\x98\x80"):
        assert Executor(log.port, {"Ce-Requestid": request_id}).send("/executor?largest=100", b"{}")[0] == 200
        wait_until(lambda: request_id in {headers["ce-requestid"] for headers, _ in log.audit.events})  # noqa: B023


def test_who_is_no_executor_cannot_say_where_payloads_go(log: Log) -> None:
    origin = Origin("shop", "fraud", "main", "score", "seldon", "http://x/", log.slow.url)
    wire = to_wire([Payload(origin, "1", "request", 0.0, "asked", "application/json", 2, False, b"{}")])
    assert ask(log.port, EVENTS_PATH, "POST", wire).status == 404


def test_a_pod_that_is_stopped_writes_what_it_has(log: Log) -> None:
    log.send(b"{}", "quiet", request_id="last")
    assert log.slow.hold is not None
    log.slow.hold.set()
    log.process.terminate()
    assert log.process.wait(120) == 0
    assert len(log.rows("last")) == 1
