"""Triton on this machine's GPU, from a clone: ``make gpu-test``. It needs the driver, and no package for CUDA."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask

pytestmark = [pytest.mark.gpu, pytest.mark.engine, pytest.mark.local]
# It asks the driver itself: what it answers has been in the GPU's memory.
MODEL = """
import ctypes
import numpy as np
import triton_python_backend_utils as pb_utils

CUDA = ctypes.CDLL("libcuda.so.1")

def must(code):
    if code:
        raise pb_utils.TritonModelException(f"CUDA's driver says {code}")

class TritonPythonModel:
    def initialize(self, args):
        if args["model_instance_kind"] != "GPU":
            raise pb_utils.TritonModelException(f"the instance runs on {args['model_instance_kind']}")
        self.number = int(args["model_instance_device_id"])

    def execute(self, requests):
        device, context = ctypes.c_int(), ctypes.c_void_p()
        must(CUDA.cuInit(0))
        must(CUDA.cuDeviceGet(ctypes.byref(device), self.number))
        must(CUDA.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
        must(CUDA.cuCtxSetCurrent(context))
        return [self.answer(pb_utils.get_input_tensor_by_name(each, "x").as_numpy()) for each in requests]

    def answer(self, x):
        x, y = np.ascontiguousarray(x), np.zeros_like(x)
        memory, size = ctypes.c_uint64(), ctypes.c_size_t(x.nbytes)
        must(CUDA.cuMemAlloc_v2(ctypes.byref(memory), size))
        must(CUDA.cuMemcpyHtoD_v2(memory, x.ctypes.data_as(ctypes.c_void_p), size))
        must(CUDA.cuMemcpyDtoH_v2(y.ctypes.data_as(ctypes.c_void_p), memory, size))
        must(CUDA.cuMemFree_v2(memory))
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", y)])
"""
DEFINITION = """
from seldon_infra import InstanceGroup, Tensor, TritonModel, TritonServer
x, y = (Tensor(name=name, dtype='FP32', dims=(3,)) for name in 'xy')
config = TritonModel(inputs=(x,), outputs=(y,), instance_groups=(InstanceGroup(kind='AUTO', count=2),))
node = Model(name='copy', server=TritonServer(config=config), model_uri='copy')
stack = Stack(target=Local(), deployments=(SeldonDeployment(
    name='d', namespace='ns', protocol='v2', predictors=(Predictor(name='main', graph=node),),
),))
"""


def gpus() -> list[str]:
    """The GPUs that the driver knows."""
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    return listed.stdout.splitlines() if listed.returncode == 0 else []


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    if not gpus():
        pytest.skip("this machine has no NVIDIA GPU: `nvidia-smi -L` lists none")
    with new_project() as made:
        (made.folder / "copy").mkdir()
        (made.folder / "copy" / "model.py").write_text(MODEL)
        made.write(DEFINITION)
        made.engine.up()
        yield made


def get(project: Project, path: str, port: str = "http") -> Answer:
    return ask(project.stack.process("d.main.copy").ports[port], path, "GET", None)


def test_instances_of_kind_auto_run_on_the_gpu_and_use_its_memory(project: Project) -> None:
    (group,) = get(project, "/v2/models/copy/config").json["instance_group"]
    assert (group["kind"], group["count"], len(group["gpus"])) == ("KIND_GPU", 2, len(gpus()))
    tensor = {"name": "x", "shape": [3], "datatype": "FP32", "data": [1, 2.5, 3]}
    answer = project.ask({"inputs": [tensor]}, "/seldon/ns/d/v2/models/copy/infer")
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["data"] == [1, 2.5, 3]


def test_the_gpu_is_measured_where_triton_finds_dcgm(project: Project) -> None:
    process = project.stack.process("d.main.copy")
    refused = [line for line in project.stack.processes.log_tail(process.id, 500) if "DCGM" in line]
    if refused:
        pytest.skip(f"Triton's GPU metrics need a DCGM that it can load: {refused[0]}")
    text = get(project, "/metrics", "metrics").body.decode()
    assert re.search(r'nv_gpu_memory_total_bytes\{gpu_uuid="GPU-', text), text
    assert re.search(r'nv_inference_request_success\{.*gpu_uuid="GPU-.*model="copy"', text), text
