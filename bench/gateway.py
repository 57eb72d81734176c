"""What the gateway costs: one MLServer model asked through Envoy and asked directly, in turns."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from pathlib import Path

from bench.projects import iris_project
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load

ROUNDS, SECONDS, CONNECTIONS = 5, 4.0, (1, 8)
BODY = json.dumps(
    {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": [5.1, 3.5, 1.4, 0.2]}]}
).encode()


def figures() -> list[Figure]:
    """Measure throughput and latency over one connection and over eight."""
    with tempfile.TemporaryDirectory() as folder, iris_project(Path(folder)) as project:
        direct, gateway = targets(project.folder)
        return [figure for connections in CONNECTIONS for figure in _compare(direct, gateway, connections)]


def targets(project: Path) -> tuple[Target, Target]:
    """The model server's own address and the gateway's, for the same question."""
    from seldon_infra.cli.local_stack import LocalStack

    stack = LocalStack("local", project)
    server = stack.process("iris.main.classify").ports["http"]
    return (
        Target(server, "/v2/models/classify/infer", BODY),
        Target(stack.gateway_port(), "/seldon/bench/iris/v2/models/classify/infer", BODY),
    )


def _compare(direct: Target, gateway: Target, connections: int) -> list[Figure]:
    rounds = [(_load(direct, connections), _load(gateway, connections)) for _ in range(ROUNDS)]
    name = f"{connections} connection{'s' if connections > 1 else ''}"
    failed = sum(len(result.failures) for pair in rounds for result in pair)
    rate = statistics.median(b.rate / a.rate for a, b in rounds)
    extra = statistics.median(b.percentile(50) - a.percentile(50) for a, b in rounds)
    return [
        Figure(f"{name}: direct", summary([a for a, _ in rounds])),
        Figure(f"{name}: through Envoy", summary([b for _, b in rounds])),
        Figure(f"{name}: throughput ratio", f"{rate:.2f}", "aim: at least 0.90"),
        Figure(f"{name}: p50 added", f"{extra:+.2f} ms", "aim: at most +0.30 ms"),
        Figure(f"{name}: failed", str(failed), "aim: 0"),
    ]


def _load(target: Target, connections: int) -> Result:
    return asyncio.run(load(target, connections=connections, seconds=SECONDS))
