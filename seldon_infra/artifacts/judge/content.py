"""Judges a model's files, each by its content: whatever a file is called, what it is decides how it is read."""

from __future__ import annotations

import ast
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, Protocol, cast

from seldon_infra.artifacts.judge.archives import is_tar, judge_tar, judge_zip
from seldon_infra.artifacts.judge.finding import (
    DEEPEST,
    LARGEST_TEXT,
    MOST_FINDINGS,
    Finding,
    Garbled,
    Unreadable,
)
from seldon_infra.artifacts.judge.graphs import judge_onnx, judge_tensorflow
from seldon_infra.artifacts.judge.keras import HDF5, description_of, judge_description, judge_hdf5, judge_text
from seldon_infra.artifacts.judge.names import allowed
from seldon_infra.artifacts.judge.pickles import Allowed, is_pickle, judge_pickle, judge_text_pickle
from seldon_infra.artifacts.judge.settings import SETTINGS
from seldon_infra.artifacts.judge.streams import UNREAD, Bounded, decompressed, decompressor
from seldon_infra.artifacts.judge.torchscript import is_code, judge_code

_HEAD = 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_NPY = b"\x93NUMPY"
_NATIVE = (b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_IN_MEMORY = 2**24
"""Bytes of a member that has to be read twice that are kept in memory; larger ones go to a temporary file."""


class File(Protocol):
    """A file of a model."""

    @property
    def name(self) -> str:
        """Its path in the model."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def open(self) -> BinaryIO:
        """Open it, to be read from anywhere."""


@dataclass(frozen=True)
class _Case:
    allowed: Allowed
    trusted: frozenset[str]


def judge(files: Iterable[File], kind: str, trusted: Iterable[str] = ()) -> list[Finding]:
    """Find all that is wrong with a model's files.

    Args:
        files: the model's files.
        kind: of the server that loads them, such as ``sklearn``: each has a list of names of its own.
        trusted: names that are accepted as well: of imports, or of other findings that have one.
    """
    case = _Case(allowed(kind, trusted), frozenset(trusted))
    return [finding for file in files for finding in _judged(file, case)]


def _judged(file: File, case: _Case) -> list[Finding]:
    with file.open() as stream:
        found = (it for it in _whole(stream, file.size, file.name, case, 0) if it.name not in case.trusted)
        return list(islice(dict.fromkeys(found), MOST_FINDINGS))


def _whole(stream: BinaryIO, size: int, file: str, case: _Case, depth: int) -> Iterator[Finding]:
    """Judge what can be read from anywhere: in every way in which one of its readers could take it."""
    head = stream.read(_HEAD)
    stream.seek(0)
    yield from _forward(stream, file, case, depth)
    stream.seek(0)
    if decompressor(head) is not None:
        yield from judge_text_pickle(Bounded(stream), file, case.allowed)
        stream.seek(0)
    if head.startswith(_ZIP) or zipfile.is_zipfile(stream):
        yield from _within_bounds(judge_zip(stream, size, file, _member(case, depth)), file)
    if head.startswith(b"\x08") or file.endswith((".onnx", ".pb", ".graphdef", ".savedmodel")):
        stream.seek(0)
        yield from judge_onnx(stream, size, file)
        yield from judge_tensorflow(stream, size, file)
    if is_code(file):
        stream.seek(0)
        yield from _within_bounds(_code(stream, file), file)
    if _has_hdf5(stream, size):
        stream.seek(0)
        yield from judge_hdf5(Bounded(stream), file)


def _has_hdf5(stream: BinaryIO, size: int) -> bool:
    """HDF5 begins at the start or at a power of two from 512 on."""
    places = chain((0,), (512 << step for step in range(40)))
    for place in places:
        if place + len(HDF5) > size:
            return False
        stream.seek(place)
        if stream.read(len(HDF5)) == HDF5:
            return True
    return False


def _member(case: _Case, depth: int) -> Callable[[BinaryIO, str], Iterator[Finding]]:
    """Give what judges a member of an archive."""

    def member(stream: BinaryIO, file: str) -> Iterator[Finding]:
        if depth >= DEEPEST:
            yield Finding(file, f"is {depth} archives deep", f"must be at most {DEEPEST}")
            return
        head = stream.read(_HEAD)
        whole = cast("BinaryIO", _Ahead(head, stream))
        read_twice = head.startswith((*_ZIP, HDF5, b"\x08")) or file.endswith((".onnx", ".pb")) or is_code(file)
        if not read_twice:
            yield from _forward(whole, file, case, depth + 1)
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as kept:
            size = _keep(whole, cast("BinaryIO", kept))
            yield from _whole(cast("BinaryIO", kept), size, file, case, depth + 1)

    return member


def _keep(stream: BinaryIO, kept: BinaryIO) -> int:
    while piece := stream.read(2**20):
        kept.write(piece)
    size = kept.tell()
    kept.seek(0)
    return size


class _Ahead(io.RawIOBase):
    """A stream of which the first bytes have been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(2**20), b""))
        piece, self._head = self._head[:size], self._head[size:]
        while len(piece) < size:
            more = self._rest.read(size - len(piece))
            if not more:
                break
            piece += more
        return piece


def _forward(stream: BinaryIO, file: str, case: _Case, depth: int) -> Iterator[Finding]:
    """Judge what is read once from its beginning."""
    yield from _within_bounds(_by_head(stream, file, case, depth), file)


def _within_bounds(findings: Iterator[Finding], file: str) -> Iterator[Finding]:
    """Give what was found, and last why there is no more."""
    try:
        yield from findings
    except Garbled:
        return
    except Unreadable as error:
        yield Finding(file, str(error), "must be whole, and within bounds")


def _by_head(stream: BinaryIO, file: str, case: _Case, depth: int) -> Iterator[Finding]:
    head = stream.read(_HEAD)
    rest = cast("BinaryIO", _Ahead(head, stream))
    yield from _unread(head, file)
    inflate = decompressor(head)
    if inflate is not None:
        yield from _compressed(decompressed(rest, inflate), file, case, depth)
    elif is_tar(head):
        yield from judge_tar(rest, file, _member(case, depth))
    elif is_pickle(head):
        yield from judge_pickle(Bounded(rest), file, case.allowed)
    elif head.startswith(_NPY):
        yield from _npy(Bounded(rest), file, case)
    elif not head.startswith((*_ZIP, HDF5)):
        yield from _other(rest, head, file, case)


def _unread(head: bytes, file: str) -> Iterator[Finding]:
    for mark, name in UNREAD:
        if head.startswith(mark):
            yield Finding(file, f"is compressed as {name}", "must be something that can be read here")
    if head.startswith(_NATIVE) or (head.startswith(b"MZ") and b"PE\0\0" in head):
        yield Finding(file, "is native code", "must be a model", file)


def _compressed(stream: BinaryIO, file: str, case: _Case, depth: int) -> Iterator[Finding]:
    """Judge what a compressed file holds."""
    if depth >= DEEPEST:
        raise Unreadable(f"is compressed {depth} times")
    yield from _forward(stream, f"{file}!", case, depth + 1)
    # What is behind the part that a reader needs must not be a bomb either.
    while stream.read(2**20):
        pass


def _npy(stream: Bounded, file: str, case: _Case) -> Iterator[Finding]:
    """A numpy file: its header says whether numbers follow or a pickle. Source: numpy's ``lib/format.py``."""
    head = stream.read(8)
    width = 2 if head[6] == 1 else 4
    length = int.from_bytes(stream.read(width), "little")
    try:
        said = ast.literal_eval(stream.read(min(length, 2**20)).decode("latin-1"))
        kind = repr(said["descr"])
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise Unreadable("has a header that numpy does not write") from None
    if re.search(r"'[|<>=]?O", kind):
        yield from judge_pickle(stream, file, case.allowed)


def _other(stream: BinaryIO, head: bytes, file: str, case: _Case) -> Iterator[Finding]:
    """Judge a text, or something that has no mark."""
    name = file.rpartition("!")[2].rpartition("/")[2]
    if name in SETTINGS:
        yield from SETTINGS[name](_text(stream), file, case.trusted)
    elif head.lstrip()[:1] in (b"{", b"["):
        yield from _json(stream, file)
    else:
        yield from judge_text_pickle(Bounded(stream), file, case.allowed)


def _text(stream: BinaryIO) -> bytes:
    text = Bounded(stream).read(LARGEST_TEXT + 1)
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"has more than {LARGEST_TEXT:,} bytes")
    return text


def _code(stream: BinaryIO, file: str) -> Iterator[Finding]:
    yield from judge_code(_text(stream), file)


def _json(stream: BinaryIO, file: str) -> Iterator[Finding]:
    text = Bounded(stream).read(LARGEST_TEXT + 1)
    if len(text) > LARGEST_TEXT:
        yield from judge_text(Bounded(cast("BinaryIO", _Ahead(text, stream))), file)
    else:
        yield from judge_description(description_of(text), file)
