"""What can go wrong with a request, as one exception that each protocol words in its own way."""

from __future__ import annotations

BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_MANY, TOO_LARGE = 400, 404, 405, 429, 413
INTERNAL, NOT_IMPLEMENTED, UNAVAILABLE, TIMED_OUT = 500, 501, 503, 504
LONGEST_TEXT = 500
"""Characters of a server's own words that are passed on."""


class Failure(Exception):
    """A request that gets no prediction."""

    def __init__(self, status: int, text: str, node: str | None = None) -> None:
        self.status = status
        self.text = f"node '{node}': {text}" if node else text
        super().__init__(self.text)


def shortened(text: str) -> str:
    """A server's words on one line, not too many."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
