"""Bytes of a file as they come, decompressed no further than a bound."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from seldon_infra.artifacts.judge.finding import FREE_BYTES, STEEPEST, Garbled, Unreadable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

_CHUNK = 2**16
_LZMA_MEMORY = 256 * 2**20
"""Bytes of a dictionary that an xz stream may ask for; ``xz -9`` takes 64 MiB."""


class Decompressor(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows it."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Give up to so many bytes."""


class _Zlib:
    """Makes zlib keep what it has not taken, as bz2 and lzma do."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        given = self._inner.decompress(self._rest + data, max_length)
        self._rest = self._inner.unconsumed_tail
        return given


KINDS: tuple[tuple[bytes, str, Callable[[], Decompressor]], ...] = (
    (b"\x1f\x8b", "gzip", _Zlib),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", "xz", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
    (b"\x5d\0", "lzma", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
)
UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"ZF0x", "joblib's form before 0.10"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
)
"""Compressions that the standard library cannot undo, so that nobody can say what is in such a file."""


def decompressor(head: bytes) -> Callable[[], Decompressor] | None:
    """Tell by a file's first bytes how it is compressed."""
    found = next((make for magic, _, make in KINDS if head.startswith(magic)), None)
    # A zlib stream has no mark but a header that 31 divides; joblib goes by its first byte.
    is_zlib = head.startswith(b"\x78") and int.from_bytes(head[:2], "big") % 31 == 0
    make = found or (_Zlib if is_zlib else None)
    return make if make and _begins(make(), head) else None


def _begins(inner: Decompressor, head: bytes) -> bool:
    """Tell whether bytes that have the mark go on like that; a text may begin so too."""
    try:
        inner.decompress(head, 1)
    except (zlib.error, lzma.LZMAError, OSError, ValueError):
        return False
    return True


def decompressed(stream: BinaryIO, make: Callable[[], Decompressor]) -> BinaryIO:
    """Give what a compressed stream holds, as a stream that raises Unreadable beyond the bound."""
    return cast("BinaryIO", io.BufferedReader(_Decompressed(stream, make), _CHUNK))


class _Decompressed(io.RawIOBase):
    def __init__(self, stream: BinaryIO, make: Callable[[], Decompressor]) -> None:
        self._stream, self._make, self._inner = stream, make, make()
        self._taken = self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        data = self._some(len(room))
        room[: len(data)] = data
        return len(data)

    def _some(self, most: int) -> bytes:
        """Give the next bytes, b"" at the end."""
        fed = b""
        while True:
            if self._inner.eof:
                fed = self._next_member()
                if not fed:
                    return b""
            try:
                data = self._inner.decompress(fed, most)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError) as error:
                raise Garbled(f"cannot be decompressed: {error}") from None
            if data:
                self._given += len(data)
                self._bound()
                return data
            if not self._inner.eof:
                fed = self._stream.read(_CHUNK)
                self._taken += len(fed)
                if not fed:
                    return b""

    def _next_member(self) -> bytes:
        """What is compressed in several pieces goes on; anything else behind the end is not read by anybody."""
        rest = self._inner.unused_data or self._stream.read(_CHUNK)
        if decompressor(rest) is None:
            return b""
        self._inner = self._make()
        return rest

    def _bound(self) -> None:
        if self._given > max(FREE_BYTES, STEEPEST * self._taken):
            raise Unreadable(f"unpacks to more than {STEEPEST} times its size")


class Bounded:
    """A stream that never reads more at once than it is worth, for the readers of the standard library."""

    def __init__(self, stream: BinaryIO, head: bytes = b"") -> None:
        self._stream, self._head = stream, head
        self._position = 0

    def tell(self) -> int:
        """How much has been read."""
        return self._position

    def read(self, size: int, /) -> bytes:
        """Read so many bytes, fewer at the end; a claimed size costs no memory by itself."""
        pieces, lacking = [], size
        while lacking > 0:
            piece = self._take(min(lacking, 2**20))
            if not piece:
                break
            pieces.append(piece)
            lacking -= len(piece)
        return b"".join(pieces)

    def skip(self, size: int) -> int:
        """Read so many bytes and forget them; give how many there were."""
        lacking = size
        while lacking > 0:
            piece = self._take(min(lacking, 2**20))
            if not piece:
                break
            lacking -= len(piece)
        return size - lacking

    def readline(self) -> bytes:
        """Read one line, of a length that a name may have."""
        line = bytearray()
        while len(line) < 2**20 and not line.endswith(b"\n"):
            byte = self._take(1)
            if not byte:
                break
            line += byte
        return bytes(line)

    def _take(self, size: int) -> bytes:
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
        else:
            piece = self._stream.read(size)
        self._position += len(piece)
        return piece
