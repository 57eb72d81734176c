"""Payloads on their way from a node to the stack's payload log. No request waits for it: what finds no room is dropped.

A payload is redacted and cut here, so that nothing else leaves the process. Each is sent once at most: where the log
does not say that it has it, it counts as dropped.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from seldon_infra.runtime.orchestrator.config import Config, Unit
from seldon_infra.runtime.orchestrator.failures import Failure
from seldon_infra.runtime.orchestrator.http_client import Client, ServerGone
from seldon_infra.runtime.orchestrator.metrics import Metrics
from seldon_infra.runtime.orchestrator.walk import Event, Trip
from seldon_infra.runtime.payloads.frames import EVENTS_PATH, to_wire
from seldon_infra.runtime.payloads.payload import Origin, Payload, is_sampled
from seldon_infra.runtime.payloads.prepared import prepared

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""What may wait together, however few payloads that is."""
GATHER_SECONDS = 0.1
"""How long payloads gather before they are sent together."""
MOST_AT_ONCE, MOST_BYTES_AT_ONCE = 256, 4 * 1024 * 1024
"""Payloads that are sent together, and their bytes, but for the last one's."""
LOOK_UP_AFTER = 16
"""Payloads that are made ready before requests get their turn again."""
SEND_SECONDS = 5.0
PAUSE_SECONDS = 1.0
"""How long to leave the log alone that did not take something."""
FLUSH_SECONDS = 5.0
"""How long what waits may take when the orchestrator stops."""


class _Waiting(NamedTuple):
    unit: Unit
    event: Event
    request_id: str
    time: float
    wire: bytes
    kind: str | None
    """Name of the message of gRPC; None where ``wire`` is JSON."""


class PayloadLog:
    """The way to the payload log, for all nodes of one orchestrator."""

    def __init__(self, config: Config, metrics: Metrics) -> None:
        self._config, self._metrics = config, metrics
        self._client = Client(config.payloads_port)
        self._origins = {unit.name: _origin(config, unit) for unit in config.graph.walk()}
        # An id like any other of its kind, but for its last digits drawn once.
        self._ids, self._numbers = str(uuid.uuid4())[:24], itertools.count()
        self._waiting: deque[_Waiting] = deque()
        self._bytes, self._sending, self._lost = 0, 0, 0
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def put(self, unit: Unit, event: Event, trip: Trip, wire: Callable[[], bytes], kind: str | None = None) -> None:
        """Take a payload if its request is one of those that are logged and there is room.

        Args:
            unit: whose payload it is.
            event: what it is.
            trip: the request's.
            wire: gives its bytes; it is called only if they are wanted.
            kind: the message's name, where they are a message of gRPC's.
        """
        logger = unit.logger
        if logger is None or trip.skip_logging or not is_sampled(trip.puid, logger.sample):
            return
        if len(self._waiting) >= self._config.payloads_queue or self._bytes >= MOST_WAITING_BYTES:
            self._metrics.payloads(unit.name, "dropped: queue full", 1)
            return
        try:
            body = wire()
        except Failure:
            self._metrics.payloads(unit.name, "dropped: not JSON", 1)
            return
        self._waiting.append(_Waiting(unit, event, trip.puid, time.time(), body, kind))
        self._bytes += len(body)
        self._arrived.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Send what still waits, for a while; what is left then is dropped, and said."""
        if self._task is None:
            return
        end, lost = time.monotonic() + FLUSH_SECONDS, self._lost
        while (self._waiting or self._sending) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self._task.cancel()
        left = len(self._waiting) + self._sending + self._lost - lost
        if left:
            print(f"{left} payloads were not logged: the payload log did not take them in time", file=sys.stderr)
        self._client.close()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHER_SECONDS)
            while self._waiting:
                await self._send()
            self._arrived.clear()

    async def _send(self) -> None:
        batch = self._batch()
        self._sending = len(batch)
        wire = to_wire(await self._made_ready(batch))
        outcome = await self._outcome(wire)
        for name, count in Counter(waiting.unit.name for waiting in batch).items():
            self._metrics.payloads(name, outcome, count)
        self._bytes -= sum(len(waiting.wire) for waiting in batch)
        self._sending = 0
        if outcome != "sent":
            self._lost += len(batch)
            await asyncio.sleep(PAUSE_SECONDS)

    def _batch(self) -> list[_Waiting]:
        """Take what goes together: one at least, and no more bytes than the log reads at once."""
        batch, size = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < MOST_AT_ONCE and size < MOST_BYTES_AT_ONCE:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].wire)
        return batch

    async def _outcome(self, wire: bytes) -> str:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                status, _ = await self._client.post_once(EVENTS_PATH, wire)
        except (TimeoutError, ServerGone):
            return "dropped: log unreachable"
        return "sent" if status == 200 else "dropped: log refused"

    async def _made_ready(self, batch: list[_Waiting]) -> list[Payload]:
        ready = []
        for number, waiting in enumerate(batch):
            if number and number % LOOK_UP_AFTER == 0:
                await asyncio.sleep(0)
            ready.append(self._payload(waiting))
        return ready

    def _payload(self, waiting: _Waiting) -> Payload:
        logger = waiting.unit.logger
        assert logger is not None
        body, content_type, truncated = prepared(waiting.wire, waiting.kind, logger.largest, logger.redact)
        return Payload(
            self._origins[waiting.unit.name],
            f"{self._ids}{next(self._numbers):012x}",
            waiting.event,
            waiting.time,
            waiting.request_id,
            content_type,
            len(waiting.wire),
            truncated,
            body,
        )


def _origin(config: Config, unit: Unit) -> Origin:
    return Origin(
        namespace=config.namespace,
        deployment=config.deployment,
        predictor=config.predictor,
        node=unit.name,
        protocol=config.protocol,
        source=f"http://127.0.0.1:{config.rest_port}/",
        url=unit.logger.url if unit.logger else None,
    )
