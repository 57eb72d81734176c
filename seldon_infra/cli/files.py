"""Files that a crash leaves old or new, never half, and that may be compressed as the engine compresses them."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_SUFFIX = ".gz"


def write_safely(file: Path, content: bytes) -> None:
    """Write a file so that after a crash there is the old one or the new one, whole."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def plain(content: bytes) -> bytes:
    """Return what a file says, whether or not it is compressed.

    Raises:
        OSError, EOFError, zlib.error: it is compressed and broken.

    >>> plain(gzip.compress(b"{}"))
    b'{}'
    """
    return gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content


def packed_for(file: Path, content: bytes) -> bytes:
    """Return content as a file of this name holds it: compressed if its name says so.

    >>> packed_for(Path("test.json"), gzip.compress(b"{}"))
    b'{}'
    """
    if file.suffix != _GZIP_SUFFIX:
        return plain(content)
    return content if content.startswith(_GZIP_MAGIC) else gzip.compress(content)
