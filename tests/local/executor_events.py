"""What Seldon's executor sends for a payload, byte by byte as its CloudEvents library writes it.

Sources: sendCloudEvent of executor/logger/worker.go, SeldonIO/seldon-core 1.17.1; toHeaders of codec_v1.go,
cloudevents/sdk-go 1.x, whose Go canonicalises the names of headers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http.client import HTTPConnection

JSON, PROTOBUF = "application/json", "application/protobuf"


def headers(node: str, event: str, request_id: str, protocol: str, content_type: str) -> dict[str, str]:
    kinds = {"request": "inference.request", "response": "inference.response", "feedback": "feedback"}
    return {
        "User-Agent": "Go-http-client/1.1",
        "Ce-Endpoint": "main",
        "Ce-Id": str(uuid.uuid4()),
        "Ce-Inferenceservicename": "fraud",
        "Ce-Modelid": node,
        "Ce-Namespace": "shop",
        "Ce-Protocol": protocol,
        "Ce-Requestid": request_id,
        "Ce-Source": "http://:8000/",
        "Ce-Specversion": "1.0",
        "Ce-Time": "2026-11-26T12:00:00.123456789Z",
        "Ce-Type": f"io.seldon.serving.{kinds[event]}",
        "Content-Type": content_type,
        "Accept-Encoding": "gzip",
    }


class Executor:
    """One worker of an executor, with its connection."""

    def __init__(self, port: int, other: Mapping[str, str] | None = None) -> None:
        self._http, self._other = HTTPConnection("127.0.0.1", port, timeout=60), other or {}

    def send(
        self,
        path: str,
        body: bytes,
        node: str = "score",
        event: str = "request",
        request_id: str = "one",
        protocol: str = "seldon",
        content_type: str = JSON,
    ) -> tuple[int, str]:
        told = {**headers(node, event, request_id, protocol, content_type), **self._other}
        self._http.request("POST", path, body, told)
        answer = self._http.getresponse()
        return answer.status, answer.read().decode()
