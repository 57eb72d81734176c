"""A stack with tracing on this machine: gateway, orchestrator and MLServers send one trace to a real collector."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from seldon_infra.runtime.messages import message
from tests.engine.waiting import wait_until
from tests.local.collector import Collector, Span, collecting, collecting_over_http
from tests.local.project import Project, new_project
from tests.local.scene import ask
from tests.local.triton_python import HEAD

pytestmark = pytest.mark.local

INFER = "/seldon/ns/{}/v2/models/score/infer"
REQUEST = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP64", "data": [1.0]}]}
GRPC = message("inference.ModelInferRequest")(
    model_name="score",
    inputs=[{"name": "x", "shape": [1, 1], "datatype": "FP64", "contents": {"fp64_contents": [1.0]}}],
)
STACK = """
import pulumi
from seldon_infra import MLServerRuntime, Tensor, Tracing, Transformer, TritonModel, TritonServer

server = MLServerRuntime(source="plus.py", class_name="Plus")

def deployment(name, graph):
    return SeldonDeployment(name=name, namespace="ns", protocol="v2", predictors=(Predictor(name="main", graph=graph),))

score = Model(name="score", server=server)
x, y = Tensor(name="x", dtype="FP64", dims=(1,)), Tensor(name="y", dtype="FP32", dims=(1,))
config = TritonModel(max_batch_size=4, inputs=(x,), outputs=(y,))
triton = Model(name="score", server=TritonServer(config=config), model_uri="triton")
stack = Stack(
    target=Local(tracing=Tracing(
        otlp_endpoint="{endpoint}", triton_endpoint="{triton}",
        headers={{"authorization": pulumi.Output.secret("Bearer hush-hush")}},
    )),
    deployments=(deployment("chain", Transformer(name="clean", server=server, child=score)), deployment("one", score),
                 deployment("triton", triton)),
)
"""
ECHO = f"""{HEAD}
    def execute(self, requests):
        return [given("y", taken(request, "x")) for request in requests]
"""
ABOVE = "b7ad6b7169203331"
MLSERVER = "mlserver"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def of_triton() -> Iterator[Collector]:
    with collecting_over_http() as made:
        yield made


@pytest.fixture(scope="module")
def project(collector: Collector, of_triton: Collector) -> Iterator[Project]:
    with new_project() as made:
        source = Path(__file__).with_name("orchestrator") / "mlserver_nodes.py"
        (made.folder / "plus.py").write_text(source.read_text())
        (made.folder / "triton").mkdir()
        (made.folder / "triton" / "model.py").write_text(ECHO)
        made.write(STACK.format(endpoint=collector.endpoint, triton=of_triton.endpoint))
        made.engine.up()
        yield made


@pytest.fixture(scope="module")
def traces(project: Project) -> dict[str, str]:
    """One request each way, at once: trace ids by name."""
    made = {name: secrets.token_hex(16) for name in ("chain", "one", "triton", "grpc")}
    for name in ("chain", "one", "triton"):
        headers = {"traceparent": f"00-{made[name]}-{ABOVE}-01"}
        answer = ask(project.port, INFER.format(name), "POST", json.dumps(REQUEST).encode(), headers)
        assert answer.status == 200, answer.body
    project.scene.call(body=GRPC.SerializeToString(), seldon="chain", traceparent=f"00-{made['grpc']}-{ABOVE}-01")
    return made


def spans(collector: Collector, trace: str, services: Mapping[str, int]) -> dict[str, list[Span]]:
    """The spans of one trace by the service that sent them, once each of these has sent so many: a service may send
    those of one request in two batches."""

    def found() -> dict[str, list[Span]]:
        sent = collector.of(trace)
        return {name: [span for span in sent if span.service == name] for name in {span.service for span in sent}}

    wait_until(lambda: all(len(found().get(name, ())) >= count for name, count in services.items()))
    return found()


@pytest.mark.parametrize("way", ["chain", "grpc"])
def test_a_request_is_one_trace_from_the_gateway_to_the_servers(
    collector: Collector, traces: dict[str, str], way: str
) -> None:
    found = spans(collector, traces[way], {"gateway": 1, "chain.main": 3, MLSERVER: 1})
    (gateway,) = found["gateway"]
    assert gateway.parent == ABOVE
    orchestrator = {span.name: span for span in found["chain.main"]}
    (request,) = orchestrator.keys() - {"clean", "score"}
    assert orchestrator[request].parent == gateway.id
    assert orchestrator["clean"].parent == orchestrator["score"].parent == orchestrator[request].id
    wait_until(lambda: _parents(collector, traces[way]) >= {orchestrator["clean"].id, orchestrator["score"].id})


def _parents(collector: Collector, trace: str) -> set[str]:
    """What servers' spans are below of."""
    return {span.parent for span in collector.of(trace) if span.service == MLSERVER}


def test_a_server_that_is_asked_directly_is_below_the_gateway(collector: Collector, traces: dict[str, str]) -> None:
    found = spans(collector, traces["one"], {"gateway": 1, MLSERVER: 1})
    (gateway,) = found["gateway"]
    assert gateway.parent == ABOVE
    wait_until(lambda: gateway.id in _parents(collector, traces["one"]))


def test_triton_s_own_spans_are_below_those_of_the_questions(
    collector: Collector, of_triton: Collector, traces: dict[str, str]
) -> None:
    asked = {span.name: span for span in spans(collector, traces["triton"], {"triton.main": 2})["triton.main"]}
    own = spans(of_triton, traces["triton"], {"triton": 3})["triton"]
    below = {span.name: span for span in own}
    assert below["InferRequest"].parent == asked["score"].id
    assert below["score"].parent == below["InferRequest"].id
    assert below["compute"].parent == below["score"].id


def test_the_collectors_headers_reach_it_and_stay_secret(
    project: Project, collector: Collector, traces: dict[str, str]
) -> None:
    spans(collector, traces["chain"], {"gateway": 1, "chain.main": 1, MLSERVER: 1})
    assert {headers["authorization"] for headers in collector.headers} == {"Bearer hush-hush"}
    assert "hush" not in project.engine.state_file.read_text()


def test_a_collector_that_hangs_keeps_no_request_waiting(project: Project, collector: Collector) -> None:
    collector.asked.clear()
    collector.go.clear()
    silent, heard = secrets.token_hex(16), secrets.token_hex(16)

    def answered(trace: str) -> int:
        headers = {"traceparent": f"00-{trace}-{ABOVE}-01"}
        return ask(project.port, INFER.format("chain"), "POST", json.dumps(REQUEST).encode(), headers).status

    try:
        assert answered(silent) == 200
        assert collector.asked.wait(120)
        assert {answered(silent) for _ in range(20)} == {200}
        assert collector.of(silent) == [], "all were answered while the collector was silent"
    finally:
        collector.go.set()
    assert answered(heard) == 200
    spans(collector, heard, {"gateway": 1, "chain.main": 1})


def test_nothing_changes_when_nothing_was_changed(project: Project) -> None:
    project.engine.preview("--expect-no-changes")
