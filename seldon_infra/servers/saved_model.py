"""What a TensorFlow SavedModel says of itself, read without TensorFlow: which signatures it has.

Only names are looked at, so the file is walked through as protobuf's wire format and no message is made of it. Fields:
``saved_model.proto`` and ``meta_graph.proto`` of tensorflow/tensorflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVED_TAG = b"serve"
"""Tag of the graph that is served."""
INITIALISES = "__saved_model_init_op"
"""Signature by which a SavedModel initialises itself; no client calls it."""
_META_GRAPHS, _META_INFO, _TAGS, _SIGNATURES, _KEY = 2, 1, 4, 5, 1
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def signatures(content: bytes) -> list[str]:
    """Give the names of the signatures that clients may call, in the order of the alphabet.

    Raises:
        ValueError: it is no SavedModel.
    """
    names = [
        _text(entry, _KEY).decode("utf-8", "replace")
        for graph in fields(memoryview(content), _META_GRAPHS)
        if SERVED_TAG in [bytes(tag) for info in fields(graph, _META_INFO) for tag in fields(info, _TAGS)]
        for entry in fields(graph, _SIGNATURES)
    ]
    return sorted(name for name in names if name != INITIALISES)


def _text(message: memoryview, field: int) -> bytes:
    return bytes(next(fields(message, field), b""))


def fields(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Give the content of each field of a number that has a length: texts and messages.

    Raises:
        ValueError: it is no message.
    """
    return (found for number, found in _all(message) if number == wanted and isinstance(found, memoryview))


def numbers(message: memoryview, wanted: int) -> Iterator[int]:
    """Give the value of each field of a number that is a number itself; raises what `fields` raises."""
    return (found for number, found in _all(message) if number == wanted and isinstance(found, int))


def _all(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        elif kind == _LENGTH:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise ValueError("a field ends after the file")
            yield tag >> 3, message[at : at + size]
            at += size
        else:
            raise ValueError(f"a field of kind {kind}")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it ends within a number")
        byte, at = message[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
