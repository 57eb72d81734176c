"""One control plane for all tests of this folder, with CPU and GPU nodes and the custom resources that they need."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.definitions import install_definitions
from tests.cluster.nodes import add_nodes


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """A running control plane."""
    folder = Path(tempfile.mkdtemp(prefix="control-plane-"))
    running = ControlPlane(folder)
    try:
        running.start()
        add_nodes(running)
        install_definitions(running)
        yield running
    finally:
        running.close()
        shutil.rmtree(folder, ignore_errors=True)
