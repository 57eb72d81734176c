"""A model.pt without code is said before TorchServe sees it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from seldon_infra.servers.spec import TorchServeServer, TritonServer
from seldon_infra.targets.torchscript import wrong_torchscript
from tests.unit.graph.check.build import NODE, graph, model

SAID = (
    f"{NODE}: model_uri 'net': model.pt holds no TorchScript, must hold a model and its code, not weights alone; "
    "write it by torch.jit.script(model).save('model.pt') or torch.jit.trace"
)


def said(project: Path, uri: str = "net", server: object = None) -> list[str]:
    served = graph(model(server=server or TorchServeServer(), model_uri=uri), protocol="v2")
    return [str(problem) for problem in wrong_torchscript(served, project)]


def write(file: Path, *members: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, b"")


def test_a_file_with_code_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    write(tmp_path / "net" / "model.pt", "net/data.pkl", "net/code/__torch__.py", "net/constants.pkl")
    assert said(tmp_path) == []
    assert said(tmp_path, "net/model.pt") == []


@pytest.mark.parametrize("content", ["weights", "no archive"])
def test_a_file_without_is_an_error_and_says_how_to_write_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "net").mkdir()
    file = tmp_path / "net" / "model.pt"
    if content == "weights":
        write(file, "net/data.pkl", "net/version", "net/data/0")
    else:
        file.write_bytes(b"\x80\x02K\x01.")
    assert said(tmp_path) == [SAID]
    assert said(tmp_path, server=TritonServer()) == []
