"""A payload as it may be logged: cut, and without what is to be redacted; pure functions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from seldon_infra.runtime.messages import message as message_class
from seldon_infra.runtime.payloads.payload import JSON, PROTOBUF, TEXT, cut, redacted

UNREADABLE = (ValueError, TypeError, RecursionError, json_format.Error, DecodeError)


def prepared(wire: bytes, kind: str | None, largest: int, redact: Collection[str]) -> tuple[bytes, str, bool]:
    """Make of a payload what may be logged: body, content type, and whether something is missing at its end.

    What is too long to be looked through whole is left out whole: a part of it could hold what is to be redacted, and
    a part of a gRPC message is none.
    """
    long = len(wire) > largest
    if long and (redact or kind):
        return b"", TEXT, True
    if redact and (kind or _may_name(wire, redact)):
        try:
            wire = orjson.dumps(redacted(_tree(wire, kind), redact))
        except UNREADABLE:  # such as one that holds NaN, or a deep one
            return b"", TEXT, True
        kind = None
    if kind:
        return wire, f"{PROTOBUF}; message={kind}", False
    body, truncated = cut(wire, largest)
    return body, TEXT if truncated else JSON, truncated


def _may_name(wire: bytes, names: Collection[str]) -> bool:
    """Tell whether JSON may hold one of the names, which costs less than to look for it in its tree."""
    return b"\\" in wire or any(name.encode() in wire for name in names)


def _tree(wire: bytes, kind: str | None) -> Any:
    if kind is None:
        return orjson.loads(wire)
    return json_format.MessageToDict(message_class(kind).FromString(wire), preserving_proto_field_name=True)
