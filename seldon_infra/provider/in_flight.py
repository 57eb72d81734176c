"""How many calls are at work, so that the process does not end in the middle of one."""

from __future__ import annotations

import threading
from types import TracebackType


class InFlight:
    """Counts the calls inside its `with` block."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_until_none(self, seconds: float) -> bool:
        """Whether every call was done within this time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
