"""From `make up` in a set-up clone, where nothing runs yet, to the first predictions."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.table import Figure

ROOT = Path(__file__).parent.parent
STEP_SECONDS = 600


def figures() -> list[Figure]:
    """Measure in a clone of the last commit, and end what it started."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _run(["git", "clone", "--quiet", str(ROOT), str(clone)], Path(folder))
        _run(["make", "setup"], clone)
        try:
            begun = time.perf_counter()
            _run(["make", "up"], clone)
            seconds = time.perf_counter() - begun
        finally:
            _run([".venv/bin/pulumi", "destroy", "--stack", "local", "--yes", "--skip-preview"], clone)
    return [Figure("make up, training and all held-out rows included", f"{seconds:.1f} s", "aim: at most 20 s")]


def _run(command: list[str], folder: Path) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "VIRTUAL_ENV"))}
    subprocess.run(command, cwd=folder, env=settings, check=True, capture_output=True, timeout=STEP_SECONDS)
