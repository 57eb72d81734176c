"""One question over HTTP for a gate, and what is said of who does not answer it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

from seldon_infra.core.errors import SeldonInfraError

ASK_SECONDS = 30.0
"""How long one answer may take."""
AT_SOCKET = "unix:"
"""Begins an address that is a socket of the file system, as in gRPC's names."""
OK, UNAVAILABLE = 200, 503
_SHOWN_BYTES = 300


class GateFailed(SeldonInfraError):
    """A gate does not hold, and says why."""


class Away(GateFailed):
    """Whom a gate asks is not there now; a gate waits for it, since that says nothing of what it answers."""


def ask(
    who: str, at: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """Ask over HTTP, and give the answer's body.

    Args:
        who: whom, in the user's words, for messages.
        at: ``HOST:PORT``, or ``unix:PATH`` of a socket in the file system.
        method: ``GET`` or ``POST``.
        path: path and query.
        body: JSON, if any.
        headers: further ones.

    Raises:
        Away: nobody takes the connection, it breaks off, or the answer is 503.
        GateFailed: there is no answer within 30 s, or none with status 200.
    """
    connection = _connection(at)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
    except (ConnectionError, http.client.IncompleteRead) as gone:
        raise Away(_silent(who, path, gone)) from None
    except (OSError, http.client.HTTPException) as error:
        raise GateFailed(_silent(who, path, error)) from None
    finally:
        connection.close()
    return require_ok(who, path, answer.status, text)


def require_ok(who: str, path: str, status: int, text: bytes) -> bytes:
    """Give an answer's body.

    Raises:
        Away: its status is 503, by which an orchestrator says that a node is not there.
        GateFailed: its status is another one than 200.
    """
    if status != OK:
        said = text[:_SHOWN_BYTES].decode("utf-8", "replace")
        failed = Away if status == UNAVAILABLE else GateFailed
        raise failed(f"{who}: {_without_query(path)} answered {status}: {said}")
    return text


def _silent(who: str, path: str, error: Exception) -> str:
    return f"{who} does not answer {_without_query(path)}: {error or type(error).__name__}"


def _without_query(path: str) -> str:
    return path.partition("?")[0]


class _AtSocket(http.client.HTTPConnection):
    """A connection to a socket of the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ASK_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(at: str) -> http.client.HTTPConnection:
    if at.startswith(AT_SOCKET):
        return _AtSocket(at.removeprefix(AT_SOCKET))
    return http.client.HTTPConnection(at, timeout=ASK_SECONDS)
