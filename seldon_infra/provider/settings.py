"""Settings of the plugin itself: what a stack's configuration or a provider resource tells it.

The engine keeps them in the state, so they hold for a refresh or a destroy too, which run no program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One setting, a text."""

    description: str
    check: Callable[[str], str | None]
    """Says what is wrong with a value; None where nothing is."""
    take: Callable[[str], None]
    """Makes a value hold in this process."""
