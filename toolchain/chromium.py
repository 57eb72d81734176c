"""A browser, which only tests and figures need: the one on PATH, else Debian's Chromium without a screen.

Its package and those that it needs and this machine lacks are unpacked into the cache; nothing is installed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from seldon_infra.core import debian
from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run, say

PACKAGE = "chromium-headless-shell"
NAMES = (PACKAGE, "chromium", "google-chrome")
FETCH_SECONDS = 900.0
_BINARY = f"usr/lib/chromium/{PACKAGE}"


def program() -> Path:
    """Give the executable, whether it is there already or not."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else _unpacked() / _BINARY


def environment() -> dict[str, str]:
    """Give what the executable is started with, beside the rest of the environment."""
    libraries = sorted({str(file.parent) for file in _unpacked().glob("usr/lib/*/**/*.so*")})
    return {"LD_LIBRARY_PATH": os.pathsep.join(libraries)} if libraries else {}


def provide() -> None:
    """Fetch and unpack it, where neither PATH nor the cache has it."""
    if program().is_file():
        return
    if not debian.has_apt():
        raise SetupFailed(f"there is no apt to fetch a browser with: put one of {', '.join(NAMES)} on PATH")
    _unpacked().parent.mkdir(parents=True, exist_ok=True)
    with held(_unpacked().with_suffix(".lock"), "Chromium", 2 * FETCH_SECONDS, say):
        if not _unpacked().is_dir():
            debian.unpack((PACKAGE,), _unpacked(), _step)


def _step(name: str, command: Sequence[str]) -> None:
    run(name, command, timeout=FETCH_SECONDS)


def _unpacked() -> Path:
    return cache_dir() / "chromium" / "debian"
