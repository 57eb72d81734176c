"""Triton behind the gateway: typed configuration, both transports, bad requests, and what is out of reach."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

from seldon_infra.runtime.messages import message
from tests.local.project import Project, new_project
from tests.local.scene import ask, listening, processes_below

pytestmark = [pytest.mark.engine, pytest.mark.local]
INFER = "/seldon/ns/sums/v2/models/sum/infer"
METHOD = "inference.GRPCInferenceService/ModelInfer"
MODEL = """
import json
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def initialize(self, args):
        parameters = json.loads(args["model_config"])["parameters"]
        self.plus = float(parameters["plus"]["string_value"])

    def execute(self, requests):
        return [self.answer(pb_utils.get_input_tensor_by_name(each, "x").as_numpy()) for each in requests]

    def answer(self, x):
        if not np.isfinite(x).all():
            error = pb_utils.TritonError("x must be numbers", pb_utils.TritonError.INVALID_ARG)
            return pb_utils.InferenceResponse(error=error)
        total = (x.sum(axis=1, keepdims=True) + self.plus).astype(np.float32)
        return pb_utils.InferenceResponse([pb_utils.Tensor("total", total)])
"""
DEFINITION = """
from seldon_infra import DynamicBatching, InstanceGroup, Tensor, TritonModel, TritonServer
config = TritonModel(
    max_batch_size=8,
    inputs=(Tensor(name='x', dtype='FP32', dims=(3,)),),
    outputs=(Tensor(name='total', dtype='FP32', dims=(1,)),),
    instance_groups=(InstanceGroup(count=2),),
    dynamic_batching=DynamicBatching(max_queue_delay_microseconds=100),
    parameters={'plus': '0.5'},
)
model = Model(name='sum', server=TritonServer(config=config), model_uri='sum')
stack = Stack(target=Local(), deployments=(SeldonDeployment(
    name='sums', namespace='ns', protocol='v2', predictors=(Predictor(name='main', graph=model),),
),))
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "sum").mkdir()
        (made.folder / "sum" / "model.py").write_text(MODEL)
        made.write(DEFINITION)
        made.engine.up()
        yield made


def request(data: list[Any], shape: list[int] | None = None, datatype: str = "FP32", name: str = "x") -> bytes:
    tensor = {"name": name, "shape": shape or [1, len(data)], "datatype": datatype, "data": data}
    return json.dumps({"inputs": [tensor]}).encode()


def good(project: Project) -> None:
    answer = ask(project.port, INFER, "POST", request([1, 2, 3, 4, 5, 6], [2, 3]))
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["data"] == [6.5, 15.5]


def test_the_typed_configuration_is_in_force(project: Project) -> None:
    good(project)
    port = project.stack.process("sums.main.sum").ports["http"]
    found = ask(port, "/v2/models/sum/config", "GET", None).json
    assert (found["max_batch_size"], found["instance_group"][0]["count"]) == (8, 2)
    assert found["dynamic_batching"]["max_queue_delay_microseconds"] == 100
    assert found["input"][0]["dims"] == [3]


BAD: dict[str, tuple[bytes, str]] = {
    "malformed JSON": (b'{"inputs": [', INFER),
    "an empty body": (b"", INFER),
    "JSON of another shape": (b"[1, 2]", INFER),
    "no inputs": (b"{}", INFER),
    "a wrong shape": (request([1, 2]), INFER),
    "a shape that is not its data's": (request([1, 2], [1, 3]), INFER),
    "a batch that is too large": (request([1] * 27, [9, 3]), INFER),
    "a wrong dtype": (request([1, 2, 3], datatype="INT32"), INFER),
    "an unknown dtype": (request([1, 2, 3], datatype="FLOAT"), INFER),
    "another tensor": (request([1, 2, 3], name="y"), INFER),
    "NaN": (request([float("nan")] * 3), INFER),
    "an unknown model": (request([1, 2, 3]), INFER.replace("/sum/", "/nobody/")),
    "the model repository": (b"{}", "/seldon/ns/sums/v2/repository/models/sum/unload"),
    "shared memory": (b"{}", "/seldon/ns/sums/v2/systemsharedmemory/region/a/register"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_a_4xx_and_the_next_one_works(project: Project, name: str) -> None:
    body, path = BAD[name]
    answer = ask(project.port, path, "POST", body)
    assert 400 <= answer.status < 500, (answer.status, answer.body)
    assert "error" in answer.json
    good(project)


def infer(values: list[float], shape: list[int] | None = None, raw: bytes | None = None, model: str = "sum") -> bytes:
    tensor: dict[str, Any] = {"name": "x", "datatype": "FP32", "shape": shape or [1, len(values)]}
    if raw is None:
        tensor["contents"] = {"fp32_contents": values}
    made = message("inference.ModelInferRequest")(model_name=model, inputs=[tensor])
    if raw is not None:
        made.raw_input_contents.append(raw)
    return bytes(made.SerializeToString())


def call(port: int, wire: bytes, method: str = METHOD) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        metadata = (("seldon", "sums"), ("namespace", "ns"))
        return bytes(channel.unary_unary(f"/{method}")(wire, timeout=60, metadata=metadata))


def good_message(project: Project) -> None:
    for wire in (infer([1, 2, 3]), infer([0, 0, 0], raw=struct.pack("<3f", 1, 2, 3))):
        answer = message("inference.ModelInferResponse").FromString(call(project.port, wire))
        assert struct.unpack("<f", answer.raw_output_contents[0]) == (6.5,)


BAD_MESSAGES: dict[str, tuple[bytes, str]] = {
    "a wrong shape": (infer([1, 2]), METHOD),
    "too few bytes": (infer([1, 2, 3], raw=b"12"), METHOD),
    "NaN": (infer([float("nan")] * 3), METHOD),
    "an unknown model": (infer([1, 2, 3], model="nobody"), METHOD),
    "the model repository": (b"", "inference.GRPCInferenceService/RepositoryIndex"),
    "shared memory": (b"", "inference.GRPCInferenceService/SystemSharedMemoryStatus"),
    "tracing": (b"", "inference.GRPCInferenceService/TraceSetting"),
}
CLIENTS_FAULT = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_the_clients_fault_and_the_next_one_works(project: Project, name: str) -> None:
    wire, method = BAD_MESSAGES[name]
    with pytest.raises(grpc.RpcError) as error:
        call(project.port, wire, method)
    assert error.value.code() in CLIENTS_FAULT, error.value
    good_message(project)


def test_a_malformed_protobuf_is_refused_and_the_next_one_works(project: Project) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call(project.port, b"\xff\xff\xff")
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    good_message(project)


@pytest.mark.parametrize("path", ["/v2/repository/index", "/v2/systemsharedmemory/region/a/register", "/v2/logging"])
def test_the_server_itself_keeps_what_only_an_operator_needs_behind_a_secret(project: Project, path: str) -> None:
    port = project.stack.process("sums.main.sum").ports["http"]
    assert ask(port, path, "POST", b"{}").status == 403


def test_tritons_own_client_is_served(project: Project) -> None:
    rest = tritonclient.http.InferenceServerClient(f"127.0.0.1:{project.port}/seldon/ns/sums")
    tensor = tritonclient.http.InferInput("x", [1, 3], "FP32")
    tensor.set_data_from_numpy(np.array([[1, 2, 3]], dtype=np.float32), binary_data=False)
    wanted = tritonclient.http.InferRequestedOutput("total", binary_data=False)
    assert rest.is_model_ready("sum")
    assert rest.infer("sum", [tensor], outputs=[wanted]).as_numpy("total").tolist() == [[6.5]]
    # Without outputs it asks for all of them as binary tensors.
    assert rest.infer("sum", [tensor]).as_numpy("total").tolist() == [[6.5]]
    tensor.set_data_from_numpy(np.array([[1, 2, 3]], dtype=np.float32))
    with pytest.raises(InferenceServerException, match="binary_data=False"):
        rest.infer("sum", [tensor], outputs=[wanted])
    rpc = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{project.port}")
    headers = {"seldon": "sums", "namespace": "ns"}
    tensor = tritonclient.grpc.InferInput("x", [1, 3], "FP32")
    tensor.set_data_from_numpy(np.array([[1, 2, 3]], dtype=np.float32))
    assert rpc.infer("sum", [tensor], headers=headers).as_numpy("total").tolist() == [[6.5]]


def test_it_listens_on_loopback_only(project: Project) -> None:
    assert {address for address, _ in listening(processes_below(project.folder))} == {"127.0.0.1"}


def test_a_model_that_fails_to_load_fails_the_up_with_its_own_words(project: Project) -> None:
    file = project.folder / "sum" / "model.py"
    file.write_text(MODEL.replace('["plus"]', '["minus"]'))
    failed = project.engine.up(check=False)
    assert failed.returncode != 0
    assert "minus" in failed.stdout
    good(project)
    file.write_text(MODEL)
    project.engine.up()
    good(project)
