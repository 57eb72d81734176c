"""What can be known to be wrong with a request before any server sees it."""

from __future__ import annotations

import binascii
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import orjson

from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, Failure, brief

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
_RANGES = {
    "BOOL": (0, 1),
    **{name: (-(1 << 8 * SIZES[name] - 1), (1 << 8 * SIZES[name] - 1) - 1) for name in _INTEGERS if name[0] == "I"},
    **{name: (0, (1 << 8 * SIZES[name]) - 1) for name in _INTEGERS if name[0] == "U"},
}
MOST_SIZES = 32
"""Sizes of one shape; numpy has 64 and 32 before it."""
LARGEST_EMPTY = 1 << 20
"""Product of the sizes beside a 0: a server may make something for each of them though there is no data."""
_ID = re.compile(r"[!-~]{1,256}")
_T = TypeVar("_T")


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


def to_json(tree: Any) -> bytes:
    """Write what was parsed.

    Raises:
        Failure: 400, it is nested more deeply than may be written, though not too deeply to be read.
    """
    try:
        return orjson.dumps(tree)
    except orjson.JSONEncodeError as error:
        raise Failure(BAD_REQUEST, f"the message is nested too deeply: {error}") from None


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
    check_id(tree.get("id"))
    _check_outputs(tree.get("outputs"))
    if tree.get("parameters") is not None:
        _require("parameters", tree["parameters"], dict)


def check_id(id_: Any) -> None:
    """Hold a request's id against what servers can send back in a header.

    Raises:
        Failure: 400.
    """
    if id_ is not None and not (isinstance(id_, str) and _ID.fullmatch(id_)):
        raise Failure(BAD_REQUEST, "'id' must be 1 to 256 printable ASCII characters without blanks")


def check_seldon(tree: dict[str, Any]) -> None:
    """Hold a message of Seldon's protocol against its own shapes.

    Raises:
        Failure: 400, naming the field and the value.
    """
    found = [name for name in PAYLOADS if tree.get(name) is not None]
    if len(found) != 1:
        got = " and ".join(found) or "none"
        raise Failure(BAD_REQUEST, f"the message must have one of {', '.join(PAYLOADS)}; it has {got}")
    _PAYLOAD_CHECKS[found[0]](tree[found[0]])


def check_meta(meta: Any) -> dict[str, Any]:
    """Hold the ``meta`` of a Seldon message against its fields; an empty one where there is none.

    Raises:
        Failure: 400, naming the field.
    """
    if meta is None:
        return {}
    found: dict[str, Any] = _require("meta", meta, dict)
    if found.get("puid") is not None:
        _require("meta.puid", found["puid"], str)
    if found.get("tags") is not None:
        _require("meta.tags", found["tags"], dict)
    return found


def refused(tensor: str, text: str) -> Failure:
    """Say what is wrong with a tensor of the client's."""
    return Failure(BAD_REQUEST, f"input '{brief(tensor)}': {text}")


def check_count(name: str, shape: Any, count: int) -> None:
    """Hold the number of a tensor's elements against its shape, of which :func:`check_shape` has seen the length.

    Raises:
        Failure: 400, naming the tensor.
    """
    needed = math.prod(shape)
    if needed != count:
        said = needed if needed < 1 << 63 else "more than 2^63"
        raise refused(name, f"shape {shown(shape)} needs {said} elements, its data has {count}")


def shown(shape: Any) -> str:
    """Write a shape as one does by hand."""
    return brief("x".join(map(str, shape)))


def check_shape(name: str, shape: Any) -> None:
    """Hold a shape against what a shape is.

    Raises:
        Failure: 400, naming the tensor.
    """
    if not isinstance(shape, list) or len(shape) > MOST_SIZES:
        raise refused(name, f"'shape' must be a list of at most {MOST_SIZES} sizes")
    if not all(type(size) is int and 0 <= size < 1 << 63 for size in shape):
        raise refused(name, "'shape' must be a list of sizes from 0 up and below 2^63")
    if 0 in shape and math.prod(filter(None, shape)) > LARGEST_EMPTY:
        raise refused(name, f"the sizes beside a 0 must multiply to {LARGEST_EMPTY} at most")


def check_datatype(name: str, datatype: Any) -> None:
    """Hold a datatype against those of the protocol.

    Raises:
        Failure: 400, naming the tensor.
    """
    if not isinstance(datatype, str) or datatype not in _ALLOWED:
        raise refused(name, f"'datatype' is {brief(repr(datatype))}, must be one of {', '.join(_ALLOWED)}")


def check_range(name: str, datatype: str, elements: Collection[Any]) -> None:
    """Hold whole numbers against what their datatype can hold.

    Raises:
        Failure: 400, naming the tensor and a number.
    """
    if datatype in _RANGES and elements:
        lowest, highest = _RANGES[datatype]
        for found in (min(elements), max(elements)):
            if not lowest <= found <= highest:
                raise refused(name, f"datatype {datatype} holds {lowest} to {highest}, its data has {found}")


def _check_outputs(outputs: Any) -> None:
    if not isinstance(outputs, list | None):
        raise Failure(BAD_REQUEST, f"'outputs' must be a list, not {_json_type(outputs)}")
    for index, output in enumerate(outputs or ()):
        if not isinstance(output, dict) or not isinstance(output.get("name"), str):
            raise Failure(BAD_REQUEST, f"outputs[{index}] must be an object with a 'name'")
        if not isinstance(output.get("parameters"), dict | None):
            raise Failure(BAD_REQUEST, f"outputs[{index}]: 'parameters' must be an object")


def _check_tensor(tensor: dict[str, Any]) -> None:
    name = tensor["name"]
    check_shape(name, tensor.get("shape"))
    check_datatype(name, tensor.get("datatype"))
    data = tensor.get("data")
    if not isinstance(data, list):
        raise refused(name, "'data' must be a list")
    elements = _flat(data)
    check_count(name, tensor["shape"], len(elements))
    wrong = set(map(type, elements)) - _ALLOWED[tensor["datatype"]]
    if wrong:
        kinds = " and ".join(sorted(_json_type(kind()) for kind in wrong))
        raise refused(name, f"datatype {tensor['datatype']} does not go with data of {kinds}")
    check_range(name, tensor["datatype"], elements)


def _flat(data: list[Any]) -> list[Any]:
    """Lists of lists may stand for a tensor of more than one dimension."""
    for _ in range(MOST_SIZES):
        if not data or not all(isinstance(row, list) for row in data):
            break
        data = [element for row in data for element in row]
    return data


def _check_data(data: Any) -> None:
    _require("data", data, dict)
    names = data.get("names")
    if not isinstance(names, list | None) or set(map(type, names or ())) - {str}:
        raise Failure(BAD_REQUEST, "'data.names' must be a list of texts")
    found = [name for name in ("tensor", "ndarray", "tftensor") if data.get(name) is not None]
    if len(found) != 1:
        got = " and ".join(found) or "none"
        raise Failure(BAD_REQUEST, f"'data' must have one of tensor, ndarray, tftensor; it has {got}")
    if found == ["tensor"]:
        _check_seldon_tensor(data["tensor"])
    elif found == ["ndarray"]:
        _require("data.ndarray", data["ndarray"], list)
    else:
        _require("data.tftensor", data["tftensor"], dict)


def _check_seldon_tensor(tensor: Any) -> None:
    values = tensor.get("values") if isinstance(tensor, dict) else None
    if not isinstance(values, list) or set(map(type, values)) - {int, float}:
        raise Failure(BAD_REQUEST, "'data.tensor' must have 'values', a list of numbers")
    check_shape("data.tensor", tensor.get("shape"))
    check_count("data.tensor", tensor["shape"], len(values))


def _check_binary(data: Any) -> None:
    try:
        binascii.a2b_base64(_require("binData", data, str), strict_mode=True)
    except ValueError as error:
        raise Failure(BAD_REQUEST, f"'binData' must be base64: {error}") from None


_PAYLOAD_CHECKS: Mapping[str, Callable[[Any], object]] = {
    "data": _check_data,
    "binData": _check_binary,
    "strData": lambda data: _require("strData", data, str),
    "jsonData": lambda _: None,
    "customData": lambda data: _require("customData", data, dict),
}
"""Fields of a Seldon message of which one holds the payload, and what each must be."""
PAYLOADS = tuple(_PAYLOAD_CHECKS)


def _require(field: str, value: Any, type_: Callable[[], _T]) -> _T:
    example = type_()
    if not isinstance(value, type(example)):
        raise Failure(BAD_REQUEST, f"'{field}' must be {_json_type(example)}, not {_json_type(value)}")
    return value


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
