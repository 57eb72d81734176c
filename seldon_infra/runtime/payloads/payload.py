"""A payload on its way to the log: whether it goes there at all, and what of it; pure functions.

Names of types and attributes are those of Seldon's executor. Source: executor/logger/worker.go and
executor/predictor/predictor_process.go of SeldonIO/seldon-core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

TYPES: Mapping[str, str] = {
    "request": "io.seldon.serving.inference.request",
    "response": "io.seldon.serving.inference.response",
    "feedback": "io.seldon.serving.feedback",
}
"""CloudEvents' type by event."""
REDACTED = "[redacted]"
"""Stands where a value was taken out; of a column of numbers null does."""
JSON, TEXT, PROTOBUF = "application/json", "text/plain; charset=utf-8", "application/protobuf"
_RAW_OF = {"inputs": "raw_input_contents", "outputs": "raw_output_contents"}
"""Where protocol v2 over gRPC has the values of tensors, in their order."""


class Origin(NamedTuple):
    """Whose payload one is, and where it goes."""

    namespace: str
    deployment: str
    predictor: str
    node: str
    protocol: str
    source: str
    url: str | None
    """Where it goes beside files."""


class Payload(NamedTuple):
    """One payload with its attributes; a tuple, since there are thousands a second."""

    origin: Origin
    id: str
    event: str
    """``request``, ``response`` or ``feedback``."""
    time: float
    """Seconds since 1970."""
    request_id: str
    content_type: str
    size: int
    """Bytes that it had before it was cut."""
    truncated: bool
    body: bytes

    @property
    def weight(self) -> int:
        """Bytes of memory that it takes, about: small ones cost more than they hold."""
        return len(self.body) + 512


def attributes(payload: Payload) -> dict[str, str]:
    """CloudEvents' attributes of a payload, by their names. Source: executor/logger/worker.go of SeldonIO/seldon-core.

    ``size`` and ``truncated`` are this library's own.
    """
    return {
        "specversion": "1.0",
        "id": payload.id,
        "type": TYPES[payload.event],
        "source": payload.origin.source,
        "time": datetime.fromtimestamp(payload.time, UTC).isoformat().replace("+00:00", "Z"),
        "requestid": payload.request_id,
        "modelid": payload.origin.node,
        "inferenceservicename": payload.origin.deployment,
        "namespace": payload.origin.namespace,
        "endpoint": payload.origin.predictor,
        "protocol": payload.origin.protocol,
        "size": str(payload.size),
        "truncated": str(payload.truncated).lower(),
    }


def is_sampled(request_id: str, share: float) -> bool:
    """Tell whether a request is one of those that are logged: its id alone decides, on every node and every day."""
    if share >= 1:
        return True
    digest = hashlib.blake2b(request_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def cut(body: bytes, most: int) -> tuple[bytes, bool]:
    """Shorten a text to at most ``most`` bytes, at the border of a character; and tell whether it was longer."""
    if len(body) <= most:
        return body, False
    return body[:most].decode("utf-8", "ignore").encode(), True


def redacted(tree: Any, names: Collection[str]) -> Any:
    """Take out what has one of the names: values of objects, tensors of protocol v2, columns of Seldon's ``data``."""
    if isinstance(tree, list):
        return [redacted(item, names) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kept = {key: REDACTED if key in names else redacted(value, names) for key, value in tree.items()}
    if kept.get("name") in names:
        kept.update({field: REDACTED for field in ("data", "contents") if field in kept})
    for tensors, raw in _RAW_OF.items():
        _redact_raw(kept, tensors, raw, names)
    columns = kept.get("names")
    if isinstance(columns, list):
        _redact_columns(kept, {index for index, name in enumerate(columns) if name in names}, len(columns))
    return kept


def _redact_raw(tree: dict[str, Any], field: str, raw: str, names: Collection[str]) -> None:
    tensors = tree.get(field)
    gone = {
        index
        for index, tensor in enumerate(tensors if isinstance(tensors, list) else ())
        if isinstance(tensor, dict) and tensor.get("name") in names
    }
    if gone and isinstance(tree.get(raw), list):
        tree[raw] = [REDACTED if index in gone else value for index, value in enumerate(tree[raw])]


def _redact_columns(data: dict[str, Any], gone: set[int], width: int) -> None:
    if not gone:
        return
    if isinstance(data.get("ndarray"), list):
        data["ndarray"] = _without_columns(data["ndarray"], gone)
    tensor = data.get("tensor")
    if isinstance(tensor, dict) and isinstance(tensor.get("values"), list):
        kept = [None if index % width in gone else value for index, value in enumerate(tensor["values"])]
        data["tensor"] = {**tensor, "values": kept}
    if "tftensor" in data:
        data["tftensor"] = REDACTED


def _without_columns(rows: list[Any], gone: set[int]) -> list[Any]:
    """Names belong to the last dimension."""
    if any(isinstance(row, list) for row in rows):
        return [_without_columns(row, gone) if isinstance(row, list) else row for row in rows]
    return [None if index in gone else value for index, value in enumerate(rows)]
