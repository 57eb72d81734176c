"""What the payload log costs: the same requests with every payload kept and with none, in turns."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.orchestrator import BODY, chain_config, free_port, node, process
from bench.rounds import summary
from bench.table import Figure
from seldon_infra.cli.load import Result, Target, load
from tests.local.project import new_project
from tests.local.servers.samples import SAMPLES

ROUNDS, SECONDS, CONNECTIONS = 7, 2.0, 8
LOGGER = {"mode": "all", "url": None, "sample": 1.0, "largest": 1 << 20, "redact": []}


def figures() -> list[Figure]:
    """Measure a model of scikit-learn behind the gateway, and an orchestrator before a node that does nothing."""
    return [*_served(), *_alone()]


def _served() -> list[Figure]:
    sample = next(sample for sample in SAMPLES if sample.name == "sklearn")
    with new_project() as project:
        sample.put(project.folder)
        kept = sample.definition.replace("Model(", "Model(logger=Logger(mode='all'), ", 1)
        slo = "slo=Slo(availability=99), "
        plain = sample.definition.replace("SeldonDeployment(", f"SeldonDeployment({slo}", 1)
        named = kept.replace(f"name='{sample.name}'", "name='kept'", 1)
        project.write(f"stack = Stack(target=Local(), deployments=({plain}, {named}, ))")
        project.engine.up()
        body, path = sample.wire.body(sample, sample.rows), sample.wire.gateway_infer(sample)
        bare = Target(project.port, sample.prefix + path, body)
        return _compared("scikit-learn's", bare, Target(project.port, f"/seldon/ns/kept{path}", body))


def _alone() -> list[Figure]:
    with tempfile.TemporaryDirectory() as text, node() as stub, _log(Path(text)) as log:
        plain, kept = (_orchestrator(Path(text), name, stub, log) for name in ("plain", "kept"))
        with plain as bare, kept as logged:
            targets = [Target(port, "/api/v1.0/predictions", BODY) for port in (bare, logged)]
            return _compared("an idle node's", *targets)


@contextmanager
def _log(folder: Path) -> Iterator[int]:
    port = free_port()
    bounds = ("--rotate-seconds=30", "--rotate-bytes=16777216", "--keep-bytes=1073741824")
    command = [sys.executable, "-m", "seldon_infra.runtime.payloads", f"--root={folder}", f"--port={port}", *bounds]
    with process(command, port):
        yield port


@contextmanager
def _orchestrator(folder: Path, name: str, stub: int, log: int) -> Iterator[int]:
    port, file = free_port(), folder / f"{name}.json"
    config = {**chain_config(1, stub, port, free_port()), "payloads": f"127.0.0.1:{log}"}
    if name == "kept":
        config["graph"] = {**config["graph"], "logger": LOGGER}  # type: ignore[dict-item]
    file.write_text(json.dumps(config), encoding="utf-8")
    with process([sys.executable, "-m", "seldon_infra.runtime.orchestrator", "--config", str(file)], port):
        yield port


def _compared(whose: str, plain: Target, kept: Target) -> list[Figure]:
    for target in (plain, kept):
        _load(target)
    rounds = [(_load(plain), _load(kept)) for _ in range(ROUNDS)]
    without, with_log = ([pair[side] for pair in rounds] for side in (0, 1))
    return [
        Figure(f"{whose} payloads not kept", summary(without)),
        Figure(f"{whose} payloads kept", summary(with_log)),
        Figure(f"{whose} throughput, p99 with / without", _ratios(without, with_log), "aim: 0.95, 1.05"),
        Figure("failed", str(sum(len(result.failures) for pair in rounds for result in pair)), "aim: 0"),
    ]


def _ratios(without: Sequence[Result], with_log: Sequence[Result]) -> str:
    pairs = list(zip(without, with_log, strict=True))
    rate = statistics.median(b.rate / a.rate for a, b in pairs)
    p99 = statistics.median(b.percentile(99) / a.percentile(99) for a, b in pairs)
    return f"{rate:.3f}, {p99:.3f}"


def _load(target: Target) -> Result:
    return asyncio.run(load(target, connections=CONNECTIONS, seconds=SECONDS))
