"""Environments of model servers are made whole or not at all, and one sees that it goes on. `uv` is a script here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seldon_infra.core.errors import LimitReached, NotPermitted, PartNotFound
from seldon_infra.servers import install
from seldon_infra.servers.catalogue import load
from tests.engine.waiting import wait_until

ENTRY = load("triton")
UV = """#!/bin/sh
echo $$ >> "{folder}/pids"
case $1 in
venv) for path; do :; done; mkdir -p "$path/bin" ;;
pip) {pip} ;;
esac
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(install, "program", lambda: str(tmp_path / "uv"))
    uv(tmp_path)
    return tmp_path / "cache"


def uv(folder: Path, pip: str = ":") -> None:
    (folder / "uv").write_text(UV.format(folder=folder, pip=pip))
    (folder / "uv").chmod(0o755)


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    made = install.environment(ENTRY)
    assert install.is_made(ENTRY)
    (tmp_path / "uv").unlink()
    assert install.environment(ENTRY) == made


def test_a_step_that_fails_says_why_and_the_next_run_makes_it(tmp_path: Path) -> None:
    uv(tmp_path, "echo no route to host >&2; exit 1")
    with pytest.raises(PartNotFound, match=r"(?s)model server 'triton'.*mend what its installation says.*no route"):
        install.environment(ENTRY)
    assert not install.is_made(ENTRY)
    uv(tmp_path)
    install.environment(ENTRY)
    assert install.is_made(ENTRY)


def test_a_long_step_shows_that_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv(tmp_path, f'until test -e "{tmp_path}/enough"; do sleep 0.05; done')
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if sum("installing its packages: " in line for line in said) == 2:
            (tmp_path / "enough").touch()

    monkeypatch.setattr(install, "_say", say)
    monkeypatch.setattr(install, "TICK_SECONDS", 0.1)
    install.environment(ENTRY)
    told = re.compile(rf"triton {re.escape(ENTRY.version)}: installing its packages: \d+ s")
    assert len(list(filter(told.fullmatch, said))) >= 2


def test_a_step_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv(tmp_path, "exec sleep 300")
    pids = tmp_path / "pids"

    def say(text: str) -> None:
        if pids.exists() and len(pids.read_text().split()) == 2:  # the second one has begun
            monkeypatch.setattr(install, "INSTALL_SECONDS", 0)

    monkeypatch.setattr(install, "_say", say)
    monkeypatch.setattr(install, "TICK_SECONDS", 0.1)
    with pytest.raises(LimitReached, match="not installed after 0 s"):
        install.environment(ENTRY)
    assert not install.is_made(ENTRY)
    wait_until(lambda: not Path(f"/proc/{pids.read_text().split()[-1]}").exists())


def test_a_cache_folder_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotPermitted, match="let SELDON_INFRA_CACHE name a folder of yours"):
        install.environment(ENTRY)
