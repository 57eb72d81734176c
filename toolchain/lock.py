"""`make lock`: write the lock files anew from pyproject.toml; `make lock ARGS=--upgrade` takes newer versions.

The files hold names, versions and hashes and no address, so they work behind any mirror.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--custom-compile-command", "make lock")
LIBRARY = ("--extra", "local", "--group", "build")
DEVELOPMENT = (*LIBRARY, "--extra", "cluster", "--group", "dev", "--constraints", "requirements.lock")


def main(extra: list[str]) -> None:
    """Write the library's lock, then the development lock on top of the same versions."""
    for name, options in {"requirements.lock": LIBRARY, "requirements-dev.lock": DEVELOPMENT}.items():
        command: list[str | Path] = [
            UV,
            "pip",
            "compile",
            "--quiet",
            "pyproject.toml",
            *OPTIONS,
            *options,
            *extra,
            "--output-file",
            name,
        ]
        subprocess.run(command, cwd=ROOT, check=True, timeout=600)


if __name__ == "__main__":
    main(sys.argv[1:])
