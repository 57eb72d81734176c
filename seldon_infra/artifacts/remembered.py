"""What was read of large files, kept in the user's cache, so that an unchanged one is not read again at each preview.

A file counts as unchanged while its path, device, inode, size, time of change and time of status are the same. The last
is set by the kernel at every write, so an edit that puts the other times back is seen. A file whose status is younger
than the coarsest clock of a file system is read, and not remembered: a second edit in the same tick would not be seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from seldon_infra.core import atomic
from seldon_infra.core.paths import cache_dir

SMALLEST = 2**20
"""Bytes from which a file is remembered; smaller ones are read as fast as what is remembered of them."""
SETTLED_NS = 2_000_000_000
"""How long a file has to be left alone: FAT keeps times to 2 seconds, all others finer ones."""
MOST = 2000
"""Files that are remembered; beyond that the half that was read longest ago is forgotten."""

Plain: TypeAlias = str | list[list[str | None]]
T = TypeVar("T", bound=Plain)
_Mark: TypeAlias = list[int]
_SIZE, _STATUS = 2, 4
"""Where in a mark the size and the time of status are."""


def remembered(path: Path, what: str, read: Callable[[], T]) -> T:
    """Give what was read of a file before, or read it.

    Args:
        path: the file.
        what: what is read of it, and all that the result depends on beside the file.
        read: reads it; what it gives is plain data.
    """
    mark = _mark(path)
    if mark[_SIZE] < SMALLEST:
        return read()
    entry = _entry(path)
    known: dict[str, Any] = entry["known"] if entry.get("mark") == mark else {}
    if what in known:
        return cast("T", known[what])
    began = time.time_ns()
    found = read()
    if mark[_STATUS] < began - SETTLED_NS and _mark(path) == mark:
        note(_place(path), {"mark": mark, "known": known | {what: found}})
    return found


def _mark(path: Path) -> _Mark:
    said = path.stat()
    return [said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns, said.st_ctime_ns]


def _place(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
    return cache_dir() / "read" / f"{name}.json"


def _entry(path: Path) -> dict[str, Any]:
    """Give what is remembered of a file; what cannot be read is as good as nothing."""
    try:
        found = json.loads(_place(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(place: Path, entry: object) -> None:
    """Write an entry in one move, as JSON. A cache that cannot be written is none."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write(place, json.dumps(entry))
        _forget_oldest(place.parent)


def _forget_oldest(folder: Path) -> None:
    """Keep a folder of remembered things from growing without end."""
    there = list(folder.glob("*.json"))
    if len(there) > MOST:
        for old in sorted(there, key=lambda file: file.stat().st_mtime_ns)[: len(there) // 2]:
            old.unlink(missing_ok=True)
