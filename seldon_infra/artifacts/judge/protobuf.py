"""Walks messages of Protocol Buffers by their field numbers, without their classes and without reading what is large.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from seldon_infra.artifacts.judge.finding import Unreadable

_DEEPEST = 100
"""As protobuf's own readers have it."""
_LONGEST = 2**16
"""Bytes of a text that is kept."""


@dataclass
class Message:
    """Which fields of a message are messages to walk, and which texts are told."""

    fields: dict[int, Message] = field(default_factory=dict)
    texts: tuple[int, ...] = ()


def walk(stream: BinaryIO, message: Message, end: int, depth: int = 0) -> Iterator[tuple[Message, Mapping[int, str]]]:
    """Give the texts of each message that has some, up to the position ``end``.

    Raises:
        Unreadable: it is no such message.
    """
    if depth > _DEEPEST:
        raise Unreadable("holds messages too deep in each other")
    texts: dict[int, str] = {}
    while stream.tell() < end:
        tag = _varint(stream)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise Unreadable("is no such message")
        if wire == 2:
            stop = _varint(stream) + stream.tell()
            if stop > end:
                raise Unreadable("ends within a field")
            if number in message.fields:
                yield from walk(stream, message.fields[number], stop, depth + 1)
            elif number in message.texts:
                texts[number] = stream.read(min(stop - stream.tell(), _LONGEST)).decode("utf-8", "replace")
            stream.seek(stop)
        else:
            _pass(stream, wire)
    if stream.tell() > end:
        raise Unreadable("ends within a field")
    if texts:
        yield message, texts


def _pass(stream: BinaryIO, wire: int) -> None:
    match wire:
        case 0:
            _varint(stream)
        case 1:
            stream.seek(8, 1)
        case 5:
            stream.seek(4, 1)
        case _:
            raise Unreadable("is no such message")


def _varint(stream: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = stream.read(1)
        if not byte:
            raise Unreadable("ends within a field")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise Unreadable("is no such message")
