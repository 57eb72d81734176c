"""A browser, which only tests and figures need: the one on PATH, else Debian's Chromium without a screen.

Its package and those that it needs and this machine lacks are unpacked into the cache. Nothing is installed: apt keeps
its lists in a folder that goes afterwards, and needs no rights for what it only fetches.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run, say

PACKAGE = "chromium-headless-shell"
NAMES = (PACKAGE, "chromium", "google-chrome")
FETCH_SECONDS = 900.0
_UNPACK = 'for package in archives/*.deb; do dpkg-deb --extract "$package" tree || exit 1; done'
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
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupFailed(f"there is no apt to fetch a browser with: put one of {', '.join(NAMES)} on PATH")
    _unpacked().parent.mkdir(parents=True, exist_ok=True)
    with held(_unpacked().with_suffix(".lock"), "Chromium", 2 * FETCH_SECONDS, say):
        if not _unpacked().is_dir():
            _fetch(_unpacked())


def _fetch(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
        folder = Path(name)
        for part in ("lists/partial", "archives/partial"):
            (folder / part).mkdir(parents=True)
        places = (f"Dir::State::Lists={folder}/lists", f"Dir::Cache={folder}", "Debug::NoLocking=1")
        apt = ["apt-get", "-q", "-y", *(word for place in places for word in ("-o", place))]
        run("asking for Debian's packages", [*apt, "update"], timeout=FETCH_SECONDS)
        only = ["--no-install-recommends", "--download-only", "install", PACKAGE]
        run("fetching Chromium", [*apt, *only], timeout=FETCH_SECONDS)
        run("unpacking Chromium", ["/bin/sh", "-c", _UNPACK], timeout=FETCH_SECONDS, cwd=folder)
        (folder / "tree").rename(target)


def _unpacked() -> Path:
    return cache_dir() / "chromium" / "debian"
