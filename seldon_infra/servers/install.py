"""Environments of model servers: one per server, version and lock file, made once per machine by uv.

An environment has its own path written into its programs, so it cannot be made elsewhere and moved into place: a file
that is written last says that it is whole, and whoever wants the same one meanwhile waits for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from seldon_infra.core.errors import LimitReached, NotPermitted, PartNotFound
from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir
from seldon_infra.servers.debian import add_packages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seldon_infra.servers.entry import CatalogueEntry

INSTALL_SECONDS = 1800
"""How long downloads and installation of one server may take."""
COMPLETE = "complete"
"""File that is written last into an environment."""
WAIT_SECONDS = 2 * INSTALL_SECONDS
"""How long to wait for another run that makes the same environment."""
TICK_SECONDS = 5.0
_LAST_LINES = 15


def environment_path(entry: CatalogueEntry, requirements: Sequence[str] = ()) -> Path:
    """Say where a server's environment is or will be; ``requirements`` are what a user's class needs beside it."""
    debian = entry.debian.packages if entry.debian else ()
    content = "\n".join([entry.python, *sorted(requirements), *debian]).encode() + entry.lock.read_bytes()
    return cache_dir() / "servers" / entry.home.name / f"{entry.version}-{hashlib.sha256(content).hexdigest()[:12]}"


def is_made(entry: CatalogueEntry, requirements: Sequence[str] = ()) -> bool:
    """Tell whether a server's environment is there and whole."""
    return (environment_path(entry, requirements) / COMPLETE).exists()


def environment(entry: CatalogueEntry, requirements: Sequence[str] = ()) -> Path:
    """Make a server's environment if it is not there, and return its path. Progress goes to stderr.

    Raises:
        PartNotFound: there is no uv or no Python that the server can run on, or a package could not be had.
        LimitReached: the installation, or another run's, took too long.
        NotPermitted: the cache folder cannot be written.
    """
    target = environment_path(entry, requirements)
    if is_made(entry, requirements):
        return target
    _make_folder(target.parent)
    lock = target.with_name(f"{target.name}.lock")
    with held(lock, f"{entry.name} {entry.version}", WAIT_SECONDS, _say):
        if not is_made(entry, requirements):
            _make(entry, requirements, target)
    return target


def _make(entry: CatalogueEntry, requirements: Sequence[str], target: Path) -> None:
    start = time.monotonic()
    _say(f"{entry.name} {entry.version}: making its environment (once per machine) …")
    shutil.rmtree(target, ignore_errors=True)  # what an interrupted run left
    uv = program()
    step("making the environment", [uv, "venv", "--quiet", "--python", entry.python, str(target)], entry)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(target / "bin" / "python")]
    # The lock is whole; what overrides.txt took out of it must not come back as somebody's dependency.
    locked = ["--require-hashes", "--no-deps", "--requirements", str(entry.lock)]
    step("installing its packages", [*install, *locked], entry)
    if requirements:
        more = [*install, "--constraints", str(_constraints(entry, target)), *requirements]
        step("installing what the class requires", more, entry)
    if entry.debian:
        add_packages(entry, entry.debian, target, step)
    (target / COMPLETE).touch()
    _say(f"{entry.name} {entry.version}: ready after {time.monotonic() - start:.0f} s, in {target}")


def _constraints(entry: CatalogueEntry, target: Path) -> Path:
    """Write the lock's versions without hashes, so that a class's requirements cannot change the server's own."""
    file = target / "constraints.txt"
    file.write_text("\n".join(pins(entry)), encoding="utf-8")
    return file


def pins(entry: CatalogueEntry) -> list[str]:
    """Give the versions that a server's lock says, without their hashes."""
    lines = entry.lock.read_text(encoding="utf-8").splitlines()
    return [line.removesuffix("\\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))]


def step(name: str, command: Sequence[str], entry: CatalogueEntry) -> None:
    """Run one step of an installation.

    Raises:
        PartNotFound: it failed; its last words say why.
        LimitReached: it took too long.
    """
    said = failure(name, command, entry)
    if said:
        raise PartNotFound(f"model server '{entry.name}'", f"mend what its installation says and run it again:\n{said}")


def failure(name: str, command: Sequence[str], entry: CatalogueEntry) -> str:
    """Run a command with a sign of life every few seconds; give its last words if it fails, else nothing.

    Raises:
        LimitReached: it took too long.
    """
    settings = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            command, env=settings, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"{entry.name} {entry.version}: {name}", entry)
        except BaseException:
            process.kill()
            process.wait()
            raise
        said.seek(0)
        last = "\n".join(said.read().strip().splitlines()[-_LAST_LINES:])
        return (last or f"exit status {process.returncode}") if process.returncode else ""


def _wait(process: subprocess.Popen[bytes], step: str, entry: CatalogueEntry) -> None:
    start = time.monotonic()
    while time.monotonic() < start + INSTALL_SECONDS:
        with suppress(subprocess.TimeoutExpired):
            process.wait(TICK_SECONDS)
            return
        _say(f"{step}: {time.monotonic() - start:.0f} s")
    raise LimitReached(
        f"server '{entry.name}': not installed after {INSTALL_SECONDS} s; check the connection and run it again"
    )


def program() -> str:
    """Find uv.

    Raises:
        PartNotFound: it is not on this machine.
    """
    try:
        from uv import find_uv_bin
    except ImportError:
        found = shutil.which("uv")
    else:
        found = find_uv_bin()
    if found is None:
        raise PartNotFound("uv, which installs model servers,", "run: pip install 'seldon-infra[local]'")
    return found


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotPermitted(
            f"{folder} cannot be made: {error.strerror}; let SELDON_INFRA_CACHE name a folder of yours"
        ) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
