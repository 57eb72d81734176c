"""What a user types, in a shell that has none of this process's settings."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

SECONDS = 1500


def shell(script: str, folder: Path, status: int = 0, **variables: str) -> str:
    """Run a script to its first failure and give what it printed; it must end with `status`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "VIRTUAL_ENV"))}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == status, f"{script}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def accuracies(text: str) -> dict[str, float]:
    """Read what `seldon-infra verify` printed: transport to accuracy."""
    return {path: float(number) for path, number in re.findall(r"^  (REST|gRPC)  (\d\.\d{3}) ", text, re.MULTILINE)}
