"""The orchestrator's part in a trace: what nodes are told, with a collector, without one, and with one that is gone."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment, Transformer
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import ProcessSpec, Record
from seldon_infra.servers.spec import PythonServer
from seldon_infra.targets import local_render as render
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.collector import Span, collecting
from tests.local.orchestrator.odd_node import MESSAGE
from tests.local.scene import Answer, Scene, ask

pytestmark = pytest.mark.local

PATH = "/api/v1.0/predictions"
TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEPT, LEFT_OUT = (f"00-{TRACE}-{ABOVE}-{flag}" for flag in ("01", "00"))
SERVER = PythonServer(source="x.py", class_name="X")
GRAPH = Transformer(name="clean", server=SERVER, child=Model(name="score", server=SERVER))
DEPLOYMENT = SeldonDeployment(name="d", namespace="ns", predictors=(Predictor(name="main", graph=GRAPH),))
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
HASTY = {**QUICK, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
"""It gives up at once what a collector does not take."""


@dataclass
class Node:
    """A server that keeps the headers of what it is asked."""

    port: int = 0
    status: int = 200
    asked: list[Mapping[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    made = Node()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(MESSAGE)))
            self.end_headers()
            self.wfile.write(MESSAGE)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture(autouse=True)
def fresh(node: Node) -> None:
    node.status = 200
    node.asked.clear()


@contextmanager
def orchestrator(scene: Scene, node: Node, **environment: str) -> Iterator[Record]:
    addresses = {name: {"http": f"127.0.0.1:{node.port}", "grpc": "127.0.0.1:1"} for name in ("clean", "score")}
    config = render.orchestrator_config(DEPLOYMENT, DEPLOYMENT.predictors[0], ["d"], addresses, Local())
    parts: Any = render.orchestrator(sys.executable, Local())
    parts.pop("ready")
    record = scene.start(ProcessSpec(name="o", files={"graph.json": config}, environment=environment, **parts))
    wait_until(lambda: is_ready("http", record.ports["http"], "/live"))
    yield record
    scene.processes.remove(record.id)


@pytest.fixture(scope="module")
def scene(new_scene: Callable[[], Scene]) -> Scene:
    return new_scene()


def post(record: Record, **headers: str) -> Answer:
    return ask(record.ports["http"], PATH, "POST", b'{"data": {"ndarray": [[1]]}}', headers)


def spans_counted(record: Record) -> dict[str, float]:
    page = ask(record.ports["http"], "/prometheus", "GET", None).body.decode()
    return {key: float(value) for key, value in re.findall(r'seldon_infra_spans_total{outcome="(\w+)"} (\S+)', page)}


def test_without_a_collector_the_clients_trace_goes_on_to_every_node_as_it_came(scene: Scene, node: Node) -> None:
    with orchestrator(scene, node) as record:
        assert post(record, traceparent=KEPT, tracestate="a=1").status == 200
        assert [(it["traceparent"], it["tracestate"]) for it in node.asked] == [(KEPT, "a=1")] * 2
        node.asked.clear()
        assert post(record).status == 200
        assert [set(it) & {"traceparent", "tracestate"} for it in node.asked] == [set(), set()]
        assert spans_counted(record) == {}


def test_a_request_is_one_trace_with_a_span_for_each_node(scene: Scene, node: Node) -> None:
    with (
        collecting() as collector,
        orchestrator(
            scene,
            node,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
            OTEL_EXPORTER_OTLP_HEADERS="x-team=a%2Cb",
            **QUICK,
        ) as record,
    ):
        assert post(record, traceparent=KEPT).status == 200
        wait_until(lambda: len(collector.of(TRACE)) == 3)
        spans = {span.name: span for span in collector.of(TRACE)}
        assert spans["predictions"].parent == ABOVE
        assert spans["clean"].parent == spans["score"].parent == spans["predictions"].id
        assert [it["traceparent"] for it in node.asked] == [
            f"00-{TRACE}-{spans[name].id}-01" for name in ("clean", "score")
        ]
        assert spans["predictions"].service == "d.main"
        assert collector.headers[0]["x-team"] == "a,b"
        wait_until(lambda: spans_counted(record) == {"ended": 3, "sent": 3})


def test_a_node_that_fails_is_a_span_that_failed(scene: Scene, node: Node) -> None:
    with (
        collecting() as collector,
        orchestrator(scene, node, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, **QUICK) as record,
    ):
        node.status = 500
        assert post(record, traceparent=KEPT).status == 500
        wait_until(lambda: len(collector.of(TRACE)) == 2)
        assert {(span.name, span.failed) for span in collector.of(TRACE)} == {("predictions", True), ("clean", True)}
        node.status = 400
        assert post(record, traceparent=KEPT).status == 400
        wait_until(lambda: len(collector.of(TRACE)) == 4)
        assert [span.failed for span in collector.of(TRACE)].count(True) == 2


def test_a_trace_that_the_client_leaves_out_is_left_out_by_every_node_too(scene: Scene, node: Node) -> None:
    with (
        collecting() as collector,
        orchestrator(scene, node, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, **QUICK) as record,
    ):
        assert post(record, traceparent=LEFT_OUT).status == 200
        assert [it["traceparent"][-2:] for it in node.asked] == ["00", "00"]
        assert post(record).status == 200
        wait_until(lambda: len(collector.spans) == 3)
        assert TRACE not in {span.trace for span in collector.spans}
        first: Span = next(span for span in collector.spans if span.name == "predictions")
        assert first.parent == ""


@pytest.mark.parametrize("header", [f"00-{'0' * 32}-{ABOVE}-01", "ff" * 400])
def test_what_is_no_trace_begins_a_new_one(scene: Scene, node: Node, header: str) -> None:
    with (
        collecting() as collector,
        orchestrator(scene, node, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, **QUICK) as record,
    ):
        assert post(record, traceparent=header).status == 200
        wait_until(lambda: len(collector.spans) == 3)
        assert len({span.trace for span in collector.spans}) == 1


def test_a_collector_that_is_gone_costs_spans_and_no_request(scene: Scene, node: Node) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with orchestrator(
            scene, node, OTEL_EXPORTER_OTLP_ENDPOINT=gone, OTEL_BSP_MAX_QUEUE_SIZE="20",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="10", **HASTY
        ) as record:  # fmt: skip
            assert {post(record).status for _ in range(30)} == {200}
            wait_until(lambda: spans_counted(record).get("lost", 0) > 0)
            counted = spans_counted(record)
            assert counted["ended"] == 90
            assert "sent" not in counted


def test_a_collector_that_hangs_costs_spans_and_no_request_and_is_sent_to_again(scene: Scene, node: Node) -> None:
    with (
        collecting() as collector,
        orchestrator(
            scene, node, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, OTEL_BSP_MAX_QUEUE_SIZE="20",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="10", **HASTY
        ) as record,
    ):  # fmt: skip
        collector.go.clear()
        assert post(record).status == 200
        assert collector.asked.wait(120)
        assert {post(record).status for _ in range(30)} == {200}
        assert collector.spans == [], "all were answered while the collector was silent"
        wait_until(lambda: spans_counted(record).get("lost", 0) > 0)
        counted = spans_counted(record)
        assert counted["ended"] == 93
        assert counted["lost"] + counted.get("sent", 0) < 93, "what finds no room in the queue is not kept for later"
        collector.go.set()

        def is_sent_to() -> bool:
            assert post(record, traceparent=KEPT).status == 200
            return len(collector.of(TRACE)) >= 3

        wait_until(is_sent_to)


def test_who_traces_nothing_loads_nothing_of_it() -> None:
    code = "import sys, seldon_infra.runtime.orchestrator.serve; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
