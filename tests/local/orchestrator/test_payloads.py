"""Every payload of Seldon's protocol, good and bad, over REST and gRPC through nodes that give back what they get:

after ← before → join of left and right
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_infra.graph.spec import Combiner, Model, OutputTransformer, Predictor, SeldonDeployment, Transformer
from seldon_infra.runtime.messages import message
from seldon_infra.servers.spec import PythonServer
from tests.local.orchestrator.graphs import Graph, start
from tests.local.scene import Scene

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("seldon_nodes.py")
PREDICT, FEEDBACK = "/api/v1.0/predictions", "/api/v1.0/feedback"
CALLS = {"SeldonMessage": "seldon.protos.Seldon/Predict", "Feedback": "seldon.protos.Seldon/SendFeedback"}


@pytest.fixture(scope="module")
def graph(new_scene: Callable[[], Scene]) -> Iterator[Graph]:
    echo = PythonServer(source=str(SOURCE), class_name="Echo")
    children = (Model(name="left", server=echo), Model(name="right", server=echo))
    join = Combiner(name="join", server=echo, children=children)
    root = OutputTransformer(name="after", server=echo, child=Transformer(name="before", server=echo, child=join))
    return start(
        new_scene(),
        SeldonDeployment(name="echo", namespace="ns", predictors=(Predictor(name="main", graph=root),)),
        SOURCE,
    )


def as_message(tree: dict[str, Any], name: str = "SeldonMessage") -> Any:
    return json_format.ParseDict(tree, message(f"seldon.protos.{name}")())


def call(graph: Graph, sent: Any, name: str = "SeldonMessage") -> Any:
    return graph.call(CALLS[name], sent, "seldon.protos.SeldonMessage")


def without_meta(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key != "meta"}


PAYLOADS: list[dict[str, Any]] = [
    {"data": {"tensor": {"shape": [2, 3], "values": [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]}}},
    {"data": {"ndarray": [[1.5, 2.5]]}},
    {"data": {"ndarray": [["a", "b"]]}},
    {"strData": "täxt"},
    {"binData": base64.b64encode(bytes(range(256))).decode()},
    {"jsonData": {"a": [1.0, None, {"b": True}]}},
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda tree: str(tree)[:25])
def test_every_payload_passes_through_every_kind_of_node(graph: Graph, payload: dict[str, Any]) -> None:
    answer = graph.post(PREDICT, payload)
    assert answer.status == 200, answer.body
    over_grpc = json_format.MessageToDict(call(graph, as_message(payload)))
    for found in (answer.json, over_grpc):
        found.get("data", {}).pop("names", None)
        assert without_meta(found) == payload
        assert set(found["meta"]["requestPath"]) == {"after", "before", "join", "left", "right"}


BAD: list[tuple[Any, str]] = [
    ({"data": {"ndarray": [[1], [2, 3]]}}, "the data cannot be read: "),
    ({"data": {"tensor": None, "ndarray": [[1]]}}, "the data cannot be read: "),
    ({"data": {"tftensor": {"dtype": "DT_FLOAT"}}}, "needs the package tensorflow"),
    ({"data": {"tftensor": {}}}, "needs the package tensorflow"),
    ({"customData": {"@type": "x"}}, "answered 400"),
    ({"data": {"ndarray": [[1]]}, "meta": {"tags": [1]}}, "'meta.tags' must be an object"),
    ({"data": {"ndarray": [[1]]}, "meta": {"puid": 5}}, "'meta.puid' must be text"),
]


@pytest.mark.parametrize(("tree", "words"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_message_is_the_clients_error_and_the_next_one_works(graph: Graph, tree: Any, words: str) -> None:
    answer = graph.post(PREDICT, tree)
    assert answer.status == 400, answer.body
    assert words in answer.json["error"]
    assert graph.post(PREDICT, PAYLOADS[1]).status == 200


def test_deep_nesting_is_the_clients_error(graph: Graph) -> None:
    for levels in (100, 300, 2000):
        body = b'{"data":{"ndarray":' + b"[" * levels + b"]" * levels + b"}}"
        answer = graph.post(PREDICT, body)
        assert answer.status == 400, answer.body
    assert graph.post(PREDICT, PAYLOADS[1]).status == 200


@pytest.mark.parametrize("meta", [5, {"puid": 5}, {"routing": []}, {"tags": 1}])
def test_feedback_on_what_is_no_answer_is_the_clients_error(graph: Graph, meta: Any) -> None:
    assert graph.post(FEEDBACK, {"response": {"meta": meta}, "reward": 1}).status == 400


SELDON = message("seldon.protos.SeldonMessage")
BAD_MESSAGES: list[tuple[Any, str]] = [
    (SELDON(data={"tensor": {"shape": [1, 3], "values": [1.0]}}), "shape 1x3 needs 3 elements"),
    (SELDON(data={}), "one of tensor, ndarray"),
    (SELDON(data={"tftensor": b"\xff\xff"}), "the message cannot be parsed"),
    (SELDON(data={"tftensor": b""}), "needs the package tensorflow"),
    (as_message({"data": {"ndarray": [["a"], [1, 2]]}}), "the data cannot be read"),
    (as_message({"data": {"ndarray": [[1]]}, "meta": {"tags": {"a": 1}}}).SerializeToString()[:-1], "SeldonMessage"),
]


@pytest.mark.parametrize(("sent", "words"), BAD_MESSAGES, ids=lambda each: str(each)[:40])
def test_a_bad_message_over_grpc_is_the_clients_error_and_the_next_one_works(
    graph: Graph, sent: Any, words: str
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call(graph, sent)
    assert (error.value.code(), words in error.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, True), error.value
    assert call(graph, as_message(PAYLOADS[0])).data.tensor.shape == [2, 3]


def test_numbers_that_json_lacks_pass_over_grpc(graph: Graph) -> None:
    tensor = call(graph, SELDON(data={"tensor": {"shape": [1, 2], "values": [math.inf, math.nan]}})).data.tensor
    assert [tensor.values[0], math.isnan(tensor.values[1])] == [math.inf, True]


@pytest.mark.parametrize("kind", ["ndarray", "jsonData"])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_that_json_lacks_do_not_become_texts(graph: Graph, kind: str, number: float) -> None:
    sent = as_message({"data": {"ndarray": [[1]]}} if kind == "ndarray" else {"jsonData": {"a": [1]}})
    fields = sent.jsonData.struct_value.fields["a"] if kind == "jsonData" else sent.data.ndarray.values[0]
    fields.list_value.values[0].number_value = number
    with pytest.raises(grpc.RpcError) as error:
        call(graph, sent)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "the data cannot be read" in error.value.details()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TENSOR = st.fixed_dictionaries(
    {
        "shape": st.lists(st.integers(-1, 3) | st.sampled_from([2**31, 2**63]), max_size=3),
        "values": st.lists(st.floats()),
    }
)
DATA = st.fixed_dictionaries(
    {},
    optional={"tensor": TENSOR | JSON, "ndarray": st.lists(JSON, max_size=3) | JSON, "tftensor": JSON, "names": JSON},
)
META = st.fixed_dictionaries({}, optional=dict.fromkeys(("puid", "tags", "routing", "metrics", "requestPath"), JSON))
MESSAGES = st.fixed_dictionaries(
    {}, optional={"data": DATA | JSON, "meta": META | JSON, **dict.fromkeys(("binData", "strData", "jsonData"), JSON)}
)
FUZZED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZED
@given(MESSAGES | JSON)
def test_no_json_whatever_breaks_the_graph(graph: Graph, tree: Any) -> None:
    """Row 46."""
    answer = graph.post(PREDICT, tree)
    assert answer.status == 200 or (400 <= answer.status < 500 and answer.json["error"]), (tree, answer.body)


@FUZZED
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("request", "response", "truth"), MESSAGES) | {"reward": JSON}))
def test_no_feedback_whatever_breaks_the_graph(graph: Graph, tree: Any) -> None:
    """Row 46."""
    answer = graph.post(FEEDBACK, tree)
    assert answer.status < 500, (tree, answer.body)


@FUZZED
@given(st.data())
def test_no_bytes_whatever_break_the_graph(graph: Graph, data: st.DataObject) -> None:
    """Row 46."""
    name = data.draw(st.sampled_from(sorted(CALLS)))
    sent = data.draw(st.sampled_from(PAYLOADS))
    tree = {**sent, "meta": {"puid": "mine", "tags": {"a": 1}}}
    whole = as_message(tree if name == "SeldonMessage" else {"request": tree, "truth": sent, "reward": 1}, name)
    wire = bytearray(whole.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    assert code_of(graph, bytes(wire), name) in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT), tree


def code_of(graph: Graph, wire: bytes, name: str) -> grpc.StatusCode:
    try:
        call(graph, wire, name)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
