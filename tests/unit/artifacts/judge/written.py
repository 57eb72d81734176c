"""Writes model files byte by byte, the hostile ones too: what no library would write, somebody who attacks does."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

import joblib
import numpy as np


@dataclass(frozen=True)
class File:
    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def text(value: str) -> bytes:
    """A short text, as protocol 4 writes it."""
    return b"\x8c" + bytes([len(value.encode())]) + value.encode()


ARGUMENT = b"\x8c\x02id\x85"
"""A tuple with one text."""


def called_in_protocol_0(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n(S'id'\ntR.".encode()


def as_instance(module: str, name: str) -> bytes:
    return f"(S'id'\ni{module}\n{name}\n.".encode()


def as_object(module: str, name: str) -> bytes:
    return b"\x80\x02(" + f"c{module}\n{name}\n".encode() + b"X\x02\0\0\0ido."


def called_in_protocol_2(module: str, name: str) -> bytes:
    return b"\x80\x02" + f"c{module}\n{name}\n".encode() + b"X\x02\0\0\0id\x85R."


def called_in_protocol_4(module: str, name: str) -> bytes:
    return b"\x80\x04" + text(module) + text(name) + b"\x93" + ARGUMENT + b"R."


def called_from_memo(module: str, name: str) -> bytes:
    """The names come out of the memo, behind something harmless."""
    kept = text(module) + b"\x94" + text(name) + b"\x940" + b"0"
    return b"\x80\x04" + kept + b"]h\x00h\x01\x93" + ARGUMENT + b"Ra."


def broken_off(module: str, name: str) -> bytes:
    """It has run by the time that its reader finds that the end is missing."""
    return called_in_protocol_4(module, name)[:-1]


def as_new_object(module: str, name: str) -> bytes:
    return b"\x80\x04" + text(module) + text(name) + b"\x93" + ARGUMENT + b"\x81."


PICKLES: tuple[Callable[[str, str], bytes], ...] = (
    called_in_protocol_0,
    as_instance,
    as_object,
    called_in_protocol_2,
    called_in_protocol_4,
    called_from_memo,
    broken_off,
    as_new_object,
)


class Calls:
    """What joblib and pickle write as a call, of something whose own module says so."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def joblib_of(value: object) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream)
    return stream.getvalue()


def npy_of(value: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    return stream.getvalue()


def lzma_alone(content: bytes) -> bytes:
    return lzma.compress(content, format=lzma.FORMAT_ALONE)


COMPRESSIONS: tuple[Callable[[bytes], bytes], ...] = (
    zlib.compress,
    gzip.compress,
    bz2.compress,
    lzma.compress,
    lzma_alone,
)


def zip_of(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def tar_of(members: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def varint(value: int) -> bytes:
    piece = value & 0x7F
    return bytes([piece]) if value < 0x80 else bytes([piece | 0x80]) + varint(value >> 7)


def message(*fields: tuple[int, bytes | int]) -> bytes:
    """A protobuf message: numbers as varints, bytes with their length."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            parts.append(varint(number << 3 | 2) + varint(len(value)) + value)
    return b"".join(parts)


def onnx_of(location: str, place: Callable[[bytes], bytes] | None = None) -> bytes:
    """An ONNX model whose weights are in another file; ``place`` puts the tensor into a graph."""
    where = message((1, b"location"), (2, location.encode()))
    tensor = message((1, 2), (2, 1), (8, b"w"), (13, where), (14, 1))
    graph = place(tensor) if place else message((2, b"g"), (5, tensor))
    return message((1, 8), (2, b"pytorch"), (7, graph), (8, message((2, 17))))


def saved_model_of(operations: Iterable[str]) -> bytes:
    nodes = [(1, message((1, f"n{at}".encode()), (2, name.encode()))) for at, name in enumerate(operations)]
    return message((1, 1), (2, message((2, message(*nodes)))))


def saved_model_with_function(operation: str) -> bytes:
    function = message((1, message((1, b"f"))), (3, message((1, b"n"), (2, operation.encode()))))
    return message((1, 1), (2, message((2, message((2, message((1, function))))))))


def hdf5_of(description: object, at: int = 0) -> bytes:
    """As much of an HDF5 file as matters: its mark, and a description that lies in it as it is."""
    return b"\0" * at + b"\x89HDF\r\n\x1a\n" + b"\0" * 300 + json.dumps(description).encode() + b"\0" * 100


def external_link(file: str, inner: str = "/w") -> bytes:
    """A link message of type 64 in an HDF5 file. Source: HDF5's file format specification, IV.A.2.g."""
    target = b"\0" + file.encode() + b"\0" + inner.encode() + b"\0"
    return b"\x01\x08\x40" + b"\x05layer" + struct.pack("<H", len(target)) + target


def keras_of(layer: object) -> object:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}


DENSE = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3, "activation": "relu"}}
LAMBDA = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wE="}}}}


def torch_of(pickle: bytes, *more: tuple[str, bytes]) -> bytes:
    """A file of torch: a zip archive with the pickle and the bare numbers."""
    return zip_of([("m/data.pkl", pickle), ("m/version", b"3\n"), ("m/data/0", b"\0" * 64), *more])
