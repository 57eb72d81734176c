"""Requests to one model server: kept-open loopback connections and a compiled parser."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools


class ServerGone(Exception):
    """The server closed the connection or refused one; ``silent`` says that it has not begun to answer."""

    def __init__(self, text: str, *, silent: bool) -> None:
        super().__init__(text)
        self.silent = silent


class Client:
    """One model server's HTTP port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self._head = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n".encode()

    async def post(self, path: str, body: bytes, headers: bytes = b"") -> tuple[int, bytes]:
        """Send one POST; status and body of the answer.

        Args:
            path: where to.
            body: JSON.
            headers: further header lines, each with its line end.

        Raises:
            ServerGone: the server does not listen, or went away before it answered.
        """
        return await self._send(self._posted(path, body, headers))

    async def post_once(self, path: str, body: bytes, headers: bytes = b"") -> tuple[int, bytes]:
        """Send a POST that must not arrive twice, on a connection of its own. Otherwise as :meth:`post`."""
        return await self._exchange(await self._connect(), self._posted(path, body, headers))

    async def get(self, path: str) -> tuple[int, bytes]:
        """Send one GET; status and body of the answer. Raises as :meth:`post` does."""
        return await self._send(b"".join((b"GET ", path.encode(), self._head, b"\r\n")))

    def _posted(self, path: str, body: bytes, headers: bytes) -> bytes:
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        return b"".join((b"POST ", path.encode(), self._head, headers, length, body))

    async def _send(self, wire: bytes) -> tuple[int, bytes]:
        connection = self._idle_connection()
        if connection is not None:
            try:
                return await self._exchange(connection, wire)
            except ServerGone as gone:
                # A server may close a connection that was idle just as we write to it. Once only: a server that
                # closes each connection on which it reads this request may have acted on it each time.
                if not gone.silent:
                    raise
        return await self._exchange(await self._connect(), wire)

    def _idle_connection(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return None

    def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle:
            connection.close()

    async def _connect(self) -> _Connection:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self._port)
        except OSError as error:
            raise ServerGone(f"no connection: {error.strerror or error}", silent=True) from None
        return connection

    async def _exchange(self, connection: _Connection, wire: bytes) -> tuple[int, bytes]:
        try:
            answer = await connection.exchange(wire)
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer


class _Connection(asyncio.Protocol):
    """One connection with at most one open request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._heard = False
        self.reusable = False

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, wire: bytes) -> tuple[int, bytes]:
        if self._transport is None or self._transport.is_closing():
            raise ServerGone("the connection was closed", silent=True)
        self._parser, self._body, self._heard, self.reusable = httptools.HttpResponseParser(self), [], False, False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(wire)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class

    def data_received(self, data: bytes) -> None:
        self._heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ServerGone(f"not an HTTP answer: {error}", silent=False))

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(ServerGone("the connection was closed before the answer", silent=not self._heard))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.reusable = self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))

    def _fail(self, error: ServerGone) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
