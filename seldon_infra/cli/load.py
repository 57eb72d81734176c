"""A bounded HTTP/1.1 load on loopback: fixed connections, one request open on each, for a fixed time.

Written on raw asyncio transports, since a client library costs more per request than the gateway that is measured.
It understands answers that carry Content-Length, which is what every server measured here sends.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """One request, sent again and again to one loopback port."""

    port: int
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def request(self) -> bytes:
        """Write the request as it goes over the wire."""
        verb = "POST" if self.body else "GET"
        lines = [f"{verb} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(self.body)}"]
        lines += ["Content-Type: application/json"] if self.body else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass
class Result:
    """What a load saw: latencies of good answers in seconds, and the answers that were not good."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """The latency in milliseconds that ``percent`` of the good answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else float("nan")


async def load(
    target: Target, *, connections: int, seconds: float, requests: int | None = None, interval: float = 0.0
) -> Result:
    """Send ``target`` over ``connections`` connections until ``seconds`` are over or ``requests`` have been sent.

    Args:
        target: what is sent.
        connections: how many connections, each with one open request.
        seconds: the longest time that the load runs.
        requests: the most requests that all connections send together; None for no bound but the time.
        interval: pause between two requests of one connection, in seconds.
    """
    result, budget = Result(), [requests if requests is not None else 1 << 62]
    start = time.perf_counter()
    await asyncio.gather(*(_connection(target, result, start + seconds, budget, interval) for _ in range(connections)))
    result.seconds = time.perf_counter() - start
    return result


async def _connection(target: Target, result: Result, end: float, budget: list[int], interval: float) -> None:
    wire, streams = target.request(), None
    while time.perf_counter() < end and budget[0] > 0:
        budget[0] -= 1
        start = time.perf_counter()
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", target.port)
            status = await asyncio.wait_for(_exchange(*streams, wire), timeout=30)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            result.failures.append(f"{type(error).__name__}: {error}")
            streams = None
            continue
        if status == b"200":
            result.latencies.append(time.perf_counter() - start)
        else:
            result.failures.append(f"status {status.decode()}")
        if interval:
            await asyncio.sleep(interval)
    if streams:
        streams[1].close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: bytes) -> bytes:
    writer.write(wire)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is None:
        raise ValueError("an answer without Content-Length")
    await reader.readexactly(int(length[1]))
    return head[9:12]
