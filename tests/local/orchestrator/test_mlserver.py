"""MLServer as the catalogue starts it, asked without an orchestrator, as the gateway does for a graph of one model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.runtime.messages import message
from seldon_infra.servers.catalogue import environment, load
from seldon_infra.servers.spec import MLServerRuntime, SklearnServer
from tests.local.orchestrator.graphs import start_servers
from tests.local.scene import Answer, Scene, ask

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("mlserver_nodes.py")
TRAIN = Path(__file__).parents[3] / "bench" / "iris" / "train.py"
METHOD = "inference.GRPCInferenceService/ModelInfer"
INFER = message("inference.ModelInferRequest")


class Server:
    """A running model called ``m``."""

    def __init__(self, scene: Scene, server: SklearnServer | MLServerRuntime, **paths: str) -> None:
        model = Model(name="m", server=server, model_uri=paths.get("model"))
        graph = Predictor(name="main", graph=model)
        deployment = SeldonDeployment(name="d", namespace="ns", protocol="v2", predictors=(graph,))
        self.ports = start_servers(scene, deployment, paths)["m"].ports

    def post(self, body: object, path: str = "/v2/models/m/infer") -> Answer:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ask(self.ports["http"], path, "POST", sent)

    def call(self, request: Any, method: str = METHOD) -> Any:
        wire = request if isinstance(request, bytes) else request.SerializeToString()
        with grpc.insecure_channel(f"127.0.0.1:{self.ports['grpc']}") as channel:
            answer = channel.unary_unary(f"/{method}")(wire, timeout=60)
        return message("inference.ModelInferResponse").FromString(answer)

    def good(self) -> None:
        assert self.post(request()).status == 200
        assert self.call(infer("FP64", [1, 4], fp64_contents=[5.1, 3.5, 1.4, 0.2])).outputs


def request(data: Any = (5.1, 3.5, 1.4, 0.2), shape: Any = (1, 4), datatype: Any = "FP64", **more: Any) -> Any:
    return {"inputs": [{"name": "x", "shape": shape, "datatype": datatype, "data": data}], **more}


def infer(datatype: str, shape: list[int], raw: bytes | None = None, id: str = "", **contents: Any) -> Any:
    tensor: dict[str, Any] = {"name": "x", "datatype": datatype, "shape": shape, "contents": contents}
    return INFER(model_name="m", id=id, inputs=[tensor], raw_input_contents=[] if raw is None else [raw])


@pytest.fixture(scope="module")
def sklearn(new_scene: Callable[[], Scene], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    file = tmp_path_factory.mktemp("model") / "model.joblib"
    subprocess.run([environment(load("mlserver")) / "bin" / "python", TRAIN, file], check=True, timeout=120)
    return Server(new_scene(), SklearnServer(), model=str(file.parent))


@pytest.fixture(scope="module")
def runtime(new_scene: Callable[[], Scene], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("source")
    (folder / SOURCE.name).write_text(SOURCE.read_text())
    server = MLServerRuntime(source=str(SOURCE), class_name="Trusting", image="example/trusting:1")
    return Server(new_scene(), server, source=str(folder))


@pytest.fixture(params=["sklearn", "runtime"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


BAD: dict[str, Any] = {
    "a number beyond its datatype": request([300, 1, 1, 1], datatype="UINT8"),
    "a negative number beyond its datatype": request([-1, 1, 1, 1], datatype="UINT64"),
    "texts without a shape": request(["a", "b"], [], "BYTES"),
    "a text that would take a gigabyte": request([None], [1, 2**30], "BYTES"),
    "texts as truth values": request(["a", "b", "c", "d"], datatype="BOOL"),
    "texts as numbers": request(["1", "2", "3", "4"]),
    "numbers as texts": request([1, 2, 3, 4], datatype="BYTES"),
    "a shape of huge sizes": request(shape=[2**62] * 3),
    "a shape of many sizes": request(shape=[1] * 30_000),
    "a negative size": request(shape=[-1, 4]),
    "an id that is not ASCII": request(id="é"),
    "an id of two lines": request(id="a\r\nX-Evil: 1"),
    "an id with a NUL": request(id="a\0b"),
    "a long id": request(id="x" * 50_000),
    "an id that is a number": request(id=5),
    "ragged data": request([[1, 2], [3]]),
    "deep nesting": b'{"inputs":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "nesting that can still be read": b'{"inputs":' + b"[" * 300 + b"]" * 300 + b"}",
    "an unknown model's path": b"{}",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_a_4xx_in_the_protocols_shape_and_the_next_one_works(server: Server, name: str) -> None:
    path = "/v2/models/nobody/infer" if name == "an unknown model's path" else "/v2/models/m/infer"
    answer = server.post(BAD[name], path)
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.json["error"]
    server.good()


BAD_MESSAGES: dict[str, Any] = {
    "a number beyond its datatype": infer("UINT8", [1, 4], uint_contents=[300, 1, 1, 1]),
    "texts without a shape": infer("BYTES", [], bytes_contents=[b"a"]),
    "too few raw bytes": infer("FP64", [1, 4], raw=b"123"),
    "raw texts that end early": infer("BYTES", [1, 4], raw=b"\xff\xff\xff\xff"),
    "a shape of huge sizes": infer("FP64", [2**62] * 3, fp64_contents=[1.0]),
    "contents of another datatype": infer("FP64", [1, 4], bytes_contents=[b"a"] * 4),
    "an unknown datatype": infer("NOPE" * 20_000, [1, 4], int_contents=[1] * 4),
    "an id of two lines": infer("FP64", [1, 4], id="a\r\nb", fp64_contents=[1.0] * 4),
    "a long unknown model": INFER(model_name="m" * 50_000),
    "no tensor": INFER(model_name="m"),
    "no message": b"\xff\xff",
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_the_clients_fault_and_the_next_one_works(server: Server, name: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        server.call(BAD_MESSAGES[name])
    assert error.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND), error.value
    server.good()


def test_an_unknown_model_is_not_ready_and_not_found(server: Server) -> None:
    with pytest.raises(grpc.RpcError) as error:
        server.call(message("inference.ModelReadyRequest")(name="nobody"), "inference.GRPCInferenceService/ModelReady")
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    assert server.post({}, "/v2/nothing").json["error"]


def test_an_id_comes_back(server: Server) -> None:
    assert server.post(request(id="mine")).json["id"] == "mine"
    assert server.call(infer("FP64", [1, 4], id="mine", fp64_contents=[1.0] * 4)).id == "mine"


def test_a_models_own_mistake_stays_a_500_in_the_protocols_shape(runtime: Server) -> None:
    answer = runtime.post(request([1000.0, 0.0, 0.0, 0.0]))
    assert (answer.status, answer.json) == (500, {"error": "the model failed: KeyError: 'nothing'"})
    with pytest.raises(grpc.RpcError) as error:
        runtime.call(infer("FP64", [1, 4], fp64_contents=[1000.0, 0.0, 0.0, 0.0]))
    assert error.value.code() is grpc.StatusCode.INTERNAL
    runtime.good()


def test_null_stands_for_nan(runtime: Server) -> None:
    assert runtime.post(request([None, 1.0, 2.0, 3.0])).json["outputs"][0]["data"] == [None, 1.0, 2.0, 3.0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DATATYPES = ["BOOL", "INT8", "UINT8", "INT64", "UINT64", "FP16", "FP32", "FP64", "BYTES"]
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={"content_type": st.sampled_from(["np", "pd", "str", "base64", "datetime", "nope"]) | JSON, "more": JSON},
)
TENSORS = st.fixed_dictionaries(
    {
        "name": st.just("x"),
        "shape": st.just([1, 4]) | st.lists(st.integers(-1, 4), max_size=3),
        "datatype": st.sampled_from(DATATYPES),
        "data": st.lists(st.floats() | st.integers(-(2**64), 2**64), min_size=4, max_size=4)
        | st.lists(JSON, max_size=4),
    },
    optional={"parameters": PARAMETERS},
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(TENSORS, min_size=1, max_size=2)},
    optional={"id": JSON, "outputs": JSON, "parameters": PARAMETERS | JSON},
)
FUZZED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZED
@given(REQUESTS | JSON)
def test_no_json_whatever_breaks_it(sklearn: Server, tree: Any) -> None:
    """Row 46."""
    answer = sklearn.post(tree)
    assert answer.status == 200 or (400 <= answer.status < 500 and answer.json["error"]), (tree, answer.body)


@FUZZED
@given(st.data())
def test_no_bytes_whatever_break_it(sklearn: Server, data: st.DataObject) -> None:
    """Row 46."""
    wire = bytearray(infer("FP64", [1, 4], id="mine", fp64_contents=[1.0] * 4).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    assert code_of(sklearn, bytes(wire)) in (
        grpc.StatusCode.OK,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
    )


def code_of(server: Server, wire: bytes) -> grpc.StatusCode:
    try:
        server.call(wire)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
