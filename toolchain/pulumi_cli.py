"""Finds the Pulumi command line, or gets it: from PATH, by the official install, or built from source.

What is installed or built is kept in the cache folder by version, so a machine does it once for all its checkouts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from seldon_infra.core.paths import cache_dir
from seldon_infra.core.pulumi_version import judge, numbers
from toolchain.console import SetupFailed, run, say
from toolchain.go_build import GoProgram, build, move_into_place, only_one

VERSION = "3.259.0"
"""The version that is installed or built: the tests run on this one."""

INSTALL_TIMEOUT_SECONDS = 300
VERSION_SECONDS = 120
"""Ample for a machine that is busy: a CLI that is taken for broken is built anew, for minutes."""
PROGRAM = GoProgram(
    name="Pulumi CLI",
    version=VERSION,
    source=Path(__file__).with_name("pulumi"),
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    ldflags=f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}",
    minutes=4,
)

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
    """Whether this is a Pulumi CLI of a version that serves."""
    version = version_of(cli)
    return version is not None and judge(version) == "ok"


def version_of(cli: Path) -> tuple[int, ...] | None:
    """Return a CLI's version, None where it is no working CLI."""
    if not cli.is_file():
        return None
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [cli, "version"], capture_output=True, text=True, timeout=VERSION_SECONDS, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return numbers(done.stdout) if done.returncode == 0 else None


def _on_path(environment: Path) -> Path | None:
    """Look the CLI up, passing over this checkout's own shim.

    A link is not followed: mise, snap and others link `pulumi` to a program that looks by which name it is called.
    """
    own = str(environment / "bin")
    folders = [folder for folder in os.get_exec_path() if os.path.abspath(folder) != own]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    return Path(found).absolute() if found else None


def _get(environment: Path, kept: Path) -> Path:
    with only_one(kept.parent, "the Pulumi CLI"):
        for ready in (kept / "bin" / "pulumi", kept / "pulumi"):
            if is_good(ready):
                return ready
        return _install(environment, kept) or _build(environment, kept)


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
        if not is_good(Path(folder, "bin", "pulumi")):
            _cannot_install("what it installed does not run here")
            return None
        return move_into_place(Path(folder), kept) / "bin" / "pulumi"


def _cannot_install(reason: str) -> None:
    say(f"the official install of the Pulumi CLI did not work ({reason}); building it from source instead")


def _build(environment: Path, kept: Path) -> Path:
    """Build the CLI from the pinned module."""
    try:
        built = build(PROGRAM, environment, kept) / "pulumi"
    except SetupFailed as failure:
        raise SetupFailed(f"{failure}\nOr install the Pulumi CLI yourself and have it on PATH") from None
    if not is_good(built):
        raise SetupFailed(f"the Pulumi CLI that was built does not run: try `{built} version`")
    return built
