"""Triton's own clients: through the gateway without an engine, streams too, and by shared memory at the server."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
import tritonclient.utils.shared_memory as shared_memory
from tritonclient.utils import InferenceServerException

from tests.local.project import Project, new_project
from tests.local.triton_python import HEAD

pytestmark = [pytest.mark.engine, pytest.mark.local]
HEADERS = {"seldon": "d", "namespace": "ns"}
MODELS = {
    "double": """
    def execute(self, requests):
        return [given("y", taken(each, "x") * 2) for each in requests]
""",
    # Decoupled: as many answers as the request says.
    "count": """
    def execute(self, requests):
        for each in requests:
            sender = each.get_response_sender()
            for number in range(int(taken(each, "x")[0])):
                sender.send(given("y", [number]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
""",
}
DEFINITION = """
from seldon_infra import TritonServer
from seldon_infra.triton import *

def model(name, **more):
    tensors = [Tensor(name=each, dtype='FP32', dims=(1,)) for each in ('x', 'y')]
    return TritonModel(name=name, inputs=tensors[:1], outputs=tensors[1:], **more)

repository = TritonRepository(models=(model('double'), model('count', decoupled=True)))
node = Model(name='double', server=TritonServer(repository=repository), model_uri='models')
stack = Stack(target=Local(), deployments=(SeldonDeployment(
    name='d', namespace='ns', protocol='v2', predictors=(Predictor(name='main', graph=node, no_engine=True),),
),))
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        for name, body in MODELS.items():
            (made.folder / "models" / name / "1").mkdir(parents=True)
            (made.folder / "models" / name / "1" / "model.py").write_text(HEAD + body)
        made.write(DEFINITION)
        made.engine.up()
        yield made


def tensor(kind: Any, value: float) -> Any:
    made = kind("x", [1], "FP32")
    made.set_data_from_numpy(np.array([value], dtype=np.float32))
    return made


def test_rest_takes_binary_tensors_where_no_engine_stands_before_the_server(project: Project) -> None:
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{project.port}/seldon/ns/d") as client:
        found = client.infer("double", [tensor(tritonclient.http.InferInput, 3)])
    assert found.as_numpy("y").tolist() == [6]


def test_grpc_answers_one_request_at_a_time(project: Project) -> None:
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{project.port}") as client:
        found = client.infer("double", [tensor(tritonclient.grpc.InferInput, 3)], headers=HEADERS)
    assert found.as_numpy("y").tolist() == [6]


def test_one_stream_through_the_gateway_carries_many_requests_and_a_decoupled_models_answers(project: Project) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{project.port}") as client:
        client.start_stream(lambda result, error: answers.put(error or result), headers=HEADERS, stream_timeout=240)
        client.async_stream_infer("double", [tensor(tritonclient.grpc.InferInput, 3)], request_id="a")
        assert numbers(answers, 1) == [6]
        client.async_stream_infer("count", [tensor(tritonclient.grpc.InferInput, 4)], request_id="b")
        assert numbers(answers, 4) == [0, 1, 2, 3]


def numbers(answers: queue.Queue[Any], count: int) -> list[float]:
    found = [answers.get(timeout=120) for _ in range(count)]
    assert not [each for each in found if isinstance(each, Exception)], found
    return [float(each.as_numpy("y")[0]) for each in found]


def test_shared_memory_is_for_the_owner_of_the_servers_folder_alone(project: Project) -> None:
    process = project.stack.process("d.main.double")
    secret = {"triton-operator": (project.stack_dir.processes / process.id / "operator").read_text()}
    own = f"127.0.0.1:{process.ports['http']}"
    key = f"/seldon-test-{os.getpid()}"
    region = shared_memory.create_shared_memory_region("x", key, 4)
    try:
        shared_memory.set_shared_memory_region(region, [np.array([5], dtype=np.float32)])
        for address, headers in ((f"127.0.0.1:{project.port}/seldon/ns/d", secret), (own, None)):
            with (
                tritonclient.http.InferenceServerClient(address) as client,
                pytest.raises(InferenceServerException),
            ):
                client.register_system_shared_memory("x", key, 4, headers=headers)
        with tritonclient.http.InferenceServerClient(own) as client:
            client.register_system_shared_memory("x", key, 4, headers=secret)
            sent = tritonclient.http.InferInput("x", [1], "FP32")
            sent.set_shared_memory("x", 4)
            assert client.infer("double", [sent]).as_numpy("y").tolist() == [10]
            client.unregister_system_shared_memory("x", headers=secret)
    finally:
        shared_memory.destroy_shared_memory_region(region)
