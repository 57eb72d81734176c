"""Stacks in short folders, since unix sockets allow no long ones; whatever a test leaves running is ended."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seldon_infra.runtime.stack_dir import StackDir
from tests.engine.scratch import Engine, scratch_engine
from tests.local.scene import Scene, end_below


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
        end_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


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
    end_below(folder)
    shutil.rmtree(folder, ignore_errors=True)
