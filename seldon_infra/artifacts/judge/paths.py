"""Paths that a file names: they stay within the model's folder, or they are refused."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

STAYS = "must stay within the model's folder"
_DRIVE = re.compile(r"[A-Za-z]:")


def climbs(path: str) -> bool:
    """Tell whether a path leads out of the folder that it starts from, on any system."""
    plain = path.replace("\\", "/")
    absolute = plain.startswith(("/", "~")) or _DRIVE.match(plain) is not None
    return absolute or "\0" in path or ".." in PurePosixPath(plain).parts


def link_climbs(member: str, target: str) -> bool:
    """Tell whether a link in an archive leads out of it."""
    plain = target.replace("\\", "/")
    if climbs(plain.replace("../", "")) or plain.startswith("/"):
        return True
    depth = len(PurePosixPath(member).parts) - 1
    for part in PurePosixPath(plain).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False
