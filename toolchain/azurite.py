"""A server that speaks as Azure Blob Storage does, which only tests need: Azurite, an emulator, on Node."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run
from toolchain.go_build import move_into_place, only_one

VERSION = "3.37.0"
PINNED = Path(__file__).with_name("azurite")
INSTALL_TIMEOUT_SECONDS = 900
_MAIN = "node_modules/azurite/dist/src/blob/main.js"


def provide() -> Path:
    """Install Azurite and what it needs, as `toolchain/azurite` pins them, where this machine has not yet."""
    folder = _folder()
    if program().is_file():
        return program()
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise SetupFailed("tests of Azure's stores run Azurite on Node: put node 20 or newer, and npm, on PATH")
    with only_one(folder.parent, "Azurite"):
        if not program().is_file():
            _install(npm, folder)
    return program()


def _install(npm: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as temporary:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(PINNED / name, Path(temporary, name))
        # Nothing of what is installed runs anything of its own here.
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", temporary]
        advice = "Is the network there? Another registry is taken from npm's configuration."
        run(f"installing Azurite {VERSION}", command, timeout=INSTALL_TIMEOUT_SECONDS, advice=advice)
        move_into_place(Path(temporary), folder)


def program() -> Path:
    """Give the script that node runs, whether it is there already or not."""
    return _folder() / _MAIN


def _folder() -> Path:
    return cache_dir() / "azurite" / VERSION
