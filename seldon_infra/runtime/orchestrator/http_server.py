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
LARGEST_HEAD_BYTES = 64 * 1024
_PHRASES = {status.value: status.phrase.encode() for status in http.HTTPStatus}


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    body: bytes
    headers: dict[bytes, bytes]
    """Names in lower case."""
    query: str = ""
    """What stands behind the path's question mark."""


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def head(self, keep_alive: bool) -> bytes:
        """Write what goes over the wire before the body."""
        head = [
            b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
            % (self.status, _PHRASES.get(self.status, b"Unnamed"), self.content_type, len(self.body))
        ]
        head += [b"%s: %s\r\n" % header for header in self.headers]
        head.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        return b"".join(head)


Handler = Callable[[Request], Awaitable[Answer]]


class Server:
    """Serves a handler on a port, of loopback by default; connections are served one request after the other."""

    def __init__(self, handler: Handler, refuse: Callable[[int, str], Answer]) -> None:
        self._handler, self._refuse = handler, refuse
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.closing = False

    async def listen(self, port: int, host: str = "127.0.0.1") -> None:
        """Start to accept connections; OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port)

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


@dataclass(frozen=True)
class _Turn:
    """What is to be answered next on a connection."""

    asked: Request | Answer
    """A request, or the refusal of one that could not be read."""
    keep_alive: bool


class _Connection(asyncio.Protocol):
    """One client's connection. A client that closes its side has left: what it asked for is given up."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._turns: list[_Turn] = []
        self._task: asyncio.Task[None] | None = None
        self._refused = False
        self._start_message()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class
        self._server.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.closed(self)
        if self._task is not None:
            self._task.cancel()

    def close_when_idle(self) -> None:
        if self._task is None and not self._url and self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "the connection cannot be upgraded")
        except httptools.HttpParserError as error:
            self._refuse(400, f"not an HTTP request: {error}")

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        # Behind earlier requests it would be taken for an answer; a client that gets none sends its body after a while.
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and not self._task and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > LARGEST_BODY_BYTES:
            self._refuse(413, f"the body has more than {LARGEST_BODY_BYTES} bytes")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            self._refuse(400, "the connection cannot be upgraded")
        if self._refused:
            return
        path, _, query = self._url.decode("latin-1").partition("?")
        method = self._parser.get_method().decode("latin-1")
        request = Request(method, path, b"".join(self._body), self._headers, query)
        self._start_message()
        self._take_turn(_Turn(request, self._parser.should_keep_alive()))

    def _start_message(self) -> None:
        self._url, self._headers, self._head_size = b"", dict[bytes, bytes](), 0
        self._body, self._size = list[bytes](), 0

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > LARGEST_HEAD_BYTES:
            self._refuse(431, f"path and headers have more than {LARGEST_HEAD_BYTES} bytes")

    def _refuse(self, status: int, text: str) -> None:
        """Answer in its turn, and hear no more."""
        if not self._refused:
            self._refused = True
            self._take_turn(_Turn(self._server.refuse(status, text), keep_alive=False))

    def _take_turn(self, turn: _Turn) -> None:
        self._turns.append(turn)
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
        while self._turns and self._transport is not None:
            turn = self._turns.pop(0)
            asked = turn.asked
            answer = asked if isinstance(asked, Answer) else await self._server.answer(asked)
            if self._transport.is_closing():
                return
            keep_alive = turn.keep_alive and not (self._server.closing and not self._turns)
            bare = isinstance(asked, Request) and asked.method == "HEAD"
            self._transport.write(answer.head(keep_alive) + (b"" if bare else answer.body))
            if not keep_alive:
                self._transport.close()
                return
        self._task = None
