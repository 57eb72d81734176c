"""Asking a server whether it is ready."""

from __future__ import annotations

import http.client
import socket
from typing import Literal, TypeAlias

ProbeKind: TypeAlias = Literal["http", "grpc", "tcp"]
TIMEOUT_SECONDS = 2.0
LARGEST_ANSWER_BYTES = 1 << 16


def is_ready(kind: ProbeKind, port: int, path: str = "/") -> bool:
    """Ask once: an HTTP path for a 2xx, gRPC's health service, or just for a connection."""
    match kind:
        case "http":
            return _http(port, path)
        case "grpc":
            return _grpc(port)
        case "tcp":
            return _tcp(port)


def refuses(port: int, path: str) -> bool:
    """Tell whether a server answers an HTTP path with a 4xx; no answer at all is none."""
    return 400 <= _status(port, path) < 500


def _http(port: int, path: str) -> bool:
    return 200 <= _status(port, path) < 300


def _status(port: int, path: str) -> int:
    """The status of an answer, 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read(LARGEST_ANSWER_BYTES)
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _grpc(port: int) -> bool:
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=TIMEOUT_SECONDS)
        except grpc.FutureTimeoutError:
            return False
        return True


def _tcp(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True
