from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from seldon_infra.runtime.orchestrator.http_server import LARGEST_HEAD_BYTES, Answer, Request, Server

CLOSE = b"Connection: close\r\n"


class Echo:
    """A handler that answers with the path; some paths have a meaning of their own."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.go = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, request: Request) -> Answer:
        self.seen.append(request.path)
        if request.path == "/wait":
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.left.set()
                raise
        if request.path == "/break":
            raise ValueError("a secret")
        headers = ((b"X", None),) if request.path == "/unwritable" else ()
        return Answer(299, request.path.encode(), headers=headers)  # type: ignore[arg-type]


class Served:
    """A server with its handler, and a client that sends bytes as they are."""

    def __init__(self) -> None:
        self.handler = Echo()
        self.server = Server(self.handler, lambda status, text: Answer(status, text.encode()))
        self.port = 0

    async def listen(self) -> None:
        """Serve on whatever port is free."""
        await self.server.listen(0)
        assert self.server._server is not None
        self.port = self.server._server.sockets[0].getsockname()[1]

    async def ask(self, *parts: bytes) -> bytes:
        """Send all and read until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(parts))
        try:
            return await asyncio.wait_for(reader.read(), 60)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@pytest_asyncio.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    await made.listen()
    yield made
    made.handler.go.set()
    await made.server.drain(1)


def get(path: str, more: bytes = b"", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: h\r\n".encode() + more + b"\r\n"


def statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


async def test_a_status_without_a_name_is_sent(served: Served) -> None:
    assert (await served.ask(get("/a", CLOSE))).startswith(b"HTTP/1.1 299 Unnamed\r\n")


async def test_what_breaks_the_handler_is_not_told_to_the_client(served: Served) -> None:
    answer = await served.ask(get("/break"), get("/a", CLOSE))
    assert statuses(answer) == [500, 299]
    assert b"the orchestrator failed: ValueError" in answer
    assert b"a secret" not in answer


async def test_an_answer_that_cannot_be_written_ends_the_connection(served: Served) -> None:
    assert await served.ask(get("/unwritable")) == b""
    assert statuses(await served.ask(get("/a", CLOSE))) == [299]


async def test_every_pipelined_request_is_answered_before_the_one_that_closes(served: Served) -> None:
    answer = await served.ask(get("/a"), get("/b"), get("/c", CLOSE))
    assert statuses(answer) == [299, 299, 299]
    assert answer.count(b"Connection: close") == 1
    assert answer.endswith(b"/c")


@pytest.mark.parametrize("bad", [b"GARBAGE\r\n\r\n", get("/b", b"X: " + b"x" * LARGEST_HEAD_BYTES + b"\r\n")])
async def test_a_refusal_waits_for_the_answers_before_it(served: Served, bad: bytes) -> None:
    asked = asyncio.create_task(served.ask(get("/wait"), bad))
    while not served.handler.seen:
        await asyncio.sleep(0)
    served.handler.go.set()
    answer = await asked
    assert statuses(answer)[0] == 299
    assert statuses(answer)[1] in (400, 431)
    assert len(statuses(answer)) == 2


@pytest.mark.parametrize(
    "bad",
    [
        get("/refused", b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(100))),
        get("/refused", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        get("/" + "x" * LARGEST_HEAD_BYTES),
    ],
)
async def test_a_refused_request_does_not_reach_the_handler(served: Served, bad: bytes) -> None:
    assert statuses(await served.ask(bad))[0] in (400, 431)
    assert served.handler.seen == []


async def test_a_client_that_asks_whether_to_go_on_is_told_so(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(get("/a", CLOSE + b"Expect: 100-continue\r\nContent-Length: 2\r\n", "POST"))
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"{}")
    assert statuses(await reader.read()) == [299]
    writer.close()


async def test_head_gets_no_body(served: Served) -> None:
    answer = await served.ask(get("/a", method="HEAD"), get("/b", CLOSE))
    assert b"Content-Length: 2\r\n\r\nHTTP/1.1 299" in answer


async def test_what_a_client_that_has_left_asked_for_is_given_up(served: Served) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(get("/wait"))
    while not served.handler.seen:
        await asyncio.sleep(0)
    writer.close()
    await asyncio.wait_for(served.handler.left.wait(), 60)


async def test_a_stop_lets_open_requests_finish(served: Served) -> None:
    asked = asyncio.create_task(served.ask(get("/wait"), get("/b")))
    while not served.handler.seen:
        await asyncio.sleep(0)
    draining = asyncio.create_task(served.server.drain(60))
    await asyncio.sleep(0)
    served.handler.go.set()
    assert statuses(await asked) == [299, 299]
    await draining
