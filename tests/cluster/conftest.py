"""One control plane for all tests of this folder, with CPU and GPU nodes and the custom resources that they need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tests.engine.patient  # noqa: F401 (for programs that run in this process)
from tests.cluster.control_plane import ControlPlane, started
from tests.cluster.definitions import install_definitions
from tests.cluster.nodes import add_nodes


@pytest.fixture(scope="package")
def control_plane() -> Iterator[ControlPlane]:
    """A running control plane."""
    with started() as running:
        add_nodes(running)
        install_definitions(running)
        yield running
