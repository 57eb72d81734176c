"""`make lock`: write the lock files anew, from pyproject.toml and from every requirements.in (servers, scanners).

`make lock ARGS=--upgrade` takes newer versions, `make lock ARGS=triton` writes one model server's lock alone. The files
hold names, versions and hashes and no address, so they work behind any mirror. Beside a requirements.in may lie an
overrides.txt, with requirements that hold in the place of what packages say of their dependencies.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from toolchain.console import SetupFailed, run, say

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
PAYLOAD_LOG = ROOT / "seldon_infra" / "payload_log"
SERVERS = sorted(file.parent.name for file in ROOT.glob("servers/*/requirements.in"))
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes")
LIBRARY = ("--extra", "local", "--group", "build")
_EXTRAS = ("cluster", "artifacts", "payloads", "kafka", "signatures", "tracing")
EXTRAS = tuple(word for name in _EXTRAS for word in ("--extra", name))
DEVELOPMENT = (*LIBRARY, *EXTRAS, "--group", "dev", "--constraints", "requirements.lock")
SERVER_COMMAND = f"uv pip compile requirements.in {' '.join(OPTIONS)} --output-file requirements.lock"
"""Stands in a server's lock. It must stay as it is: an environment is known by every byte of its lock."""
OVERRIDES = "overrides.txt"
LOCK_TIMEOUT_SECONDS = 600


def main(arguments: Sequence[str]) -> int:
    """Write the locks of the servers that are named, else all; other words are options of uv."""
    named = [word for word in arguments if word in SERVERS]
    options = [word for word in arguments if word not in SERVERS]
    try:
        if not named:
            # The development lock lies on top of the library's versions.
            _lock(ROOT, "pyproject.toml", "requirements.lock", "make lock", (*LIBRARY, *options))
            _lock(ROOT, "pyproject.toml", "requirements-dev.lock", "make lock", (*DEVELOPMENT, *options))
            _lock(ROOT / "toolchain" / "judges", "requirements.in", "requirements.lock", SERVER_COMMAND, options)
            # What runs in the image is what was tested.
            tested = ("--constraints", ROOT / "requirements-dev.lock", "--no-annotate")
            _lock(PAYLOAD_LOG, "requirements.in", "requirements.lock", SERVER_COMMAND, (*map(str, tested), *options))
        for name in named or SERVERS:
            _lock(ROOT / "servers" / name, "requirements.in", "requirements.lock", SERVER_COMMAND, options)
    except SetupFailed as failure:
        say(str(failure))
        return 1
    return 0


def _lock(folder: Path, source: str, lock: str, says: str, options: Sequence[str]) -> None:
    overrides = ["--overrides", OVERRIDES] if (folder / OVERRIDES).exists() else []
    command = ["pip", "compile", "--quiet", source, *OPTIONS, *overrides, "--custom-compile-command", says, *options]
    name = f"writing {(folder / lock).relative_to(ROOT)}"
    run(name, [UV, *command, "--output-file", lock], cwd=folder, timeout=LOCK_TIMEOUT_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
