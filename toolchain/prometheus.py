"""Prometheus and its `promtool`, which tests hold rules to: those on PATH, else Debian's package.

The package is unpacked into the cache. Nothing is installed, and apt keeps its lists in a folder that goes afterwards,
so that no rights are needed and nothing of the machine's changes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run
from toolchain.go_build import move_into_place, only_one

PROGRAMS = ("prometheus", "promtool")
TIMEOUT_SECONDS = 600


def provide() -> None:
    """Make both, where neither PATH nor the cache has them.

    Raises:
        SetupFailed: this machine has no apt, or apt finds no such package.
    """
    if all(map(shutil.which, PROGRAMS)) or _unpacked().is_dir():
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SetupFailed(
            "Prometheus is not on PATH, and there is no apt to fetch it: put prometheus and promtool there"
        )
    _unpacked().parent.mkdir(parents=True, exist_ok=True)
    with only_one(_unpacked().parent, "package"):
        if not _unpacked().is_dir():
            _unpack(_unpacked())


def program(name: str) -> Path:
    """Give the executable of ``prometheus`` or ``promtool``."""
    there = shutil.which(name) if all(map(shutil.which, PROGRAMS)) else None
    return Path(there) if there else _unpacked() / name


def _unpack(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".install-") as name:
        folder = Path(name)
        (folder / "lists" / "partial").mkdir(parents=True)
        apt: list[str | Path] = [
            "apt-get",
            "-q",
            "-o",
            f"Dir::State::Lists={folder}/lists",
            "-o",
            f"Dir::Cache={folder}",
        ]
        run("asking for Debian's packages", [*apt, "update"], timeout=TIMEOUT_SECONDS, cwd=folder)
        run("fetching Prometheus", [*apt, "download", "prometheus"], timeout=TIMEOUT_SECONDS, cwd=folder)
        package = next(folder.glob("prometheus_*.deb"))
        run("unpacking Prometheus", ["dpkg-deb", "--extract", package, folder / "tree"], timeout=TIMEOUT_SECONDS)
        move_into_place(folder / "tree" / "usr" / "bin", target)


def _unpacked() -> Path:
    return cache_dir() / "prometheus" / "debian"
