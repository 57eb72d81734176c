"""What an ONNX model says of its tensors, read without ONNX and without its weights.

Fields: ``onnx/onnx.proto`` of onnx/onnx; the numbers of types are those of ``TensorProto.DataType`` there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seldon_infra.servers.saved_model import fields, numbers
from seldon_infra.servers.signature import Signature, TensorSpec

if TYPE_CHECKING:
    from seldon_infra.servers.triton.tensors import DataType

_TYPES: dict[int, DataType] = {
    1: "FP32", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64", 8: "BYTES", 9: "BOOL",
    10: "FP16", 11: "FP64", 12: "UINT32", 13: "UINT64", 16: "BF16",
}  # fmt: skip
_GRAPH, _INITIALIZER, _INPUT, _OUTPUT = 7, 5, 11, 12
_NAME, _TYPE, _NAME_OF_WEIGHTS = 1, 2, 8
_TENSOR, _ELEMENT, _SHAPE, _DIM, _DIM_VALUE = 1, 1, 2, 1, 1


def signature_of_onnx(content: memoryview) -> Signature:
    """Give the tensors that a model takes and gives; a size that has a name, or none, is -1.

    Raises:
        ValueError: it is no ONNX model.
    """
    graph = next(fields(content, _GRAPH), None)
    if graph is None:
        raise ValueError("it holds no graph")
    # Older models list their weights among the inputs.
    weights = {_text(each, _NAME_OF_WEIGHTS) for each in fields(graph, _INITIALIZER)}
    taken = tuple(tensor for tensor in _tensors(graph, _INPUT) if tensor.name not in weights)
    return Signature(inputs=taken, outputs=tuple(_tensors(graph, _OUTPUT)))


def _tensors(graph: memoryview, field: int) -> Iterator[TensorSpec]:
    for value in fields(graph, field):
        tensor = next((each for kind in fields(value, _TYPE) for each in fields(kind, _TENSOR)), None)
        name = _text(value, _NAME)
        if tensor is None:
            yield TensorSpec(name=name)
        else:
            shape = next(fields(tensor, _SHAPE), None)
            sizes = None if shape is None else tuple(next(numbers(dim, _DIM_VALUE), -1) for dim in fields(shape, _DIM))
            yield TensorSpec(name=name, dtype=_TYPES.get(next(numbers(tensor, _ELEMENT), 0)), shape=sizes)


def _text(message: memoryview, field: int) -> str:
    return bytes(next(fields(message, field), b"")).decode("utf-8", "replace")
