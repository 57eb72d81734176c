"""One stack of the local target without Pulumi: the real supervisord, the real Envoy, tiny real backends."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import grpc

from seldon_infra.ingress.routes import Backend, Limits, Route
from seldon_infra.runtime.gateway import Gateway, process_spec
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import Processes, ProcessSpec, Record
from seldon_infra.runtime.stack_dir import StackDir
from tests.engine.waiting import wait_until

BACKEND = Path(__file__).with_name("backend.py")
INFER = "/seldon/ns/d/v2/models/m/infer"
_NUMBERS = itertools.count()
SECONDS = 120
"""How long a request of a load may take: it only says that nobody answers."""
IN_FLIGHT = 20
"""How many requests of a load may be open at once: a machine that is slower than its pace gets fewer."""


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def predictor(self) -> str:
        return self.headers.get("x-seldon-predictor", "")


@dataclass
class Scene:
    """A stack's folder and what runs in it."""

    stack: StackDir
    port: int = 0

    @property
    def processes(self) -> Processes:
        return Processes(self.stack)

    @property
    def gateway(self) -> Gateway:
        return Gateway(self.stack)

    def start_gateway(self, limits: Limits | None = None, port: int | None = None, token: str = "token") -> Record:
        wanted = limits or Limits()
        record = self.processes.start(
            process_spec(port), "owner", token, lambda given: self.gateway.prepare(given["gateway"], wanted)
        )
        self.port = record.ports["gateway"]
        wait_until(self.gateway.is_live)
        return record

    def backend(self, name: str, grace_seconds: float = 10) -> Record:
        record = self.start(backend_spec(name, grace_seconds))
        wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))
        return record

    def start(self, spec: ProcessSpec) -> Record:
        return self.processes.start(spec, "owner", f"{next(_NUMBERS):08d}")

    def put(self, *backends: Backend, drain_seconds: float = 60, **more: Any) -> Route:
        wanted = route(*backends, **more)
        self.gateway.put(wanted, drain_seconds)
        return wanted

    def ask(
        self,
        path: str = INFER,
        method: str = "POST",
        body: bytes | None = b"{}",
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        return ask(self.port, path, method, body, headers, timeout)

    def call(
        self, method: str = "inference.GRPCInferenceService/ModelInfer", body: bytes = b"", **metadata: str
    ) -> tuple[str, Mapping[str, str]]:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            return call(channel, method, body, **metadata)

    def pid(self, record: Record) -> int:
        """The process's id, as soon as it runs: never 0, which is none."""
        seen = [0]

        def runs() -> bool:
            seen.append(self.processes.state(record.id).pid)
            return seen[-1] > 0

        wait_until(runs)
        return seen[-1]

    def supervisor_pid(self) -> int:
        return int((self.stack.root / "supervisord.pid").read_text())

    def close(self) -> None:
        for record in list(self.processes.all()):
            self.processes.remove(record.id)


def backend_spec(name: str, grace_seconds: float = 10) -> ProcessSpec:
    command = [sys.executable, str(BACKEND), name, "{port.http}", "{port.grpc}"]
    return ProcessSpec(name=name, command=command, ports=["http", "grpc"], grace_seconds=grace_seconds)


def behind(record: Record, name: str = "main", weight: int = 100, shadow: bool = False) -> Backend:
    return Backend(name, weight, shadow, f"127.0.0.1:{record.ports['http']}", f"127.0.0.1:{record.ports['grpc']}")


def route(*backends: Backend, **more: Any) -> Route:
    return Route(**{"namespace": "ns", "name": "d", "protocol": "v2", "backends": backends, "models": ("m",), **more})


def ask(
    port: int,
    path: str,
    method: str = "POST",
    body: bytes | None = b"{}",
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def call(
    channel: grpc.Channel,
    method: str = "inference.GRPCInferenceService/ModelInfer",
    body: bytes = b"",
    timeout: float = 60,
    **metadata: str,
) -> tuple[str, Mapping[str, str]]:
    """Call a method of the deployment; what it answered and the headers with it."""
    sent = {"seldon": "d", "namespace": "ns"} | {key.replace("_", "-"): value for key, value in metadata.items()}
    answer, done = channel.unary_unary(f"/{method}").with_call(body, timeout=timeout, metadata=tuple(sent.items()))
    return answer.decode(), dict(done.initial_metadata())


def raw(port: int, sent: bytes, timeout: float = 60) -> bytes:
    """Send bytes as they are and read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(sent)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@dataclass
class Load:
    """What the requests of a load got: status, or the name of what went wrong, and how often."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(count for answer, count in self.answers.items() if answer != "200")

    @property
    def sent(self) -> int:
        return sum(self.answers.values())


@contextmanager
def load(port: int, path: str = INFER, per_second: int = 200, body: bytes = b"{}") -> Iterator[Load]:
    """Send requests at a steady pace, or as fast as they are answered, on kept connections, while the block runs."""
    counts, stop = Load(), threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(_send(counts, stop, f"http://127.0.0.1:{port}{path}", per_second, body))
    )
    thread.start()
    try:
        wait_until(lambda: counts.sent >= 10)
        yield counts
    finally:
        stop.set()
        thread.join()


async def _send(counts: Load, stop: threading.Event, url: str, per_second: int, body: bytes) -> None:
    json = {"content-type": "application/json"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), headers=json) as session:
        await _at_pace(stop, per_second, lambda: _one(counts, session, url, body))


async def _at_pace(stop: threading.Event, per_second: int, send: Callable[[], Awaitable[None]]) -> None:
    begun, open_requests = time.monotonic(), set[asyncio.Future[None]]()
    for number in itertools.count():
        if stop.is_set():
            break
        open_requests.add(asyncio.ensure_future(send()))
        await asyncio.sleep(max(begun + number / per_second - time.monotonic(), 0))
        open_requests = {each for each in open_requests if not each.done()}
        if len(open_requests) >= IN_FLIGHT:
            await asyncio.wait(open_requests, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*open_requests)


async def _one(counts: Load, session: aiohttp.ClientSession, url: str, body: bytes) -> None:
    begun = time.monotonic()
    try:
        async with session.post(url, data=body) as answer:
            await answer.read()
            counts.answers[str(answer.status)] += 1
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        counts.answers[type(error).__name__] += 1
    counts.seconds.append(time.monotonic() - begun)


@contextmanager
def grpc_load(
    port: int, method: str = "inference.GRPCInferenceService/ModelInfer", per_second: int = 100, body: bytes = b""
) -> Iterator[Load]:
    """The same over gRPC, on one channel; an answer without an error counts as 200."""
    counts, stop = Load(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_call(counts, stop, port, method, per_second, body)))
    thread.start()
    try:
        wait_until(lambda: counts.sent >= 10)
        yield counts
    finally:
        stop.set()
        thread.join()


async def _call(counts: Load, stop: threading.Event, port: int, method: str, per_second: int, body: bytes) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask = channel.unary_unary(f"/{method}")
        await _at_pace(stop, per_second, lambda: _one_call(counts, ask, body))


async def _one_call(counts: Load, ask: Any, body: bytes) -> None:
    begun = time.monotonic()
    try:
        await ask(body, timeout=SECONDS, metadata=(("seldon", "d"), ("namespace", "ns")))
        counts.answers["200"] += 1
    except grpc.aio.AioRpcError as error:
        counts.answers[error.code().name] += 1
    counts.seconds.append(time.monotonic() - begun)


def processes_below(folder: Path) -> list[int]:
    """Every living process that was started from inside a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                inside = Path(os.readlink(entry / "cwd").removesuffix(" (deleted)")).is_relative_to(folder)
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            except OSError:
                continue
            if inside and alive:
                found.append(int(entry.name))
    return found


def end_below(folder: Path) -> None:
    """End every process that was started from inside a folder, and what these start meanwhile."""

    def none_is_left() -> bool:
        left = processes_below(folder)
        for pid in left:
            with suppress(ProcessLookupError):  # it has ended by itself
                kill(pid)
        return not left

    wait_until(none_is_left)


def listening(pids: list[int]) -> set[tuple[str, int]]:
    """Address and port of each TCP socket on which one of the processes listens."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):  # the process, or what it has open, is gone by now
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(os.readlink(descriptor).removeprefix("socket:[").removesuffix("]"))
    # An IPv6 socket that is bound to an IPv4 address is loopback, too.
    mapped = "0000000000000000FFFF00000100007F"
    found = set()
    for table, words in tcp_sockets():
        if words[3] == "0A" and words[9] in inodes:
            address, port = words[1].split(":")
            plain = (
                socket.inet_ntoa(bytes.fromhex(address)[::-1])
                if table == "tcp"
                else address.replace(mapped, "127.0.0.1")
            )
            found.add((plain, int(port, 16)))
    return found


def tcp_sockets() -> Iterator[tuple[str, list[str]]]:
    """This machine's TCP sockets: the kernel's table, and the words of a line in it. Source: proc_pid_net(5)."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            yield table, line.split()


@contextmanager
def held(pid: int) -> Iterator[None]:
    """A process that does nothing while the block runs, and goes on afterwards."""
    kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # whoever watches it has taken it for one that hangs
            kill(pid, signal.SIGCONT)


def kill(pid: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
    assert pid > 0, "0 is this process's own group"
    os.kill(pid, with_signal)
