"""Chains of protocol v2 over REST and gRPC: first ← second, each an MLServer runtime that adds one."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_infra.graph.spec import Model, Predictor, RandomAbTest, Router, SeldonDeployment
from seldon_infra.runtime.asking import GateFailed
from seldon_infra.runtime.gates import Version, ask_gate
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.orchestrator.kept import KEY, PATH
from seldon_infra.servers.spec import MLServerRuntime
from seldon_infra.targets.spec import Local
from tests.local.orchestrator.graphs import Graph, orchestrator, start
from tests.local.scene import Scene

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("mlserver_nodes.py")
INFER = "/v2/models/first/infer"
MODEL_INFER = "inference.GRPCInferenceService/ModelInfer"


@pytest.fixture(scope="module")
def graph(new_scene: Callable[[], Scene]) -> Iterator[Graph]:
    return start(new_scene(), deployment("chain", plus("first", plus("second"))), SOURCE)


def plus(name: str, *children: Model) -> Model:
    server = MLServerRuntime(source=str(SOURCE), class_name="Plus", image="example/plus:1")
    return Model(name=name, server=server, children=children)


def deployment(name: str, root: Model | Router) -> SeldonDeployment:
    return SeldonDeployment(name=name, namespace="ns", protocol="v2", predictors=(Predictor(name="main", graph=root),))


def request(data: list[Any], shape: list[int] | None = None, datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    tensor = {"name": "x", "shape": shape or [1, len(data)], "datatype": datatype, "data": data}
    return {"inputs": [tensor], **more}


def infer_message(data: list[float], shape: list[int] | None = None, model: str = "first", **more: Any) -> Any:
    tensor = {"name": "x", "datatype": "FP64", "shape": shape or [1, len(data)], "contents": {"fp64_contents": data}}
    return message("inference.ModelInferRequest")(model_name=model, inputs=[tensor], **more)


def outputs(answer: Any) -> dict[str, list[float]]:
    """Typed or raw, the numbers by the tensor's name."""
    raw = answer.raw_output_contents
    return {
        tensor.name: list(struct.unpack(f"<{len(raw[index]) // 8}d", raw[index]))
        if raw
        else list(tensor.contents.fp64_contents)
        for index, tensor in enumerate(answer.outputs)
    }


def test_outputs_become_the_next_nodes_inputs(graph: Graph) -> None:
    answer = graph.post(INFER, request([1.0, 2.0], id="mine"))
    assert answer.status == 200, answer.body
    found = {output["name"]: output["data"] for output in answer.json["outputs"]}
    assert found == {"sum": [3.0, 4.0], "size": [5.0]}
    assert answer.json["id"] == "mine"
    assert answer.json["model_name"] == "second"
    assert answer.headers["seldon-puid"]


@pytest.mark.parametrize("path", [INFER, "/v2/models/infer", "/v2/models/chain/infer", "/v2/models/second/infer"])
def test_every_name_of_the_deployment_leads_to_the_graph(graph: Graph, path: str) -> None:
    assert graph.post(path, request([1.0])).json["outputs"][0]["data"] == [3.0]


def test_the_client_chooses_among_the_last_nodes_outputs(graph: Graph) -> None:
    answer = graph.post(INFER, request([1.0, 2.0], outputs=[{"name": "size"}]))
    assert [output["name"] for output in answer.json["outputs"]] == ["size"]
    sent = infer_message([1.0, 2.0], outputs=[{"name": "size"}])
    assert list(outputs(graph.call(MODEL_INFER, sent, "inference.ModelInferResponse"))) == ["size"]


def test_typed_and_raw_tensors_pass_over_grpc(graph: Graph) -> None:
    typed = graph.call(MODEL_INFER, infer_message([1.0, 2.0]), "inference.ModelInferResponse")
    assert outputs(typed) == {"sum": [3.0, 4.0], "size": [5.0]}
    raw = message("inference.ModelInferRequest")(
        model_name="chain",
        inputs=[{"name": "x", "datatype": "FP64", "shape": [1, 2]}],
        raw_input_contents=[struct.pack("<2d", 1.0, 2.0)],
    )
    assert outputs(graph.call(MODEL_INFER, raw, "inference.ModelInferResponse")) == outputs(typed)


BAD = [
    (b"{", "must be JSON"),
    (json.dumps(request([1.0])).replace("1.0", "NaN").encode(), "which has no NaN"),
    (request([1.0], shape=[1, 2]), "input 'x': shape 1x2 needs 2 elements, its data has 1"),
    (request([1.0], shape=[-1]), "'shape' must be a list of sizes"),
    (request(["a"]), "datatype FP64 does not go with data of text"),
    (request([1.5], datatype="INT32"), "datatype INT32 does not go with data of a number"),
    (request([1.0], datatype="FLOAT"), "'datatype' is 'FLOAT', must be one of"),
    ({"inputs": []}, "at least one tensor"),
    ({"inputs": [{"shape": [1]}]}, "inputs[0] must be an object with a 'name'"),
    (request([1000.0]), "node 'first': answered 400: 1000 is too much"),
    (request([999.0]), "node 'second': answered 400: 1000 is too much"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_a_bad_request_is_the_clients_error_and_the_next_one_works(graph: Graph, body: object, words: str) -> None:
    answer = graph.post(INFER, body)
    assert answer.status == 400, answer.body
    assert words in answer.json["error"]
    assert graph.post(INFER, request([1.0])).status == 200


def test_binary_tensors_over_rest_are_refused_in_words(graph: Graph) -> None:
    answer = graph.post(INFER, b"{}12345678", {"Inference-Header-Content-Length": "2"})
    assert answer.status == 400
    assert "gRPC" in answer.json["error"]


def test_an_unknown_model_is_not_found(graph: Graph) -> None:
    assert graph.post("/v2/models/nobody/infer", request([1.0])).status == 404
    with pytest.raises(grpc.RpcError) as error:
        graph.call(MODEL_INFER, infer_message([1.0], model="nobody"), "inference.ModelInferResponse")
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert error.value.details() == "no model 'nobody'; there are first, chain, second"


BAD_MESSAGES = [
    (b"\xff\xff", "not a ModelInferRequest"),
    (infer_message([1.0], shape=[1, 2]), "shape 1x2 needs 2 elements, its data has 1"),
    (message("inference.ModelInferRequest")(model_name="first"), "at least one tensor"),
    (infer_message([1000.0]), "node 'first'"),
    (infer_message([1.0], raw_input_contents=[b"123"]), "3 raw bytes, must be a multiple of 8"),
    (infer_message([1.0], raw_input_contents=[b"", b""]), "2 entries for 1 inputs"),
    (
        message("inference.ModelInferRequest")(
            model_name="first",
            inputs=[{"name": "x", "datatype": "FP64", "shape": [1], "contents": {"int_contents": [1]}}],
        ),
        "datatype FP64 takes contents.fp64_contents, not int_contents",
    ),
]


@pytest.mark.parametrize(("sent", "words"), BAD_MESSAGES)
def test_a_bad_message_is_the_clients_error_and_the_next_one_works(graph: Graph, sent: Any, words: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        graph.call(MODEL_INFER, sent, "inference.ModelInferResponse")
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert words in error.value.details()
    graph.call(MODEL_INFER, infer_message([1.0]), "inference.ModelInferResponse")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("name", "shape", "datatype", "data", "parameters"), JSON)
) | st.fixed_dictionaries(
    {
        "name": st.just("x"),
        "shape": st.lists(st.integers(-1, 3), max_size=3),
        "datatype": st.sampled_from(["FP64", "INT32", "BYTES", "BOOL", "FP16"]),
        "data": st.lists(JSON, max_size=4),
    }
)
REQUESTS = st.fixed_dictionaries({}, optional={"inputs": st.lists(FIELDS, max_size=2) | JSON, "id": JSON}) | JSON


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(REQUESTS)
def test_no_json_whatever_breaks_the_graph(graph: Graph, tree: object) -> None:
    """Row 46."""
    answer = graph.post(INFER, tree)
    assert answer.status < 500, (tree, answer.body)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_no_bytes_whatever_break_the_graph(graph: Graph, data: st.DataObject) -> None:
    """Row 46."""
    wire = bytearray(infer_message([1.0, 2.0]).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    assert code_of(graph, bytes(wire)) in (
        grpc.StatusCode.OK,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
    )


def code_of(graph: Graph, wire: bytes) -> grpc.StatusCode:
    try:
        graph.call(MODEL_INFER, wire, "inference.ModelInferResponse")
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_health_and_metadata(graph: Graph) -> None:
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/second/ready", "/v2/models/chain", "/v2"):
        assert graph.get(path).status == 200, path
    assert graph.get("/v2/models/second").json["name"] == "second"
    assert graph.get("/v2/models/chain").json["name"] == "chain"
    service = "inference.GRPCInferenceService"
    empty, model = message("inference.ServerReadyRequest")(), message("inference.ModelReadyRequest")(name="chain")
    assert graph.call(f"{service}/ServerLive", empty, "inference.ServerLiveResponse").live
    assert graph.call(f"{service}/ServerReady", empty, "inference.ServerReadyResponse").ready
    assert graph.call(f"{service}/ModelReady", model, "inference.ModelReadyResponse").ready
    metadata = graph.call(f"{service}/ModelMetadata", model, "inference.ModelMetadataResponse")
    assert metadata.name == "chain"


def test_a_graph_with_a_built_in_node_is_ready_when_its_servers_are(graph: Graph) -> None:
    dice = Router(name="dice", server=RandomAbTest(ratio_a=1.0), children=tuple(map(plus, ("first", "second"))))
    built = deployment("dice", dice)
    asked = Graph(graph.scene, graph.servers, orchestrator(graph.scene, built, graph.servers, Local()))
    service = "inference.GRPCInferenceService"
    empty, model = message("inference.ServerReadyRequest")(), message("inference.ModelReadyRequest")(name="dice")
    assert asked.get("/v2/health/ready").status == 200
    assert asked.call(f"{service}/ServerReady", empty, "inference.ServerReadyResponse").ready
    assert asked.call(f"{service}/ModelReady", model, "inference.ModelReadyResponse").ready
    metadata = asked.call(f"{service}/ModelMetadata", model, "inference.ModelMetadataResponse")
    assert metadata.name == asked.get("/v2/models/dice").json["name"] == "dice"
    assert asked.post("/v2/models/dice/infer", request([1.0])).json["model_name"] == "first"


def test_an_answer_in_binary_tensors_is_answered_in_json(graph: Graph) -> None:
    """The extension is none of this server's; the wish is not passed on to nodes, which might know it."""
    outputs = [{"name": "sum", "parameters": {"binary_data": True}}]
    for wish in ({"parameters": {"binary_data_output": True}}, {"outputs": outputs}):
        assert graph.post(INFER, request([1.0], **wish)).json["outputs"][0]["data"] == [3.0]


def test_a_clients_own_deadline_counts(graph: Graph) -> None:
    with pytest.raises(grpc.RpcError) as error:
        graph.call(MODEL_INFER, infer_message([1.0]), "inference.ModelInferResponse", timeout=0.0001)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_what_is_kept_of_requests_is_given_for_the_stacks_key_alone(graph: Graph) -> None:
    assert graph.post(PATH, {}).status == 404
    assert graph.post(PATH, {}, headers={KEY.decode(): "guessed"}).status == 404


def test_a_smoke_gate_asks_over_rest_and_by_tritonclient(graph: Graph, tmp_path: Path) -> None:
    ports = graph.orchestrator.ports
    version = Version(
        "main", f"127.0.0.1:{ports['http']}", f"127.0.0.1:{ports['grpc']}", "v2", "first", ("rest", "grpc"), "d"
    )
    file = tmp_path / "rows.json"
    file.write_text(json.dumps({"input": "x", "datatype": "FP64", "rows": [[1.0], [2.0]], "labels": [3.0, 4.0]}))
    ask_gate({"kind": "smoke", "data": str(file), "rows": 2}, version, None)
    ask_gate({"kind": "accuracy", "data": str(file), "at_least": 1.0}, version, None)
    with pytest.raises(GateFailed, match="predictor 'main' does not answer over gRPC"):
        ask_gate(
            {"kind": "smoke", "data": str(file), "rows": 2}, replace(version, model="no", transports=["grpc"]), None
        )
