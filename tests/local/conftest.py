"""Stacks in short folders, since unix sockets allow no long ones; whatever a test leaves running is ended."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seldon_infra.runtime.stack_dir import StackDir
from tests.engine.scratch import Engine, scratch_engine
from tests.local.scene import Scene, processes_below


@pytest.fixture(scope="module")
def new_scene() -> Iterator[Callable[[], Scene]]:
    """Makes stacks that end with the module."""
    folders: list[Path] = []

    def make() -> Scene:
        folders.append(Path(tempfile.mkdtemp(prefix="scene-")).resolve())
        return Scene(StackDir(folders[-1] / "stack"))

    yield make
    for folder in folders:
        Scene(StackDir(folder / "stack")).close()
        shutil.rmtree(folder, ignore_errors=True)
        for pid in processes_below(folder):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def scene(new_scene: Callable[[], Scene]) -> Iterator[Scene]:
    """A stack of the test's own."""
    made = new_scene()
    yield made
    made.close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A scratch Pulumi project in a short folder."""
    folder = Path(tempfile.mkdtemp(prefix="scene-")).resolve()
    made = scratch_engine(folder)
    yield made
    made.destroy(check=False)
    for pid in processes_below(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
