"""What all tests share: a test without a mark of its own is a unit test."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# How long one example takes says more about the machine than about the code. A change is judged by the same examples
# as the one before it; new ones are drawn wherever else the tests run.
settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("untimed")

# A shell makes what it starts in the background deaf to Ctrl-C, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

OTHER_MARKS = frozenset({"aws", "cluster", "engine", "gpu", "judges", "local", "docs", "slow"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `unit` what needs nothing but this checkout."""
    for item in items:
        if not OTHER_MARKS & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.unit)
