"""Requests that fail while a model server is replaced ten times under load."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench.gateway import targets
from bench.projects import Project, iris_project
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load

ROLLOUTS, REQUESTS, CONNECTIONS = 10, 2000, 2


def figures() -> list[Figure]:
    """Replace the server ten times while 2,000 requests are spread over the rollouts."""
    with tempfile.TemporaryDirectory() as folder, iris_project(Path(folder)) as project:
        _, gateway = targets(project.folder)
        results = [asyncio.run(_roll_out(project, gateway, revision)) for revision in range(1, ROLLOUTS + 1)]
    sent = sum(len(result.latencies) + len(result.failures) for result in results)
    failed = [failure for result in results for failure in result.failures]
    slowest = max(result.percentile(99) for result in results)
    return [
        Figure("rollouts", str(ROLLOUTS)),
        Figure("requests", str(sent)),
        Figure("failed", str(len(failed)), "aim: 0" + (f" ({failed[0]})" if failed else "")),
        Figure("p99 of the slowest rollout", f"{slowest:.0f} ms"),
    ]


async def _roll_out(project: Project, gateway: Target, revision: int) -> Result:
    """One rollout with requests from before it starts until after it ends."""
    project.pulumi("config", "set", "revision", str(revision), "--stack", "local")
    done = asyncio.Event()

    async def up() -> None:
        await asyncio.to_thread(project.up)
        done.set()

    rolling = asyncio.create_task(up())
    result = Result()
    while not done.is_set() or len(result.latencies) + len(result.failures) < REQUESTS // ROLLOUTS:
        part = await load(gateway, connections=CONNECTIONS, seconds=5, requests=20, interval=0.02)
        result.latencies += part.latencies
        result.failures += part.failures
    await rolling
    return result
