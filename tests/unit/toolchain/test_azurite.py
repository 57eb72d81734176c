"""Installing Azurite: what npm, here a script, is asked for, and what is left where it fails or is not there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from toolchain import azurite
from toolchain.console import SetupFailed

NPM = """#!/bin/sh
while test "$1" != --prefix; do shift; done
test -f "$2/package-lock.json" || exit 1
mkdir -p "$2/node_modules/azurite/dist/src/blob"
echo made > "$2/node_modules/azurite/dist/src/blob/main.js"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of programs that are on PATH beside the shell's; nothing is in it yet."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "bin"


def add(programs: Path, name: str, text: str) -> None:
    (programs / name).write_text(text)
    (programs / name).chmod(stat.S_IRWXU)


def test_what_is_pinned_appears_at_once_and_whole(programs: Path) -> None:
    add(programs, "npm", NPM)
    add(programs, "node", "#!/bin/sh\n")
    assert azurite.provide().read_text() == "made\n"
    add(programs, "npm", "#!/bin/sh\nexit 1\n")
    assert azurite.provide() == azurite.program()


def test_an_installation_that_fails_leaves_nothing_and_says_why(programs: Path) -> None:
    add(programs, "npm", "#!/bin/sh\necho no such registry\nexit 1\n")
    add(programs, "node", "#!/bin/sh\n")
    with pytest.raises(SetupFailed, match=r"no such registry\nIs the network there"):
        azurite.provide()
    assert [file.name for file in azurite.program().parents[6].iterdir()] == [".lock"]


def test_a_machine_without_node_is_told_so(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(SetupFailed, match="put node 20 or newer, and npm, on PATH"):
        azurite.provide()


def test_the_version_is_the_one_that_is_locked() -> None:
    locked = json.loads((azurite.PINNED / "package-lock.json").read_text())["packages"]
    assert locked["node_modules/azurite"]["version"] == azurite.VERSION
    assert [name for name, each in locked.items() if name and not each.get("integrity")] == []
