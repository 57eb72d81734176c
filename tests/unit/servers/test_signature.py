"""What models say about their tensors, in the words of each server."""

from __future__ import annotations

import json

import pytest

from seldon_infra.servers.signature import (
    Signature,
    TensorSpec,
    of_config_pbtxt,
    of_mlmodel,
    of_model_settings,
    of_triton,
)
from seldon_infra.servers.triton.spec import TritonModel
from seldon_infra.servers.triton.tensors import Tensor
from seldon_infra.servers.triton.text import config_pbtxt

PIXELS = TensorSpec(name="pixels", dtype="FP32", shape=(-1, 64))
BY_HAND = """
# written by hand
name: 'digits' max_batch_size: 8,
input [ { name: "pixels" data_type: TYPE_FP32 dims: [ 64 ] }, { name: "mask", data_type: TYPE_STRING dims: 2 dims: 3
  optional: true } ]
output <name: "label"; data_type: TYPE_INT64>
parameters { key: "a" value { string_value: "b \\"c\\"" } }
"""


def test_a_config_by_hand_is_read_in_every_spelling() -> None:
    assert of_config_pbtxt(BY_HAND) == Signature(
        inputs=(PIXELS, TensorSpec(name="mask", dtype="BYTES", shape=(-1, 2, 3), optional=True)),
        outputs=(TensorSpec(name="label", dtype="INT64"),),
    )


@pytest.mark.parametrize("batch", [0, 8])
def test_a_typed_configuration_says_the_same_as_its_text(batch: int) -> None:
    text, label = (
        Tensor(name="text", dtype="BYTES", dims=(1, -1), optional=True),
        Tensor(name="l", dtype="FP16", dims=(2,)),
    )
    model = TritonModel(max_batch_size=batch, inputs=(text,), outputs=(label,))
    assert of_triton(model) == of_config_pbtxt(config_pbtxt(model, "m"))
    assert of_triton(model).inputs[0].shape == ((-1, 1, -1) if batch else (1, -1))


def test_settings_of_mlserver_are_read() -> None:
    known = {"name": "pixels", "datatype": "FP32", "shape": [-1, 64]}
    assert of_model_settings(json.dumps({"inputs": [known], "outputs": [{"name": "label"}]})) == Signature(
        inputs=(PIXELS,), outputs=(TensorSpec(name="label"),)
    )
    assert of_model_settings("{}") == Signature()


def test_a_signature_of_mlflow_is_read_with_tensors_and_with_columns() -> None:
    tensor = [{"type": "tensor", "name": "pixels", "tensor-spec": {"dtype": "float32", "shape": [-1, 64]}}]
    columns = [{"type": "long", "name": "age"}, {"type": "string", "name": "job", "required": False}]
    text = f"signature:\n  inputs: '{json.dumps(tensor)}'\n  outputs: '{json.dumps(columns)}'\n"
    age, job = TensorSpec(name="age", dtype="INT64"), TensorSpec(name="job", dtype="BYTES", optional=True)
    assert of_mlmodel(text) == Signature(inputs=(PIXELS,), outputs=(age, job))
    assert of_mlmodel("flavors: {}") == Signature()
    with pytest.raises(ValueError):
        of_mlmodel("a: [")
