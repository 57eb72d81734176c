"""`make setup` in clones of this repository: what a newcomer types, with the caches of this machine."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[3]


def make(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "MAKE", "MFLAGS"))}
    return subprocess.run(["make", target], cwd=folder, env=kept, capture_output=True, text=True, timeout=800)


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two clones, set up at the same time."""
    folders = [tmp_path_factory.mktemp("clone") / name for name in ("one", "two")]
    for folder in folders:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True, timeout=120)
    with ThreadPoolExecutor() as both:
        for done in both.map(lambda folder: make(folder, "setup"), folders):
            assert done.returncode == 0, done.stdout + done.stderr
    return folders


def test_the_parts_are_there(clones: list[Path]) -> None:
    for clone in clones:
        done = subprocess.run([clone / ".venv/bin/seldon-infra", "doctor"], cwd=clone, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout


def test_a_second_set_up_does_nothing(clones: list[Path]) -> None:
    done = make(clones[0], "setup")
    assert (done.returncode, done.stderr) == (0, "")


def test_development_tools_are_not_installed(clones: list[Path]) -> None:
    assert not (clones[0] / ".venv/bin/pytest").exists()


def test_the_checkout_stays_clean(clones: list[Path]) -> None:
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clones[0], capture_output=True, text=True, timeout=240
    )
    assert status.stdout == ""
