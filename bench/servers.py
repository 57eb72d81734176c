"""Each server of the catalogue with a tiny model: through gateway and orchestrator, and asked itself, in turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace

from bench.memory import megabytes
from bench.plain_envoy import plain_envoy
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load
from seldon_infra.runtime.health import is_ready
from seldon_infra.servers import catalogue
from tests.local.project import Project, new_project
from tests.local.servers.contract import Sample
from tests.local.servers.samples import SAMPLES, TRITON

ROUNDS, SECONDS, CONNECTIONS, WARM_SECONDS = 5, 1.5, 8, 0.5
READY_SECONDS = 120.0
NO_ENGINE = "triton-no-engine"
_ROWS = TRITON.replace("dims=(-1, 3)", "dims=(3,)").replace("dims=(-1, 1)", "dims=(1,)")
_UNBATCHED = _ROWS.replace("TritonModel(", "TritonModel(max_batch_size=16, ")
_BATCHED = _UNBATCHED.replace("TritonModel(", "TritonModel(dynamic_batching=DynamicBatching(), ")


def figures() -> list[Figure]:
    """Measure throughput, latency, memory and the time to ready of each."""
    with new_project() as project:
        samples = _samples()
        for sample in samples:
            sample.put(project.folder)
        deployments = "".join(f"{_definition(sample)}, " for sample in samples)
        project.write(f"stack = Stack(target=Local(model_processes='own'), deployments=({deployments}))")
        project.engine.up()
        measured = [figure for sample in samples for figure in _measured(project, sample)]
        return [*measured, _plain_gateway(project, next(it for it in samples if it.name == "triton"))]


def _samples() -> list[Sample]:
    """All samples, and Triton's with batches of several requests and of one each, and without an orchestrator."""
    triton = next(sample for sample in SAMPLES if sample.name == "triton")
    others = {"triton-batching": _BATCHED, "triton-no-batching": _UNBATCHED, NO_ENGINE: TRITON}
    return [*SAMPLES, *(replace(triton, name=name, server=server) for name, server in others.items())]


def _definition(sample: Sample) -> str:
    engine = "no_engine=True, " if sample.name == NO_ENGINE else ""
    return sample.definition.replace("Predictor(", f"Predictor({engine}")


def _measured(project: Project, sample: Sample) -> list[Figure]:
    body = sample.wire.body(sample, sample.rows)
    bare = Target(project.stack.process(sample.process).ports["http"], sample.wire.infer(sample), body)
    served = Target(project.port, sample.prefix + sample.wire.gateway_infer(sample), body)
    for target in (bare, served):
        _load(target, WARM_SECONDS)
    rounds = [(_load(bare, SECONDS), _load(served, SECONDS)) for _ in range(ROUNDS)]
    ratio = statistics.median(b.rate / a.rate for a, b in rounds)
    failures = [failure for pair in rounds for result in pair for failure in result.failures]
    memory = megabytes(project.stack.processes, sample.process)
    return [
        Figure(f"{sample.name}: itself", summary([a for a, _ in rounds])),
        Figure(f"{sample.name}: through this library", summary([b for _, b in rounds])),
        Figure(f"{sample.name}: throughput ratio", f"{ratio:.2f}", "aim: at least 0.90"),
        Figure(f"{sample.name}: memory, time to ready", f"{memory:.0f} MB, {_ready(project, sample):.1f} s"),
        Figure(f"{sample.name}: failed", str(len(failures)), f"aim: 0 {failures[0] if failures else ''}".strip()),
    ]


def _plain_gateway(project: Project, sample: Sample) -> Figure:
    """What is left of a server's throughput behind an Envoy that does nothing else: no gateway can do better."""
    port = project.stack.process(sample.process).ports["http"]
    path, body = sample.wire.infer(sample), sample.wire.body(sample, sample.rows)
    with plain_envoy(port, "/v2/health/ready") as envoy:
        asked = Target(port, path, body), Target(envoy, path, body)
        for target in asked:
            _load(target, WARM_SECONDS)
        rounds = [[_load(target, SECONDS).rate for target in asked] for _ in range(ROUNDS)]
    ratio = statistics.median(behind / itself for itself, behind in rounds)
    return Figure(f"{sample.name}: throughput ratio behind an Envoy that does nothing else", f"{ratio:.2f}")


def _ready(project: Project, sample: Sample) -> float:
    """Stop the server, start it again, and wait until it can answer; in seconds."""
    record, processes = project.stack.process(sample.process), project.stack.processes
    entry = catalogue.load(sample.catalogue)
    path = entry.ready.path.replace("{name}", sample.name)
    processes.stop(record.id)
    start = time.perf_counter()
    processes.restart(record.id)
    while not is_ready("http", record.ports[entry.ready.port], path):
        if time.perf_counter() - start > READY_SECONDS:
            raise RuntimeError(f"{sample.name} is not ready after {READY_SECONDS:g} s")
        time.sleep(0.02)
    return time.perf_counter() - start


def _load(target: Target, seconds: float) -> Result:
    return asyncio.run(load(target, connections=CONNECTIONS, seconds=seconds))
