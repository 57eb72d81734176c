"""What can be known to be wrong with a request before any server sees it."""

from __future__ import annotations

import math
from typing import Any

import orjson

from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, Failure

_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_FLOATS = ("FP16", "BF16", "FP32", "FP64")
_ALLOWED: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool, int}),
    "BYTES": frozenset({str}),
    **{name: frozenset({int}) for name in _INTEGERS},
    **{name: frozenset({int, float}) for name in _FLOATS},
}
"""Datatypes of protocol v2, and what stands for their elements in JSON. MLServer takes 0 and 1 for BOOL too."""
SIZES = {
    **{name: int(name.lstrip("UINT")) // 8 for name in _INTEGERS},
    **{"BOOL": 1, "FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8},
}
"""Bytes of one element, where elements have a fixed size."""
PAYLOADS = ("data", "binData", "strData", "jsonData", "customData")
"""Fields of a Seldon message of which one holds the payload."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse strict JSON: no NaN, no second value.

    Raises:
        Failure: 400, with the place where it goes wrong.
    """
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Failure(BAD_REQUEST, f"the body must be JSON (which has no NaN): {error}") from None
    if not isinstance(tree, dict):
        raise Failure(BAD_REQUEST, f"the body must be a JSON object, not {_json_type(tree)}")
    return tree


def check_v2(tree: dict[str, Any]) -> None:
    """Hold a request of protocol v2 against its own shapes and types.

    Raises:
        Failure: 400, naming the input, the field and the value.
    """
    inputs = tree.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise Failure(BAD_REQUEST, "'inputs' must be a list of at least one tensor")
    for index, tensor in enumerate(inputs):
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            raise Failure(BAD_REQUEST, f"inputs[{index}] must be an object with a 'name'")
        _check_tensor(tensor)


def check_seldon(tree: dict[str, Any]) -> None:
    """Hold a message of Seldon's protocol against its own shapes.

    Raises:
        Failure: 400, naming the field and the value.
    """
    found = [name for name in PAYLOADS if tree.get(name) is not None]
    if len(found) != 1:
        got = " and ".join(found) or "none"
        raise Failure(BAD_REQUEST, f"the message must have one of {', '.join(PAYLOADS)}; it has {got}")
    if not isinstance(tree.get("meta", {}), dict):
        raise Failure(BAD_REQUEST, "'meta' must be an object")
    if found == ["data"]:
        _check_data(tree["data"])


def check_count(name: str, shape: Any, count: int) -> None:
    """Hold the number of a tensor's elements against its shape.

    Raises:
        Failure: 400, naming the tensor.
    """
    if math.prod(shape) != count:
        said = "x".join(map(str, shape))
        raise Failure(
            BAD_REQUEST, f"input '{name}': shape {said} needs {math.prod(shape)} elements, its data has {count}"
        )


def check_shape(name: str, shape: Any) -> None:
    """Hold a shape against what a shape is.

    Raises:
        Failure: 400, naming the tensor.
    """
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise Failure(BAD_REQUEST, f"input '{name}': 'shape' must be a list of sizes from 0 up")


def check_datatype(name: str, datatype: Any) -> None:
    """Hold a datatype against those of the protocol.

    Raises:
        Failure: 400, naming the tensor.
    """
    if not isinstance(datatype, str) or datatype not in _ALLOWED:
        raise Failure(BAD_REQUEST, f"input '{name}': 'datatype' is {datatype!r}, must be one of {', '.join(_ALLOWED)}")


def _check_tensor(tensor: dict[str, Any]) -> None:
    name = tensor["name"]
    check_shape(name, tensor.get("shape"))
    check_datatype(name, tensor.get("datatype"))
    data = tensor.get("data")
    if not isinstance(data, list):
        raise Failure(BAD_REQUEST, f"input '{name}': 'data' must be a list")
    elements = _flat(data)
    check_count(name, tensor["shape"], len(elements))
    wrong = set(map(type, elements)) - _ALLOWED[tensor["datatype"]]
    if wrong:
        kinds = " and ".join(sorted(_json_type(kind()) for kind in wrong))
        raise Failure(BAD_REQUEST, f"input '{name}': datatype {tensor['datatype']} does not go with data of {kinds}")


def _flat(data: list[Any]) -> list[Any]:
    """Lists of lists may stand for a tensor of more than one dimension."""
    while data and isinstance(data[0], list):
        if not all(isinstance(row, list) for row in data):
            break
        data = [element for row in data for element in row]
    return data


def _check_data(data: Any) -> None:
    if not isinstance(data, dict):
        raise Failure(BAD_REQUEST, f"'data' must be an object, not {_json_type(data)}")
    found = [name for name in ("tensor", "ndarray", "tftensor") if data.get(name) is not None]
    if len(found) != 1:
        got = " and ".join(found) or "none"
        raise Failure(BAD_REQUEST, f"'data' must have one of tensor, ndarray, tftensor; it has {got}")
    if found == ["ndarray"] and not isinstance(data["ndarray"], list):
        raise Failure(BAD_REQUEST, f"'data.ndarray' must be a list, not {_json_type(data['ndarray'])}")
    if found == ["tensor"]:
        _check_seldon_tensor(data["tensor"])


def _check_seldon_tensor(tensor: Any) -> None:
    values = tensor.get("values") if isinstance(tensor, dict) else None
    if not isinstance(values, list) or set(map(type, values)) - {int, float}:
        raise Failure(BAD_REQUEST, "'data.tensor' must have 'values', a list of numbers")
    check_shape("data.tensor", tensor.get("shape"))
    check_count("data.tensor", tensor["shape"], len(values))


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
