"""An HTTP/1.1 server for one handler: a compiled parser on asyncio's transports, and a drained stop."""

from __future__ import annotations

import asyncio
import http
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import httptools

LARGEST_BODY_BYTES = 64 * 1024 * 1024
LARGEST_HEADERS = 100
_PHRASES = {status.value: status.phrase.encode() for status in http.HTTPStatus}


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    body: bytes
    headers: dict[bytes, bytes]
    """Names in lower case."""


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def wire(self, keep_alive: bool) -> bytes:
        """Write the answer as it goes over the wire."""
        head = [
            b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
            % (self.status, _PHRASES.get(self.status, b"Unnamed"), self.content_type, len(self.body))
        ]
        head += [b"%s: %s\r\n" % header for header in self.headers]
        head.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        return b"".join((*head, self.body))


Handler = Callable[[Request], Awaitable[Answer]]


class Server:
    """Serves a handler on a loopback port; connections are served one request after the other."""

    def __init__(self, handler: Handler, refuse: Callable[[int, str], Answer]) -> None:
        self._handler, self._refuse = handler, refuse
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.closing = False

    async def listen(self, port: int) -> None:
        """Start to accept connections; OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)

    async def drain(self, seconds: float) -> None:
        """Stop accepting, let open requests finish, close the rest after ``seconds``."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close_when_idle()
        end = asyncio.get_running_loop().time() + seconds
        while self._connections and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)

    async def answer(self, request: Request) -> Answer:
        """Hand one request to the handler; what it does not catch is an internal error and not the end."""
        try:
            return await self._handler(request)
        except Exception as error:
            traceback.print_exc()
            return self._refuse(500, f"the orchestrator failed: {type(error).__name__}")

    def refuse(self, status: int, text: str) -> Answer:
        """Word a refusal in the protocol's shape."""
        return self._refuse(status, text)

    def opened(self, connection: _Connection) -> None:
        """Count a connection."""
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: list[Request] = []
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._keep_alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class
        self._server.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.closed(self)
        if self._task is not None:
            self._task.cancel()

    def close_when_idle(self) -> None:
        self._keep_alive = False
        if self._task is None and not self._url and self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end(400, "the connection cannot be upgraded")
        except httptools.HttpParserError as error:
            self._end(400, f"not an HTTP request: {error}")

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value
        if len(self._headers) > LARGEST_HEADERS:
            self._end(400, f"more than {LARGEST_HEADERS} headers")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > LARGEST_BODY_BYTES:
            self._end(413, f"the body has more than {LARGEST_BODY_BYTES} bytes")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        path = self._url.partition(b"?")[0].decode("latin-1")
        method = self._parser.get_method().decode("latin-1")
        request = Request(method, path, b"".join(self._body), self._headers)
        self._keep_alive = self._keep_alive and self._parser.should_keep_alive()
        self._url, self._headers, self._body, self._size = b"", {}, [], 0
        self._waiting.append(request)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve_or_close())

    async def _serve_or_close(self) -> None:
        try:
            await self._serve()
        except Exception:
            # Whatever it is, a client must not wait for an answer that nobody writes any more.
            traceback.print_exc()
            if self._transport is not None:
                self._transport.abort()

    async def _serve(self) -> None:
        while self._waiting and self._transport is not None:
            answer = await self._server.answer(self._waiting.pop(0))
            if self._transport.is_closing():
                return
            keep_alive = self._keep_alive and not self._server.closing
            self._transport.write(answer.wire(keep_alive))
            if not keep_alive:
                self._transport.close()
                return
        self._task = None

    def _end(self, status: int, text: str) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._server.refuse(status, text).wire(keep_alive=False))
            self._transport.close()
