"""CloudEvents of Seldon's executor as payloads: sampled, redacted and cut as the address says that they were sent to.

The executor does none of that. It posts each payload whole, in the binary form of CloudEvents 1.0, and waits for an
answer with one of its workers; which message a gRPC payload is it does not say. Sources: sendCloudEvent of
executor/logger/worker.go, logPayload of executor/predictor/predictor_process.go, SeldonIO/seldon-core 1.17.1.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from seldon_infra.runtime.messages import message
from seldon_infra.runtime.orchestrator.http_server import Request
from seldon_infra.runtime.payloads.payload import PROTOBUF, TYPES, Origin, Payload, is_sampled
from seldon_infra.runtime.payloads.prepared import UNREADABLE, prepared

_EVENTS = {type: event for event, type in TYPES.items()}
_MESSAGES = {
    ("seldon", "request"): "seldon.protos.SeldonMessage",
    ("seldon", "response"): "seldon.protos.SeldonMessage",
    ("seldon", "feedback"): "seldon.protos.Feedback",
    ("v2", "request"): "inference.ModelInferRequest",
    ("v2", "response"): "inference.ModelInferResponse",
    ("tensorflow", "request"): "tensorflow.serving.PredictRequest",
    ("tensorflow", "response"): "tensorflow.serving.PredictResponse",
}
"""Messages of gRPC by protocol and event; others are not read, and where something is redacted not kept."""
_FOLDERS = ("namespace", "inferenceservicename")
"""What folders of files are named after."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
_ALIASES = {"kfserving": "v2"}


class Wanted(NamedTuple):
    """What of a node's payloads is logged."""

    sample: float
    largest: int
    redact: frozenset[str]


def wanted(query: str) -> Wanted:
    """Read what an address says.

    Raises:
        ValueError: it does not say it as the library writes it.
    """
    said = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query))
    sample, largest = float(said.get("sample", ["1"])[0]), int(said["largest"][0]) if "largest" in said else 0
    if not 0 < sample <= 1 or largest < 1:
        raise ValueError(f"sample {sample:g} and largest {largest} must be a share and a number of bytes")
    return Wanted(sample, largest, frozenset(said.get("redact", ())))


def of_executor(request: Request, onward: Mapping[str, str]) -> list[Payload]:
    """Make a payload of an executor's request; none where its request is not one of those that are logged.

    Args:
        request: as the executor sent it.
        onward: where payloads go as well, by DEPLOYMENT/PREDICTOR/NODE.

    Raises:
        ValueError: it is no payload of an executor's.
    """
    how, text = wanted(request.query), _attributes(request)
    event = _EVENTS.get(text["type"])
    if event is None:
        raise ValueError(f"Ce-Type '{text['type']}' is none of an executor's")
    if not is_sampled(text["requestid"], how.sample):
        return []
    content_type = request.headers.get(b"content-type", b"").decode("latin-1")
    kind = _kind(request.body, text["protocol"], event) if content_type.startswith(PROTOBUF) else None
    body, left, truncated = _prepared(request.body, content_type, kind, how)
    at, size = _seconds(text["time"]), len(request.body)
    return [Payload(_origin(text, onward), text["id"], event, at, text["requestid"], left, size, truncated, body)]


def _attributes(request: Request) -> dict[str, str]:
    names = ("id", "type", "source", "time", "requestid", "modelid", "inferenceservicename", "namespace", "endpoint")
    # As bytes stand in headers: whatever a client's request id is, it goes on as it came.
    text = {name: request.headers.get(b"ce-" + name.encode(), b"").decode("latin-1") for name in names}
    missing = [f"Ce-{name.capitalize()}" for name in names if not text[name] and name != "time"]
    if missing:
        raise ValueError(f"{', '.join(missing)} must be among the headers")
    for name in _FOLDERS:
        if not _NAME.fullmatch(text[name]):
            raise ValueError(f"Ce-{name.capitalize()} '{text[name][:100]}' must be a name of Kubernetes'")
    protocol = request.headers.get(b"ce-protocol", b"seldon").decode("latin-1")
    return {**text, "protocol": _ALIASES.get(protocol, protocol)}


def _origin(text: Mapping[str, str], onward: Mapping[str, str]) -> Origin:
    deployment, predictor, node = text["inferenceservicename"], text["endpoint"], text["modelid"]
    url = onward.get(f"{deployment}/{predictor}/{node}")
    return Origin(text["namespace"], deployment, predictor, node, text["protocol"], text["source"], url)


def _prepared(wire: bytes, content_type: str, kind: str | None, how: Wanted) -> tuple[bytes, str, bool]:
    if content_type.startswith(PROTOBUF) and kind is None:
        # Nobody knows its fields, so none can be taken out, and a part of it is no message.
        gone = bool(how.redact) or len(wire) > how.largest
        return (b"", content_type, True) if gone else (wire, content_type, False)
    return prepared(wire, kind, how.largest, how.redact)


def _kind(wire: bytes, protocol: str, event: str) -> str | None:
    """Tell which message a payload of gRPC is.

    Behind the first node of a chain the executor logs as a request what the node before has answered. It has no
    inputs with values then, as they are in other fields; where values and fields are the same, so are names.
    """
    name, answer = _MESSAGES.get((protocol, event)), _MESSAGES.get((protocol, "response"))
    if name is None or event != "request" or name == answer:
        return name
    try:
        asked: Any = message(name).FromString(wire)
    except UNREADABLE:
        return answer
    return name if _has_values(asked) else answer


def _has_values(asked: Any) -> bool:
    if not hasattr(asked, "raw_input_contents"):
        return bool(asked.inputs)
    return bool(asked.raw_input_contents) or all(tensor.HasField("contents") for tensor in asked.inputs)


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return time.time()
