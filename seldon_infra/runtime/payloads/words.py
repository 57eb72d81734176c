"""What the payload log says on stderr of what goes wrong: seldom, since it may go wrong with each payload."""

from __future__ import annotations

import sys
import time

EVERY_SECONDS = 60.0


class Seldom:
    """Says one thing a minute."""

    def __init__(self) -> None:
        self._last = -EVERY_SECONDS

    def say(self, text: str) -> None:
        """Print it, unless something was said a moment ago."""
        if time.monotonic() - self._last >= EVERY_SECONDS:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)
