"""A scratch project whose one plugin serves the `seldon:memory:*` types, and the cloud behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.memory_provider.cloud import Cloud
from tests.engine.memory_provider.plugin import REPOSITORY, install
from tests.engine.memory_provider.world import World
from tests.engine.scratch import Engine


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> Iterator[World]:
    """An empty stack and an empty cloud."""
    cloud = Cloud()
    engine.environment |= {"MEMORY_CLOUD": cloud.address, "PYTHONPATH": os.fspath(REPOSITORY)}
    engine.use_plugin("seldon", install(tmp_path / "plugin"))
    yield World(engine, cloud)
    cloud.close()
