"""Whether a value is one that a service's model allows: types, required members, enums, patterns, lengths, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": datetime,
    "structure": Mapping,
    "map": Mapping,
    "list": list,
}


def violations(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """What is wrong with a value, each with its path."""
    wanted = _TYPES[shape.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        yield f"{path}: {value!r} is no {shape.type_name}"
        return
    yield from _bounds(shape, value, path)
    match shape.type_name:
        case "string":
            yield from _text(shape, value, path)
        case "structure":
            yield from _structure(shape, value, path)
        case "list":
            for position, item in enumerate(value):
                yield from violations(shape.member, item, f"{path}[{position}]")
        case "map":
            for key, item in value.items():
                yield from violations(shape.key, key, f"{path} key")
                yield from violations(shape.value, item, f"{path}.{key}")


def _bounds(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not {"min", "max"} & set(shape.metadata):
        return
    size = value if isinstance(value, (int, float)) else len(value)
    low, high = shape.metadata.get("min", size), shape.metadata.get("max", size)
    if not low <= size <= high:
        yield f"{path}: {value!r} is not within {low} and {high}"


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    allowed, pattern = shape.enum, shape.metadata.get("pattern")
    if allowed and value not in allowed:
        yield f"{path}: {value!r} is none of {', '.join(allowed)}"
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path}: {value!r} does not match {pattern}"


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}.{name}: is required"
    for name, item in value.items():
        if name not in shape.members:
            yield f"{path}.{name}: there is no such member"
        elif item is not None:
            yield from violations(shape.members[name], item, f"{path}.{name}")
