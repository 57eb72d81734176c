"""What stands in a state for an object whose creation was interrupted; apart, so that `recover` loads little."""

from __future__ import annotations

from typing import Final

INTERRUPTED_ID: Final = "interrupted"
"""Stands in the state for an object whose creation was begun and not ended: the plugin looks what there is of it."""
