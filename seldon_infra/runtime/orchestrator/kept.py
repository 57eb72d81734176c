"""Requests with their answers, kept for a rollout's gate as long as that asks for them, and for nobody else.

They are what users sent, and every user of this machine reaches a port of loopback; so who takes them shows a key that
lies in the stack's folder, which is closed to others.
"""

from __future__ import annotations

import hmac
import json
import time
from collections import deque
from pathlib import Path

KEY_FILE = "rollout.key"
"""In the stack's folder."""
PATH = "/seldon-infra/exchanges"
KEY = b"x-rollout-key"
COPY = b"x-rollout-copy"
"""Marks a copy, which is not kept: it would be copied back, and so on."""
KEEP_SECONDS = 10.0
"""How long after the last question the next requests are kept."""
MOST = 100
"""Requests that are kept between two questions; later ones push out earlier ones."""
LARGEST_BYTES = 64 * 1024
"""Of a request with its answer; larger ones are not kept."""


class Kept:
    """The last requests of one orchestrator, none as long as nobody asks."""

    def __init__(self, stack: Path) -> None:
        self._file = stack / KEY_FILE
        self._until = 0.0
        self._kept: deque[tuple[str, bytes, bytes]] = deque(maxlen=MOST)

    def keep(self, path: str, request: bytes, answer: bytes) -> None:
        """Keep a request with its answer, where somebody asks for them."""
        if time.monotonic() < self._until and len(request) + len(answer) <= LARGEST_BYTES:
            self._kept.append((path, request, answer))

    def opens(self, key: bytes) -> bool:
        """Tell whether a key is the stack's."""
        try:
            return bool(key) and hmac.compare_digest(key, self._file.read_bytes())
        except OSError:
            return False

    def take(self) -> bytes:
        """Give what was kept since the last time, and keep on for a while."""
        if time.monotonic() >= self._until:
            self._kept.clear()
        self._until = time.monotonic() + KEEP_SECONDS
        taken = [{"path": path, "request": asked.decode(), "answer": said.decode()} for path, asked, said in self._kept]
        self._kept.clear()
        return json.dumps(taken).encode()
