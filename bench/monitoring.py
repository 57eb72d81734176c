"""What monitoring costs whom it watches: one model behind gateway and orchestrator, in turns with Prometheus stopped.

Prometheus asks gateway, orchestrator and server every second, thirty times as often as by default, or as by default,
and evaluates the rules as often. Held still by a signal it asks nobody; all else is the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.gateway import BODY
from bench.projects import iris_project
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load

ROUNDS, SECONDS, CONNECTIONS = 9, 5.0, (1, 8)
INTERVALS = {"asked every second": "1s", "asked every 30 s, the default": "30s"}
PATH = "/seldon/bench/iris/v2/models/classify/infer"


def figures() -> list[Figure]:
    """Measure throughput and latency over one connection and over eight, for each interval."""
    return [figure for name, interval in INTERVALS.items() for figure in _measured(name, interval)]


def _measured(name: str, interval: str) -> list[Figure]:
    from seldon_infra.cli.local_stack import LocalStack

    with tempfile.TemporaryDirectory() as folder, iris_project(Path(folder), interval=interval) as project:
        target = Target(LocalStack("local", project.folder).gateway_port(), PATH, BODY)
        (running,) = (project.folder / ".seldon").glob("*/processes/prometheus-*/pid")
        prometheus = int(running.read_text())
        asyncio.run(load(target, connections=8, seconds=SECONDS))
        return [figure for connections in CONNECTIONS for figure in _compare(name, target, prometheus, connections)]


def _compare(name: str, target: Target, prometheus: int, connections: int) -> list[Figure]:
    rounds = []
    for turn in range(ROUNDS):
        # Each goes first in every other turn.
        watched = _load(target, connections) if turn % 2 else None
        alone = _unwatched(target, prometheus, connections)
        rounds.append((alone, watched or _load(target, connections)))
    rate = statistics.median(watched.rate / alone.rate for alone, watched in rounds)
    p99 = statistics.median(watched.percentile(99) / alone.percentile(99) for alone, watched in rounds)
    failed = sum(len(result.failures) for pair in rounds for result in pair)
    what = f"{name}, {connections} connection{'s' if connections > 1 else ''}"
    return [
        Figure(f"{what}: unwatched", summary([alone for alone, _ in rounds])),
        Figure(f"{what}: watched", summary([watched for _, watched in rounds])),
        Figure(f"{what}: throughput ratio", f"{rate:.3f}", "aim: at least 0.97"),
        Figure(f"{what}: p99 ratio", f"{p99:.3f}", "aim: at most 1.03"),
        Figure(f"{what}: failed", str(failed), "aim: 0"),
    ]


def _load(target: Target, connections: int) -> Result:
    return asyncio.run(load(target, connections=connections, seconds=SECONDS))


def _unwatched(target: Target, prometheus: int, connections: int) -> Result:
    with _held(prometheus):
        return _load(target, connections)


@contextmanager
def _held(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
