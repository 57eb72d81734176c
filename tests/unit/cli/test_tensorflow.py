from __future__ import annotations

import struct
from typing import Any

import pytest

from seldon_infra.cli.client import Prediction
from seldon_infra.cli.tensorflow import tensorflow_message, tensorflow_tree
from seldon_infra.runtime.messages import message


def answer(**outputs: dict[str, Any]) -> Any:
    made = message("tensorflow.serving.PredictResponse")()
    for name, tensor in outputs.items():
        sizes = {"dim": [{"size": size} for size in tensor.pop("shape")]}
        made.outputs[name].CopyFrom(message("tensorflow.serving.TensorProto")(tensor_shape=sizes, **tensor))
    return made


def test_columns_become_tensors() -> None:
    made = tensorflow_message({"inputs": {"x": [[1, 2.5], [3, 4]], "word": ["a", "b"]}, "signature_name": "s"}, "m")
    assert (made.model_spec.name, made.model_spec.signature_name) == ("m", "s")
    x, word = made.inputs["x"], made.inputs["word"]
    assert (x.dtype, [dim.size for dim in x.tensor_shape.dim], list(x.float_val)) == (1, [2, 2], [1, 2.5, 3, 4])
    assert (word.dtype, list(word.string_val)) == (7, [b"a", b"b"])


@pytest.mark.parametrize("inputs", [None, [[1]], {"x": [[1], [1, 2]]}, {"x": [[1], ["a"]]}, {"x": [None]}])
def test_what_is_no_tensor_is_refused(inputs: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        tensorflow_message({"inputs": inputs}, "m")


def test_an_answer_is_that_of_rest_however_its_tensors_are_written() -> None:
    packed = struct.pack("<4f", 1, 2, 3, 4)
    assert tensorflow_tree(answer(y={"dtype": 1, "shape": [2, 2], "tensor_content": packed})) == {
        "outputs": [[1, 2], [3, 4]]
    }
    many = answer(n={"dtype": 9, "shape": [2], "int64_val": [7]}, said={"dtype": 7, "shape": [], "string_val": [b"a"]})
    assert tensorflow_tree(many) == {"outputs": {"n": [7, 7], "said": "a"}}


@pytest.mark.parametrize(
    ("tree", "labels"),
    [
        ({"predictions": [[0.1, 0.9], [0.8, 0.2]]}, [1, 0]),
        ({"predictions": [{"label": 3, "score": 0.5}]}, [3]),
        ({"outputs": [[7.0], [8.0]]}, [7.0, 8.0]),
        ({"outputs": {"label": [3, 4]}}, [3, 4]),
        ({"outputs": [{"datatype": "INT64", "shape": [2], "data": [5, 6]}]}, [5, 6]),
    ],
)
def test_labels_are_read_from_each_format(tree: dict[str, Any], labels: list[Any]) -> None:
    assert Prediction("main", tree).labels() == labels
