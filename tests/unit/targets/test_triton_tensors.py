"""Tensors of a Triton configuration that its ONNX file has otherwise are told before Triton loads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.servers.onnx_model import signature_of_onnx
from seldon_infra.servers.signature import TensorSpec
from seldon_infra.servers.spec import TritonModel, TritonServer
from seldon_infra.servers.triton.tensors import Tensor
from seldon_infra.servers.triton.text import config_pbtxt
from seldon_infra.targets.triton_tensors import unlike_tensors
from tests.local.servers.samples import onnx_model
from tests.unit.graph.check.build import NODE, graph, model

X, TOTAL = Tensor(name="x", dtype="FP32", dims=[3]), Tensor(name="total", dtype="FP32", dims=[1])


def config(**fields: object) -> TritonModel:
    given = {"backend": "onnxruntime", "max_batch_size": 8, "inputs": [X], "outputs": [TOTAL], **fields}
    return TritonModel(**given)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models" / "score" / "1").mkdir(parents=True)
    onnx_model(tmp_path / "models" / "score" / "1", 1)
    return tmp_path


def said(project: Path, server: TritonServer) -> list[str]:
    deployment = graph(model(server=server, model_uri="models"), protocol="v2")
    return [str(problem) for problem in unlike_tensors(deployment, project)]


def test_the_tensors_of_an_onnx_model_are_read_without_its_weights(project: Path) -> None:
    found = signature_of_onnx(memoryview((project / "models" / "score" / "1" / "model.onnx").read_bytes()))
    assert found.inputs == (TensorSpec(name="x", dtype="FP32", shape=[-1, 3]),)
    assert found.outputs == (TensorSpec(name="total", dtype="FP32", shape=[-1, 1]),)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"inputs": [X.model_copy(update={"dims": (4,)})]},
         f"{NODE} → input 'x': dims [4], must be the model's shape, [-1, 3] in {{}}; "
         "write the model's dims, without the batch dimension"),
        ({"max_batch_size": 0}, f"{NODE} → input 'x': dims [3], must be the model's shape, [-1, 3] in {{}}; "
         "write the model's dims"),
        ({"outputs": [TOTAL.model_copy(update={"dtype": "INT64"})]},
         f"{NODE} → output 'total': dtype 'INT64', must be 'FP32', as {{}} has it; write dtype='FP32'"),
        ({"outputs": [TOTAL.model_copy(update={"name": "sum"})]},
         f"{NODE} → output 'sum': is not in {{}}, must be one of the model's outputs: 'total'; correct the name"),
        ({"inputs": [X.model_copy(update={"name": "y"})]},
         f"{NODE}: input 'x' of {{}} is not given, must be among inputs, since the model takes it; "
         "write Tensor(name='x', …)"),
    ],
)  # fmt: skip
def test_what_the_file_has_otherwise_is_told_with_the_tensor(project: Path, fields: object, line: str) -> None:
    lines = said(project, TritonServer(config=config(**fields)))  # type: ignore[arg-type]
    file = project / "models" / "score" / "1" / "model.onnx"
    assert line.format(file) in lines


def test_what_agrees_and_what_says_nothing_is_passed_over(project: Path) -> None:
    any_size = X.model_copy(update={"dims": (-1,)})
    reshaped = X.model_copy(update={"dims": (1, 3), "reshape": (3,)})
    for fields in ({}, {"inputs": [any_size]}, {"inputs": [reshaped]}, {"inputs": (), "outputs": ()}):
        assert said(project, TritonServer(config=config(**fields))) == []
    assert said(project, TritonServer(config=config(backend="python"))) == []


def test_a_config_pbtxt_beside_the_model_is_held_to_it_as_well(project: Path) -> None:
    wrong = config(inputs=[X.model_copy(update={"dims": (4,)})])
    (project / "models" / "score" / "config.pbtxt").write_text(config_pbtxt(wrong, "score"))
    (line,) = said(project, TritonServer())
    assert "input 'x': dims [4], must be the model's shape, [-1, 3]" in line


@pytest.mark.parametrize("content", [b"", b"no model", b"\x3a\x7f"])
def test_a_file_that_is_no_onnx_model_is_told(project: Path, content: bytes) -> None:
    (project / "models" / "score" / "1" / "model.onnx").write_bytes(content)
    (line,) = said(project, TritonServer(config=config()))
    assert "cannot be read: " in line
    assert "must be an ONNX model; export the model anew, or correct the backend" in line
