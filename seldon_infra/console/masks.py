"""What of a log the page is told: its last lines, without the values of settings that are secret by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

LOG_LINES = 400
SECRET = re.compile("key|token|secret|password|passphrase|credential|headers", re.IGNORECASE)
_SHORTEST_SECRET = 6


def is_secret(name: str, value: str) -> bool:
    """Tell by its name whether a setting's value is left out; a short one would be found in any text."""
    return bool(SECRET.search(name)) and len(value) >= _SHORTEST_SECRET


def masked(line: str, hidden: Iterable[str]) -> str:
    """Leave values out of a line."""
    for value in hidden:
        line = line.replace(value, "[secret]")
    return line
