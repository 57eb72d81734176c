"""What can go wrong with a request, as one exception that each protocol words in its own way."""

from __future__ import annotations

import grpc
import orjson

BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_MANY, TOO_LARGE = 400, 404, 405, 429, 413
INTERNAL, NOT_IMPLEMENTED, UNAVAILABLE, TIMED_OUT = 500, 501, 503, 504
LONGEST_TEXT = 500
"""Characters of a server's own words that are passed on."""
LONGEST_WORD = 100
"""Characters of a name or a value of the client's that are said back."""
LONGEST_FAILURE = 600
"""Characters of a whole failure. gRPC refuses an answer with 8 KiB of metadata, and writes a character in up to 12."""

_Code = grpc.StatusCode
_CODES = {
    BAD_REQUEST: _Code.INVALID_ARGUMENT,
    NOT_FOUND: _Code.NOT_FOUND,
    TOO_MANY: _Code.RESOURCE_EXHAUSTED,
    TOO_LARGE: _Code.RESOURCE_EXHAUSTED,
    NOT_IMPLEMENTED: _Code.UNIMPLEMENTED,
    UNAVAILABLE: _Code.UNAVAILABLE,
    TIMED_OUT: _Code.DEADLINE_EXCEEDED,
}
_STATUSES = {
    _Code.INVALID_ARGUMENT: BAD_REQUEST,
    _Code.OUT_OF_RANGE: BAD_REQUEST,
    _Code.FAILED_PRECONDITION: BAD_REQUEST,
    _Code.NOT_FOUND: NOT_FOUND,
    _Code.RESOURCE_EXHAUSTED: TOO_MANY,
    _Code.UNIMPLEMENTED: NOT_IMPLEMENTED,
    _Code.UNAVAILABLE: UNAVAILABLE,
    _Code.DEADLINE_EXCEEDED: TIMED_OUT,
}
_REASONS = {
    BAD_REQUEST: "BAD_REQUEST",
    NOT_FOUND: "NOT_FOUND",
    METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    TOO_MANY: "TOO_MANY_REQUESTS",
    TOO_LARGE: "BODY_TOO_LARGE",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    UNAVAILABLE: "NODE_UNAVAILABLE",
    TIMED_OUT: "DEADLINE_EXCEEDED",
}


class Failure(Exception):
    """A request that gets no prediction."""

    def __init__(self, status: int, text: str, node: str | None = None) -> None:
        self.status = status
        self.text = _cut(f"node '{node}': {text}" if node else text, LONGEST_FAILURE)
        super().__init__(self.text)

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC status that says the same."""
        return _CODES.get(self.status, _Code.INVALID_ARGUMENT if self.status < INTERNAL else _Code.INTERNAL)

    def body(self) -> bytes:
        """Word it in JSON, in the shape of both protocols: v2's ``error``, and Seldon's ``status``."""
        reason = _REASONS.get(self.status, "INTERNAL" if self.status >= INTERNAL else "BAD_REQUEST")
        status = {"code": self.status, "info": self.text, "reason": reason, "status": "FAILURE"}
        return orjson.dumps({"error": self.text, "status": status})


def status_of(code: grpc.StatusCode) -> int:
    """Give the HTTP status that says the same as a gRPC status."""
    return _STATUSES.get(code, INTERNAL)


def shortened(text: str) -> str:
    """A server's words on one line, not too many."""
    return _cut(" ".join(text.split()), LONGEST_TEXT)


def brief(text: str) -> str:
    """A client's own word, short enough to leave room for what is wrong with it."""
    return _cut(text, LONGEST_WORD)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
