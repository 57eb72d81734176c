"""The payload log's process: it takes payloads of orchestrators or executors, keeps them as files and sends them on."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from seldon_infra.payload_log.path import EXECUTOR_PATH
from seldon_infra.runtime.orchestrator.http_server import Answer, Request, Server
from seldon_infra.runtime.payloads.cloud_event import of_executor
from seldon_infra.runtime.payloads.files import Files, Gathering, remove_parts, schema
from seldon_infra.runtime.payloads.frames import EVENTS_PATH, from_wire
from seldon_infra.runtime.payloads.kafka_settings import add_arguments, settings_of
from seldon_infra.runtime.payloads.payload import TEXT, Origin, Payload
from seldon_infra.runtime.payloads.recent import Recent
from seldon_infra.runtime.payloads.web import Address, flushed

if TYPE_CHECKING:
    from seldon_infra.runtime.payloads.kafka import Topics

LOOK_SECONDS = 0.25
"""How often it looks whether a file is due."""
MOST_WAITING_BYTES = 256 * 1024 * 1024
"""What may wait to be written; where a disk is slow for long the rest is dropped."""
DRAIN_SECONDS = 5.0
"""How long orchestrators may finish what they are sending."""
Count: TypeAlias = Callable[[Origin, str], None]
"""Counts a payload of somebody's by what became of it."""
_LABELS = ("namespace", "deployment_name", "sink", "outcome")


class Log:
    """What the log does with payloads.

    Args:
        files: where they are kept, if they are.
        topics: makes what sends them to Kafka, of what counts them; None where nothing does.
        path: where they come.
        read: gives those of a request.
    """

    def __init__(
        self,
        files: Files | None,
        topics: Callable[[Count], Topics] | None,
        path: str,
        read: Callable[[Request], list[Payload]],
    ) -> None:
        self._files, self._path, self._read = files, path, read
        self.recent = Recent()
        self._addresses: dict[str, Address] = {}
        self._waiting_bytes = 0
        self._writer = ThreadPoolExecutor(1)
        self._registry = CollectorRegistry()
        said = "Payloads by where they went and what became of them"
        self._counter = Counter("seldon_infra_payload_log", said, _LABELS, registry=self._registry)
        said = "Requests to the log that held no payloads"
        self._refused = Counter("seldon_infra_payload_log_refused", said, registry=self._registry)
        self._topics = topics and topics(lambda origin, outcome: self._count(origin, "kafka", outcome))

    async def __call__(self, request: Request) -> Answer:
        """Answer an orchestrator, a probe or Prometheus."""
        if request.path == "/live":
            return Answer(200, b'{"live":true}')
        if request.path == "/prometheus":
            return Answer(200, generate_latest(self._registry), CONTENT_TYPE_LATEST.encode())
        if (request.method, request.path) != ("POST", self._path):
            return Answer(404, b"")
        try:
            self.take(self._read(request))
        except ValueError as error:
            self._refused.inc()
            return Answer(400, str(error).encode(), TEXT.encode())
        return Answer(200, b"")

    def take(self, payloads: list[Payload]) -> None:
        """Hand payloads to files, addresses and topics, without waiting."""
        for payload in payloads:
            self.recent.keep(payload)
            if payload.origin.url:
                self._address(payload.origin.url).put(payload)
            if self._topics is not None:
                self._topics.put(payload)
            if self._files is None:
                continue
            if self._waiting_bytes > MOST_WAITING_BYTES:
                self._count(payload.origin, "files", "dropped: disk slow")
                continue
            self._waiting_bytes += payload.weight
            self._files.add(payload)

    async def write(self, files: Files, gathered: list[Gathering]) -> None:
        """Write files, one after the other."""
        for it in gathered:
            written = await asyncio.get_running_loop().run_in_executor(self._writer, files.store, it.payloads)
            self._waiting_bytes -= it.size
            outcome = "written" if written else "dropped: not written"
            self._count(it.payloads[0].origin, "files", outcome, len(it.payloads))

    async def write_until(self, stop: asyncio.Event) -> None:
        """Write files as they become due; stop by itself to be started anew where it is told other secrets."""
        while not stop.is_set():
            if self._topics is not None and self._topics.is_outdated():
                print("secrets for Kafka have changed: it ends, to be started with them", file=sys.stderr)
                return
            if self._files is not None:
                await self.write(self._files, self._files.due())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    async def close(self) -> None:
        """Write all that was gathered, and send what waits for a while."""
        if self._files is not None:
            await self.write(self._files, self._files.gathered())
        left = await asyncio.get_running_loop().run_in_executor(self._writer, flushed, self._addresses)
        if left:
            print(f"{left} payloads were not sent: their addresses did not take them in time", file=sys.stderr)
        if self._topics is not None:
            left = await asyncio.get_running_loop().run_in_executor(self._writer, self._topics.flushed)
            if left:
                print(f"{left} payloads were not sent: Kafka did not take them in time", file=sys.stderr)

    def _address(self, url: str) -> Address:
        if url not in self._addresses:
            self._addresses[url] = Address(url, lambda origin, outcome: self._count(origin, "http", outcome))
        return self._addresses[url]

    def _count(self, origin: Origin, sink: str, outcome: str, number: int = 1) -> None:
        """Count payloads of one deployment."""
        self._counter.labels(origin.namespace, origin.deployment, sink, outcome).inc(number)


def main() -> int:
    """Take payloads until TERM or INT."""
    parser = _parser()
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        log = _log(arguments)
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(_serve(log, arguments.host, arguments.port, arguments.requests_port))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seldon-infra-payloads", description="Keep payloads, and send them on.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address that it listens at")
    said = "who sends; an executor does not say where its payloads go"
    parser.add_argument("--of", choices=("orchestrators", "executors"), default="orchestrators", help=said)
    parser.add_argument("--root", type=Path, help="the folder of the files; none are kept without")
    parser.add_argument("--rotate-seconds", type=float)
    parser.add_argument("--rotate-bytes", type=int)
    parser.add_argument("--keep-bytes", type=int)
    said = "port of loopback at which the last requests are given to a rollout's gate; none without"
    parser.add_argument("--requests-port", type=int, help=said)
    said = "where an executor's payloads of DEPLOYMENT/PREDICTOR/NODE go as well"
    parser.add_argument("--onward", nargs=2, action="append", default=[], metavar=("NODE", "URL"), help=said)
    add_arguments(parser)
    return parser


def _log(arguments: argparse.Namespace) -> Log:
    files, topics = _files(arguments), _topics(arguments)
    if arguments.of == "executors":
        return Log(files, topics, EXECUTOR_PATH, partial(of_executor, onward=dict(arguments.onward)))
    return Log(files, topics, EVENTS_PATH, lambda request: from_wire(request.body))


def _files(arguments: argparse.Namespace) -> Files | None:
    if arguments.root is None:
        return None
    bounds = (arguments.rotate_seconds, arguments.rotate_bytes, arguments.keep_bytes)
    if None in bounds:
        raise ValueError("--root takes --rotate-seconds, --rotate-bytes and --keep-bytes")
    remove_parts(arguments.root)
    schema()  # a package that is missing is said now, and not with the first file
    return Files(arguments.root, *bounds)


def _topics(arguments: argparse.Namespace) -> Callable[[Count], Topics] | None:
    said = settings_of(arguments)
    if said is None:
        return None
    from seldon_infra.runtime.payloads.kafka import Topics  # its package is an extra

    return partial(Topics, said)


async def _serve(log: Log, host: str, port: int, requests_port: int | None) -> None:
    stop = asyncio.Event()
    server, recent = Server(log, _refused), Server(log.recent, _refused)
    await server.listen(port, host)
    if requests_port is not None:
        await recent.listen(requests_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await log.write_until(stop)
    await server.drain(DRAIN_SECONDS)
    await log.close()


def _refused(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), TEXT.encode())
