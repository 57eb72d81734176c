"""TensorFlow Serving's messages as the JSON of its REST interface, for clients of a deployment on that protocol."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import prod
from typing import Any

from seldon_infra.runtime.messages import message

_FLOAT, _STRING = 1, 7
_ELEMENTS = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 17: "H", 22: "I", 23: "Q"}
"""How the bytes of a tensor are read, by its type's number. Source: TensorFlow's ``types.proto``."""
_FIELDS = ("float_val", "double_val", "int_val", "int64_val", "bool_val", "string_val")


def tensorflow_message(request: Mapping[str, Any], model: str) -> Any:
    """Make a request of columns a message: numbers go as float32, texts as bytes.

    Raises:
        ValueError: the request has no columns by name, or what is in one is no tensor.
    """
    inputs = request.get("inputs")
    if not isinstance(inputs, Mapping):
        raise ValueError("over gRPC it must be {'inputs': {NAME: rows}}")
    spec = {"name": model, "signature_name": str(request.get("signature_name", ""))}
    made = message("tensorflow.serving.PredictRequest")(model_spec=spec)
    for name, rows in inputs.items():
        made.inputs[name].CopyFrom(_tensor(rows))
    return made


def tensorflow_tree(answer: Any) -> dict[str, Any]:
    """Give an answer in columns, as REST has it; a single output comes without its name."""
    found = {name: _rows(tensor) for name, tensor in answer.outputs.items()}
    return {"outputs": next(iter(found.values())) if len(found) == 1 else found}


def first_output(outputs: Any) -> list[Any]:
    """Give the rows of an answer's only output, or of the first by name."""
    if isinstance(outputs, Mapping):
        return list(outputs[min(outputs)])
    return [row[min(row)] if isinstance(row, Mapping) else row for row in outputs]


def _tensor(rows: Any) -> Any:
    shape, inner = [], rows
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    elements = _flat(rows)
    text = bool(elements) and isinstance(elements[0], str)
    if len(elements) != prod(shape) or not all(isinstance(each, str if text else int | float) for each in elements):
        raise ValueError("an input must be rows of equal length, of numbers or of texts")
    sizes = {"dim": [{"size": size} for size in shape]}
    held = {"string_val": [each.encode() for each in elements]} if text else {"float_val": elements}
    return message("tensorflow.serving.TensorProto")(dtype=_STRING if text else _FLOAT, tensor_shape=sizes, **held)


def _flat(rows: Any) -> list[Any]:
    return [each for row in rows for each in _flat(row)] if isinstance(rows, list) else [rows]


def _rows(tensor: Any) -> Any:
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    elements = _elements(tensor)
    if len(elements) == 1:
        elements *= prod(shape)  # one value stands for all
    for size in reversed(shape[1:]):
        elements = [elements[start : start + size] for start in range(0, len(elements), max(size, 1))]
    return elements if shape else elements[0]


def _elements(tensor: Any) -> list[Any]:
    if tensor.tensor_content:
        code = _ELEMENTS[tensor.dtype]
        count = len(tensor.tensor_content) // struct.calcsize(f"<{code}")
        return list(struct.unpack(f"<{count}{code}", tensor.tensor_content))
    found = next((list(getattr(tensor, field)) for field in _FIELDS if getattr(tensor, field)), [])
    return [each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in found]
