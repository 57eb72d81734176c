"""What monitoring costs whom it watches: one model behind gateway and orchestrator, in turns with Prometheus stopped.

Prometheus asks gateway, orchestrator and server every second, thirty times as often as by default, and evaluates rules
as often. Held still by a signal it asks nobody; all else is the same. Processor time says the same on a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.gateway import BODY
from bench.projects import iris_project
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load

ROUNDS, SECONDS, CONNECTIONS = 9, 5.0, (1, 8)
PATH = "/seldon/bench/iris/v2/models/classify/infer"
USER, SYSTEM = 11, 12
"""Places in /proc/PID/stat behind the command's name. Source: proc_pid_stat(5)."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stack:
    """A running stack: its gateway, who serves behind it, and its Prometheus."""

    target: Target
    servers: tuple[int, ...]
    prometheus: int


@dataclass(frozen=True)
class Round:
    """One load, and the processor time that went by on it."""

    result: Result
    served: float
    """Seconds of gateway, orchestrator and model server for one answer."""
    watching: float
    """Part of one core that Prometheus had."""


def figures() -> list[Figure]:
    """Measure throughput, latency and processor time over one connection and over eight."""
    from seldon_infra.cli.local_stack import LocalStack

    with tempfile.TemporaryDirectory() as folder, iris_project(Path(folder), interval="1s") as project:
        (running,) = (project.folder / ".seldon").glob("*/processes/prometheus-*/pid")
        prometheus = int(running.read_text())
        gateway = LocalStack("local", project.folder).gateway_port()
        servers = tuple(pid for pid in _below(project.folder / ".seldon") if pid != prometheus)
        stack = Stack(Target(gateway, PATH, BODY), servers, prometheus)
        _round(stack, 8)
        return [figure for connections in CONNECTIONS for figure in _compare(stack, connections)]


def _compare(stack: Stack, connections: int) -> list[Figure]:
    rounds = []
    for turn in range(ROUNDS):
        # Each goes first in every other turn.
        watched = _round(stack, connections) if turn % 2 else None
        with _held(stack.prometheus):
            alone = _round(stack, connections)
        rounds.append((alone, watched or _round(stack, connections)))
    rate = statistics.median(watched.result.rate / alone.result.rate for alone, watched in rounds)
    p99 = statistics.median(watched.result.percentile(99) / alone.result.percentile(99) for alone, watched in rounds)
    served = statistics.median(watched.served / alone.served for alone, watched in rounds)
    watching = statistics.median(watched.watching for _, watched in rounds)
    failed = sum(len(each.result.failures) for pair in rounds for each in pair)
    what = f"{connections} connection{'s' if connections > 1 else ''}"
    return [
        Figure(f"{what}: unwatched", summary([alone.result for alone, _ in rounds])),
        Figure(f"{what}: watched", summary([watched.result for _, watched in rounds])),
        Figure(f"{what}: throughput ratio", f"{rate:.3f}", "aim: at least 0.97"),
        Figure(f"{what}: p99 ratio", f"{p99:.3f}", "aim: at most 1.03"),
        Figure(f"{what}: processor time per answer, ratio", f"{served:.3f}", "aim: at most 1.03"),
        Figure(f"{what}: Prometheus itself", f"{watching * 100:.1f} % of a core"),
        Figure(f"{what}: failed", str(failed), "aim: 0"),
    ]


def _round(stack: Stack, connections: int) -> Round:
    before = _seconds(stack.servers), _seconds([stack.prometheus])
    result = asyncio.run(load(stack.target, connections=connections, seconds=SECONDS))
    served, watching = _seconds(stack.servers) - before[0], _seconds([stack.prometheus]) - before[1]
    return Round(result, served / max(len(result.latencies), 1), watching / SECONDS)


def _seconds(pids: tuple[int, ...] | list[int]) -> float:
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
