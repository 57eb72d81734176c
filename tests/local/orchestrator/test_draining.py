"""A model server that is stopped answers the requests that it has begun, over both transports. Row 52."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_infra.graph.spec import EnvVar, Model, Parameter, Predictor, SeldonDeployment
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.processes import Record
from seldon_infra.servers.spec import (
    InstanceGroup,
    MLServerRuntime,
    PythonServer,
    Server,
    Tensor,
    TritonModel,
    TritonServer,
)
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import start_servers
from tests.local.scene import Scene, ask

pytestmark = pytest.mark.local
HERE = Path(__file__).parent
TRITON = """
import pathlib, time
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        pathlib.Path({mark!r}).touch()
        time.sleep(8)
        return [pb_utils.InferenceResponse([pb_utils.get_input_tensor_by_name(each, "x")]) for each in requests]
"""


@dataclass(frozen=True)
class Kind:
    """A server of the catalogue and how it is asked."""

    protocol: Any
    server: Server
    path: str
    method: str
    message: Any

    @property
    def tree(self) -> dict[str, Any]:
        if self.protocol == "seldon":
            return {"data": {"ndarray": [[1.0]]}}
        return {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1.0]}]}


V2 = {
    "path": "/v2/models/slow/infer",
    "method": "inference.GRPCInferenceService/ModelInfer",
    "message": message("inference.ModelInferRequest")(
        model_name="slow",
        inputs=[{"name": "x", "shape": [1, 1], "datatype": "FP32", "contents": {"fp32_contents": [1.0]}}],
    ),
}
SELDON = message("seldon.protos.SeldonMessage")(data={"tensor": {"shape": [1, 1], "values": [1.0]}})
TENSORS = {
    "inputs": (Tensor(name="x", dtype="FP32", dims=(1,)),),
    "outputs": (Tensor(name="x", dtype="FP32", dims=(1,)),),
}
KINDS = {
    "mlserver": Kind(
        "v2", MLServerRuntime(source="mlserver_nodes.py", class_name="Slow", image="example/slow:1"), **V2
    ),
    "triton": Kind(
        "v2",
        TritonServer(config=TritonModel(max_batch_size=8, instance_groups=(InstanceGroup(count=2),), **TENSORS)),
        **V2,
    ),
    "seldon": Kind(
        "seldon",
        PythonServer(source="seldon_nodes.py", class_name="Slow"),
        "/predict",
        "seldon.protos.Model/Predict",
        SELDON,
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_open_requests_are_answered(new_scene: Callable[[], Scene], tmp_path: Path, name: str) -> None:
    kind, scene, mark = KINDS[name], new_scene(), tmp_path / "mark"
    record = running(scene, kind, mark, tmp_path)
    with ThreadPoolExecutor() as threads:
        rest = threads.submit(post, record.ports["http"], kind)
        wait_until(mark.exists)
        mark.unlink()
        call = threads.submit(call_grpc, record.ports["grpc"], kind)
        wait_until(mark.exists)
        scene.processes.remove(record.id)
        assert rest.result() == 200
        assert call.result()


def running(scene: Scene, kind: Kind, mark: Path, folder: Path) -> Record:
    (folder / "model.py").write_text(TRITON.format(mark=str(mark)))
    files = isinstance(kind.server, TritonServer)
    model = Model(
        name="slow",
        server=kind.server,
        model_uri="model" if files else None,
        parameters=() if files else (Parameter(name="mark", value=str(mark)),),
        env=(EnvVar(name="GUNICORN_THREADS", value="2"),),  # of Seldon's wrapper: calls at once
    )
    deployment = SeldonDeployment(
        name="slow", namespace="ns", protocol=kind.protocol, predictors=(Predictor(name="main", graph=model),)
    )
    return start_servers(scene, deployment, {"source": str(HERE), "model": str(folder)})["slow"]


def post(port: int, kind: Kind) -> int:
    return ask(
        port, kind.path, "POST", json.dumps(kind.tree).encode(), {"Content-Type": "application/json"}, 120
    ).status


def call_grpc(port: int, kind: Kind) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return bytes(channel.unary_unary(f"/{kind.method}")(kind.message.SerializeToString(), timeout=120))
