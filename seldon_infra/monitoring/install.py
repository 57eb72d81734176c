"""Prometheus and its ``promtool`` on this machine: those on PATH, else Debian's package, once per machine.

The package is unpacked into the cache; nothing is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seldon_infra.core import debian
from seldon_infra.core.errors import LimitReached, PartNotFound
from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir

PROGRAMS = ("prometheus", "promtool")
STEP_SECONDS = 600.0
_LAST_LINES = 5


def program(name: str) -> Path:
    """Say where ``prometheus`` or ``promtool`` is or will be."""
    there = shutil.which(name) if all(map(shutil.which, PROGRAMS)) else None
    return Path(there) if there else _unpacked() / name


def provide() -> None:
    """Make both, where neither PATH nor the cache has them; progress goes to stderr.

    Raises:
        PartNotFound: this machine has no apt, or apt does not find the package.
        LimitReached: a step, or another run's, took too long.
    """
    if all(program(name).is_file() for name in PROGRAMS):
        return
    if not debian.has_apt():
        raise PartNotFound("Prometheus", "there is no apt to fetch it with: put prometheus and promtool on PATH")
    _unpacked().parent.mkdir(parents=True, exist_ok=True)
    with held(_unpacked().with_suffix(".lock"), "Prometheus", 2 * STEP_SECONDS, _say):
        if not _unpacked().is_dir():
            debian.unpack(("prometheus",), _unpacked(), _step, part="usr/bin")


def _step(name: str, command: Sequence[str]) -> None:
    _say(f"Prometheus: {name} …")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=STEP_SECONDS)
    except subprocess.TimeoutExpired:
        raise LimitReached(f"Prometheus: {name} took more than {STEP_SECONDS:.0f} s") from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LAST_LINES:])
        raise PartNotFound("Prometheus", f"put prometheus and promtool on PATH, or mend what {name} says:\n{said}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _unpacked() -> Path:
    return cache_dir() / "prometheus" / "debian"
