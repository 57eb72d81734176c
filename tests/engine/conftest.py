"""Gives engine tests a project of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.scratch import Engine, scratch_engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return a scratch project with an empty program and an initialised stack `test`."""
    return scratch_engine(tmp_path)
