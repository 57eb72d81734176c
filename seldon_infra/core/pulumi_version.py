"""Which versions of the Pulumi CLI serve; the standard library only, for set-up asks before anything is installed."""

from __future__ import annotations

import re
from typing import Literal

OLDEST, TOO_NEW = (3, 259, 0), (4,)
"""The oldest that serves, and the first that no longer does."""


def numbers(text: str) -> tuple[int, ...] | None:
    """Read the first version of three numbers in a text.

    >>> numbers("v3.259.0")
    (3, 259, 0)
    """
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else None


def judge(version: tuple[int, ...]) -> Literal["ok", "too old", "too new"]:
    """Say whether a version of the CLI serves.

    >>> judge((4, 0, 0))
    'too new'
    """
    if version < OLDEST:
        return "too old"
    return "ok" if version < TOO_NEW else "too new"
