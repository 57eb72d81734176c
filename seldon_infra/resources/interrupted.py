"""What stands in the state for an object whose creation was begun and not ended; the command line loads no more."""

from __future__ import annotations

from typing import Final

INTERRUPTED_ID: Final = "interrupted"
"""Its id: `seldon-infra recover` writes it, and the plugin looks what there is of the object."""
