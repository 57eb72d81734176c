"""Takes a model's files out of an archive that a registry has; nothing is written but files below their folder."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from seldon_infra.artifacts.judge.finding import FREE_BYTES, STEEPEST
from seldon_infra.artifacts.judge.paths import climbs
from seldon_infra.core.errors import ModelNotFound, NotPermitted

_CHUNK = 2**20


def unpack(archive: Path, folder: Path, below: str, uri: str, over: Callable[[BinaryIO], BinaryIO]) -> None:
    """Write what an archive holds.

    Args:
        archive: a tar, compressed or not.
        folder: where its files go.
        below: the folder in the archive that is the model; empty for all of it.
        uri: what the model is called in messages.
        over: gives a stream that counts what is written.

    Raises:
        ModelNotFound: it is no archive.
        NotPermitted: a member would climb out, is a link or a device, or the archive is a bomb.
    """
    left = max(FREE_BYTES, STEEPEST * archive.stat().st_size)
    try:
        with tarfile.open(archive) as members:
            for member in members:
                name = _name(member, below, uri)
                left -= member.size
                if left < 0:
                    raise NotPermitted(f"'{uri}': a layer unpacks to more than {STEEPEST} times its size")
                content = members.extractfile(member) if name is not None and member.isfile() else None
                if name is not None and content is not None:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    with open(folder / name, "wb") as stream:
                        counted = over(stream)
                        while piece := content.read(_CHUNK):
                            counted.write(piece)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ModelNotFound(f"'{uri}': a layer is no archive that can be read ({error})") from None


def _name(member: tarfile.TarInfo, below: str, uri: str) -> str | None:
    """Give a member's path in the model, None for what is none of its files."""
    if climbs(member.name):
        raise NotPermitted(f"'{uri}': the name '{member.name}' would climb out of the model's folder")
    path = PurePosixPath(member.name)
    if not path.is_relative_to(below) or member.isdir() or path == PurePosixPath(below):
        return None
    if not member.isfile():
        raise NotPermitted(f"'{uri}': '{member.name}' is a link or a device; pack the file itself")
    return path.relative_to(below).as_posix()
