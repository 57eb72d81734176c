"""Ten scikit-learn models: each in a process of its own, and all in one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bench.memory import megabytes
from bench.table import Figure, seconds
from seldon_infra.cli.load import Result, Target, load
from seldon_infra.cli.local_stack import LocalStack
from tests.local.project import Project, new_project
from tests.local.servers.contract import Sample
from tests.local.servers.samples import SAMPLES

MANY, SECONDS, ROUNDS = 10, 4.0, 3
SHARED = "mlserver"
"""Name of the process that serves them all."""


@dataclass(frozen=True)
class Placed:
    """What ten models took in one of the two ways."""

    first: float
    """Memory with one model, in MB."""
    all: float
    """Memory with all of them."""
    ready: float
    """Seconds of the `up` that adds nine to the first."""
    one_asked: Result
    all_asked: Result


def figures() -> list[Figure]:
    """Measure memory, the time that nine more take, and throughput with one asked and with all."""
    own, shared = _placed("own"), _placed("shared")
    each = (shared.all - shared.first) / (MANY - 1)
    return [
        *_of("ten processes", own),
        *_of("one process", shared),
        Figure("one process: a further model", f"{each:.1f} MB", "aim: under 15 MB"),
        Figure("memory, ten processes to one", f"{own.all / shared.all:.1f}"),
    ]


def _of(name: str, placed: Placed) -> list[Figure]:
    failed = len(placed.one_asked.failures) + len(placed.all_asked.failures)
    return [
        Figure(f"{name}: memory of one model, of ten", f"{placed.first:.0f} MB, {placed.all:.0f} MB"),
        Figure(f"{name}: `up` with nine more", f"{placed.ready:.1f} s"),
        Figure(f"{name}: one asked", _said(placed.one_asked)),
        Figure(f"{name}: all asked at once", _said(placed.all_asked)),
        Figure(f"{name}: failed", str(failed), "aim: 0"),
    ]


def _placed(processes: str) -> Placed:
    sample = next(each for each in SAMPLES if each.name == "sklearn")
    with new_project() as project:
        sample.put(project.folder)
        _define(project, processes, 1)
        project.engine.up()
        first = _memory(project.stack)
        _define(project, processes, MANY)
        ready = seconds(project.engine.up)
        targets = [_target(project, sample, index) for index in range(MANY)]
        one = [_load(targets[:1]) for _ in range(ROUNDS)]
        every = [_load(targets) for _ in range(ROUNDS)]
        return Placed(first, _memory(project.stack), ready, _middle(one), _middle(every))


def _define(project: Project, processes: str, count: int) -> None:
    deployments = "".join(
        f"SeldonDeployment(name='d{index}', namespace='ns', protocol='v2', predictors=(Predictor(name='main', "
        "graph=Model(name='m', server=SklearnServer(), model_uri='sklearn')),)),"
        for index in range(count)
    )
    project.write(f"stack = Stack(target=Local(model_processes='{processes}'), deployments=({deployments}))")


def _memory(stack: LocalStack) -> float:
    return megabytes(stack.processes, SHARED, *(f"d{index}.main.m" for index in range(MANY)))


def _target(project: Project, sample: Sample, index: int) -> Target:
    return Target(project.port, f"/seldon/ns/d{index}/v2/models/m/infer", sample.wire.body(sample, sample.rows))


def _load(targets: Sequence[Target]) -> Result:
    async def ask() -> Result:
        results = await asyncio.gather(*(load(target, connections=1, seconds=SECONDS) for target in targets))
        latencies = [latency for result in results for latency in result.latencies]
        return Result(SECONDS, latencies, [failure for result in results for failure in result.failures])

    return asyncio.run(ask())


def _middle(results: Sequence[Result]) -> Result:
    return sorted(results, key=lambda result: result.rate)[len(results) // 2]


def _said(result: Result) -> str:
    return f"{result.rate:.0f}/s, p50 {result.percentile(50):.1f} ms, p99 {result.percentile(99):.1f} ms"
