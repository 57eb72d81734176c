"""The stack's last updates, as Pulumi's history has them; it is asked again when something of the stack has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from seldon_infra.core.errors import SeldonInfraError

Update: TypeAlias = Mapping[str, Any]
AskHistory: TypeAlias = Callable[[], Iterable[Mapping[str, Any]]]
"""Gives updates as `pulumi stack history --json` prints them, newest first."""
PAUSE_SECONDS = 15.0
"""How long after a question the next one comes: each starts the Pulumi CLI."""
_SIGNS = {"create": "+", "update": "~", "replace": "±", "create-replacement": "±", "delete": "−"}


class Updates:
    """What is known of a stack's updates; nobody waits for Pulumi."""

    def __init__(self, ask: AskHistory) -> None:
        self._ask, self._known, self._said = ask, list[Update](), ""
        self._mark: object = None
        self._asked = -PAUSE_SECONDS
        self._thread: threading.Thread | None = None

    def latest(self, mark: object) -> Mapping[str, Any]:
        """Give what is known; ``mark`` differs from the last one where there may be a new update."""
        busy = self._thread is not None and self._thread.is_alive()
        if mark != self._mark and not busy and time.monotonic() - self._asked >= PAUSE_SECONDS:
            self._mark, self._asked = mark, time.monotonic()
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()
        return {"known": self._known, "said": self._said}

    def _look(self) -> None:
        try:
            self._known, self._said = [update(raw) for raw in self._ask()], ""
        except (SeldonInfraError, OSError, ValueError) as error:
            self._said = f"Pulumi's history is not known: {error}"


def update(raw: Mapping[str, Any]) -> Update:
    """Choose what the page shows; settings, which may be secret, are none of it."""
    changes = raw.get("resourceChanges") or {}
    counted = [f"{_SIGNS[name]}{count}" for name, count in changes.items() if name in _SIGNS and count]
    return {
        "at": raw.get("endTime") or raw.get("startTime"),
        "kind": raw.get("kind", "update"),
        "result": raw.get("result", ""),
        "changes": " ".join(counted) or "no changes",
        "message": raw.get("message", ""),
    }
