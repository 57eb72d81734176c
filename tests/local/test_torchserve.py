"""TorchServe behind the gateway: tensors by name, inputs that cannot be right, and what nobody else may ask it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_infra.servers.debian import PYTHON
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask, kill, listening
from tests.local.servers.contract import made_by

pytestmark = [pytest.mark.engine, pytest.mark.local]
MODEL = """
import pathlib, torch
file = pathlib.Path(folder, "pairs.py")
file.write_text('''
import torch
from typing import Dict, Optional
class Pairs(torch.nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor, c: Optional[torch.Tensor] = None) -> Dict[str, torch.Tensor]:
        return {"sum": a + b if c is None else a + b + c, "is_less": a < b, "half": (a / 2).to(torch.bfloat16)}
''')
import sys
sys.path.insert(0, str(folder))
import pairs
torch.jit.script(pairs.Pairs()).save(f"{folder}/model.pt")
file.unlink()
"""
DEFINITION = """
from seldon_infra import TorchServeServer
stack = Stack(target=Local(drain_seconds=2), deployments=(SeldonDeployment(name='d', namespace='ns', protocol='v2',
    predictors=(Predictor(name='main', graph=Model(name='m', server=TorchServeServer(), model_uri='MODEL')),)),))
"""
INFER = "/seldon/ns/d/v2/models/m/infer"
MANAGEMENT = "org.pytorch.serve.grpc.management.ManagementAPIsService"


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "pairs").mkdir()
        made_by("torchserve", MODEL, PYTHON)(made.folder / "pairs", 1)
        (made.folder / "broken").mkdir()
        (made.folder / "broken" / "model.pt").write_bytes(b"no archive")
        made.write(DEFINITION.replace("MODEL", "pairs"))
        made.engine.up()
        yield made


def tensor(name: str, *values: Any, datatype: str = "FP32") -> dict[str, object]:
    return {"name": name, "datatype": datatype, "shape": [len(values)], "data": list(values)}


def predict(project: Project, *inputs: object, **more: object) -> Answer:
    return ask(project.port, INFER, "POST", json.dumps({"inputs": inputs, **more}).encode())


def outputs(answer: Answer) -> dict[str, object]:
    assert answer.status == 200, answer.body
    return {output["name"]: output["data"] for output in answer.json["outputs"]}


def test_tensors_go_by_the_names_of_forward_s_arguments(project: Project) -> None:
    found = outputs(predict(project, tensor("b", 2.0, 1.0), tensor("a", 1.0, 1.0)))
    assert found == {"sum": [3.0, 2.0], "is_less": [True, False], "half": [0.5, 0.5]}


def test_an_argument_with_a_default_may_come_or_not(project: Project) -> None:
    three = [tensor(name, 1, datatype="INT64") for name in "abc"]
    assert outputs(predict(project, *three))["sum"] == [3]


def test_outputs_that_are_asked_for_come_alone(project: Project) -> None:
    asked = predict(project, tensor("a", 1.0), tensor("b", 2.0), outputs=[{"name": "sum"}])
    assert outputs(asked) == {"sum": [3.0]}


ONE, TEXT = tensor("a", 1.0), tensor("b", "two", datatype="BYTES")
WRONG: dict[str, tuple[list[object], dict[str, object], str]] = {
    "a missing tensor": ([ONE], {}, "missing value for argument 'b'"),
    "an unknown tensor": ([ONE, tensor("b", 1.0), tensor("z", 1.0)], {}, "z"),
    "texts": ([ONE, TEXT], {}, "no BYTES"),
    "sizes that do not fit": ([tensor("a", 1.0, 2.0, 3.0), tensor("b", 1.0, 2.0)], {}, "must match the size"),
    "a type that PyTorch has not": ([ONE, tensor("b", 1, datatype="UINT32")], {}, "uint32"),
    "an unknown output": ([ONE, tensor("b", 1.0)], {"outputs": [{"name": "z"}]}, "it has sum, is_less, half"),
}


@pytest.mark.parametrize(("inputs", "more", "said"), WRONG.values(), ids=WRONG)
def test_what_the_model_cannot_take_is_the_client_s_fault(
    project: Project, inputs: list[object], more: dict[str, object], said: str
) -> None:
    answer = predict(project, *inputs, **more)
    assert (answer.status, said in answer.json["error"]) == (400, True), answer.body


@pytest.mark.parametrize("path", ["models", "models/m", "predictions/m", "token?type=management", "metrics", "ping"])
def test_its_own_interfaces_are_not_behind_the_gateway(project: Project, path: str) -> None:
    assert ask(project.port, f"/seldon/ns/d/{path}", "GET", None).status == 404


def java(project: Project) -> int:
    """The process id of TorchServe's own server, as soon as MLServer has started it."""
    found: list[int] = []

    def is_there() -> bool:
        front = project.scene.pid(project.stack.process("d.main.m"))
        with suppress(OSError):  # it has ended meanwhile
            found.extend(map(int, Path(f"/proc/{front}/task/{front}/children").read_text().split()))
        return bool(found)

    wait_until(is_there)
    return found[0]


def test_its_sockets_are_in_a_folder_that_only_its_user_opens(project: Project) -> None:
    folder = Path(os.readlink(f"/proc/{java(project)}/cwd"))
    assert (folder / "management").is_socket()
    assert folder.stat().st_mode & 0o077 == 0


def test_nobody_registers_a_model_by_the_ports_that_it_opens_all_the_same(project: Project) -> None:
    ports = {port for _, port in listening([java(project)])}
    assert len(ports) == 2
    said = []
    for port in ports:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(f"/{MANAGEMENT}/RegisterModel")(b"", timeout=60)
        said.append(error.value.code())
    assert set(said) == {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED}


def test_when_it_dies_it_is_started_again(project: Project) -> None:
    before = java(project)
    kill(before)
    wait_until(lambda: predict(project, ONE, tensor("b", 2.0)).status == 200 and java(project) != before)


def test_a_file_that_is_no_torchscript_is_an_error_at_preview(project: Project) -> None:
    project.write(DEFINITION.replace("MODEL", "broken"))
    done = project.engine.preview(check=False)
    assert done.returncode != 0
    assert "model.pt holds no TorchScript" in done.stdout + done.stderr
