"""Calls to model servers over REST, with the deadline, the count and the words of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import orjson

from seldon_infra.runtime.orchestrator.config import READY_SECONDS, Unit
from seldon_infra.runtime.orchestrator.failures import INTERNAL, TIMED_OUT, UNAVAILABLE, Failure, shortened
from seldon_infra.runtime.orchestrator.http_client import Client, ServerGone
from seldon_infra.runtime.orchestrator.metrics import Metrics
from seldon_infra.runtime.orchestrator.tracing import Untraced, lines
from seldon_infra.runtime.orchestrator.walk import Trip

Send: TypeAlias = Callable[[str, bytes, bytes], Awaitable[tuple[int, bytes]]]


class RestNodes:
    """The model servers of one graph."""

    def __init__(self, graph: Unit, metrics: Metrics, tracing: Untraced) -> None:
        self._clients: Mapping[str, Client] = {unit.name: Client(unit.rest_port) for unit in graph.walk()}
        self._metrics, self._tracing = metrics, tracing

    async def ask(self, unit: Unit, path: str, body: bytes, trip: Trip) -> bytes:
        """Send a request to a node's server and return what it answers.

        Raises:
            Failure: the server refused, failed, is gone or too slow; it names the node.
        """
        return await self._answer(unit, path, body, trip, self._clients[unit.name].post)

    async def tell(self, unit: Unit, path: str, body: bytes, trip: Trip) -> None:
        """Send a node's server what must not arrive twice, such as a reward. Raises as :meth:`ask` does."""
        await self._answer(unit, path, body, trip, self._clients[unit.name].post_once)

    async def _answer(self, unit: Unit, path: str, body: bytes, trip: Trip, send: Send) -> bytes:
        with self._metrics.asking(unit, path, "post"), self._tracing.call(unit, path):
            headers = _headers(trip) + lines(self._tracing.onward(trip.carried))
            try:
                async with asyncio.timeout_at(trip.deadline):
                    status, answer = await send(path, body, headers)
            except TimeoutError:
                raise Failure(TIMED_OUT, "gave no answer before the deployment's timeout", unit.name) from None
            except ServerGone as gone:
                raise Failure(UNAVAILABLE, f"does not answer: {gone}", unit.name) from None
            if status != 200:
                raise Failure(status if 400 <= status < 600 else INTERNAL, said_by(status, answer), unit.name)
        return answer

    async def get(self, unit: Unit, path: str) -> tuple[int, bytes]:
        """Fetch something small from a node's server.

        Raises:
            Failure: the server is gone or too slow; it names the node.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                return await self._clients[unit.name].get(path)
        except TimeoutError:
            raise Failure(TIMED_OUT, f"gave no answer within {READY_SECONDS:g} s", unit.name) from None
        except ServerGone as gone:
            raise Failure(UNAVAILABLE, f"does not answer: {gone}", unit.name) from None

    def close(self) -> None:
        """Close idle connections."""
        for client in self._clients.values():
            client.close()


def _headers(trip: Trip) -> bytes:
    return b"Seldon-Puid: %s\r\n" % trip.puid.encode()


def said_by(status: int, answer: bytes) -> str:
    """Find the words in a server's error, whatever its shape."""
    try:
        found = _words(orjson.loads(answer))
    except orjson.JSONDecodeError:
        found = answer.decode("utf-8", "replace")
    return f"answered {status}: {shortened(found or 'without a word')}"


def _words(tree: Any) -> str:
    if not isinstance(tree, dict):
        return orjson.dumps(tree).decode()
    status = tree.get("status")
    nested = status.get("info") or status.get("reason") if isinstance(status, dict) else None
    found = tree.get("error") or nested or tree.get("detail") or tree.get("message")
    return found if isinstance(found, str) else orjson.dumps(found or tree).decode()
