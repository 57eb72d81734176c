"""Payloads over the wire from an orchestrator to the log: a line of JSON with their attributes, then all bodies."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from seldon_infra.runtime.payloads.payload import Origin, Payload

EVENTS_PATH = "/events"
"""Where the log takes them."""


def to_wire(payloads: Sequence[Payload]) -> bytes:
    """Write payloads; what many have in common stands there once."""
    origins = {payload.origin: 0 for payload in payloads}
    numbers = {origin: number for number, origin in enumerate(origins)}
    events = [[numbers[payload.origin], *payload[1:-1], len(payload.body)] for payload in payloads]
    head = orjson.dumps([[list(origin) for origin in origins], events])
    return b"".join((head, b"\n", *(payload.body for payload in payloads)))


def from_wire(wire: bytes) -> list[Payload]:
    """Read what :func:`to_wire` wrote.

    Raises:
        ValueError: somebody else wrote it.
    """
    at = wire.find(b"\n") + 1
    try:
        texts, events = orjson.loads(wire[: max(at, 0)])
        origins, found = [Origin(*each) for each in texts], []
        for number, id, event, time, request_id, content_type, size, truncated, length in events:
            body = wire[at : at + length]
            found.append(Payload(origins[number], id, event, time, request_id, content_type, size, truncated, body))
            at += length
    except (TypeError, IndexError, ValueError) as error:
        raise ValueError(f"not payloads: {error}") from None
    if at != len(wire):
        raise ValueError(f"the bodies have {len(wire)} bytes, must have {at}")
    return found
