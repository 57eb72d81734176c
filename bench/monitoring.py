"""What monitoring costs whom it watches: one model behind gateway and orchestrator, in turns with Prometheus stopped.

Prometheus asks gateway, orchestrator and server every second, thirty times as often as by default, and evaluates rules
as often. Held still by a signal it asks nobody; all else is the same. Processor time says the same on a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.gateway import BODY
from bench.projects import iris_project
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load

TURNS, SECONDS, CONNECTIONS = 60, 1.0, (1, 8)
WARM_SECONDS = 5.0
PATH = "/seldon/bench/iris/v2/models/classify/infer"
USER, SYSTEM = 11, 12
"""Places in /proc/PID/stat behind the command's name. Source: proc_pid_stat(5)."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stack:
    """A running stack: its gateway, who serves behind it, and its Prometheus."""

    target: Target
    servers: Sequence[int]
    prometheus: int


@dataclass
class Turns:
    """All turns of one kind together: what was answered, and the processor time that went by on it."""

    result: Result = field(default_factory=Result)
    served: float = 0.0
    """Seconds of gateway, orchestrator and model server."""
    watching: float = 0.0
    """Seconds of Prometheus."""

    def take(self, stack: Stack, connections: int) -> None:
        """Send requests for one turn."""
        served, watching = _seconds(stack.servers), _seconds([stack.prometheus])
        result = asyncio.run(load(stack.target, connections=connections, seconds=SECONDS))
        self.served += _seconds(stack.servers) - served
        self.watching += _seconds([stack.prometheus]) - watching
        self.result.seconds += result.seconds
        self.result.latencies += result.latencies
        self.result.failures += result.failures

    @property
    def per_answer(self) -> float:
        """Processor time of whom is watched."""
        return self.served / max(len(self.result.latencies), 1)


def figures() -> list[Figure]:
    """Measure throughput, latency and processor time over one connection and over eight."""
    from seldon_infra.cli.local_stack import LocalStack

    with tempfile.TemporaryDirectory() as folder, iris_project(Path(folder), interval="1s") as project:
        (running,) = (project.folder / ".seldon").glob("*/processes/prometheus-*/pid")
        prometheus = int(running.read_text())
        gateway = LocalStack("local", project.folder).gateway_port()
        servers = [pid for pid in _below(project.folder / ".seldon") if pid != prometheus]
        stack = Stack(Target(gateway, PATH, BODY), servers, prometheus)
        asyncio.run(load(stack.target, connections=8, seconds=WARM_SECONDS))
        return [figure for connections in CONNECTIONS for figure in _compare(stack, connections)]


def _compare(stack: Stack, connections: int) -> list[Figure]:
    alone, watched = Turns(), Turns()
    for turn in range(TURNS):
        # Each goes first in every other turn; turns are short, so that what else the machine does is in both.
        if turn % 2:
            watched.take(stack, connections)
        with _held(stack.prometheus):
            alone.take(stack, connections)
        if not turn % 2:
            watched.take(stack, connections)
    p99 = watched.result.percentile(99) / alone.result.percentile(99)
    watching = watched.watching / watched.result.seconds
    what = f"{connections} connection{'s' if connections > 1 else ''}"
    return [
        Figure(f"{what}: unwatched", summary([alone.result])),
        Figure(f"{what}: watched", summary([watched.result])),
        Figure(f"{what}: throughput ratio", f"{watched.result.rate / alone.result.rate:.3f}", "aim: at least 0.97"),
        Figure(f"{what}: p99 ratio", f"{p99:.3f}", "aim: at most 1.03"),
        Figure(
            f"{what}: processor time per answer, ratio",
            f"{watched.per_answer / alone.per_answer:.3f}",
            "aim: at most 1.03",
        ),
        Figure(f"{what}: Prometheus itself", f"{watching * 100:.1f} % of a core"),
        Figure(f"{what}: failed", str(len(alone.result.failures) + len(watched.result.failures)), "aim: 0"),
    ]


def _seconds(pids: Sequence[int]) -> float:
    """Processor time that these processes have had."""
    rows = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(row[USER]) + int(row[SYSTEM]) for row in rows) / TICKS


def _below(folder: Path) -> list[int]:
    """Processes that run in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if Path(os.readlink(place)).is_relative_to(folder):
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@contextmanager
def _held(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
