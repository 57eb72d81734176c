"""Which nodes have been told of which feedback, so that one that is sent again is not counted again.

Feedback is the same if the id of its request and all that it says are the same; without an id each one counts. What is
remembered is bounded, and forgotten when the orchestrator ends: a node that counts once for ever looks itself.
Seldon's executor remembers nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

MOST_REMEMBERED = 10_000
"""Feedback that is remembered; the oldest goes first."""


class Told:
    """What nodes have been told, and what of it has been logged."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._places: OrderedDict[bytes, set[str]] = OrderedDict()

    def of(self, request_id: str | None, feedback: bytes) -> Once:
        """Say of one feedback where it has been; of one without an id nothing is known."""
        if request_id is None:
            return Once(set())
        key = hashlib.blake2b(feedback, key=request_id.encode()[:64], digest_size=16).digest()
        places = self._places.setdefault(key, set())
        self._places.move_to_end(key)
        if len(self._places) > self._most:
            self._places.popitem(last=False)
        return Once(places)


class Once:
    """Where one feedback has been."""

    def __init__(self, places: set[str]) -> None:
        self._places = places

    def comes_to(self, node: str) -> bool:
        """Note that it comes to a node, and tell whether that is the first time."""
        return self._note(f"told {node}")

    def is_logged_at(self, node: str) -> bool:
        """Note that it is logged at a node, and tell whether that is the first time."""
        return self._note(f"logged {node}")

    def was_refused_by(self, node: str) -> None:
        """Note that it did not count at a node: sent again, it comes there again."""
        self._places.discard(f"told {node}")

    def _note(self, place: str) -> bool:
        first = place not in self._places
        self._places.add(place)
        return first
