"""The orchestrator's process: both servers in one event loop, from start to drained stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from seldon_infra.runtime.orchestrator import grpc_front
from seldon_infra.runtime.orchestrator.admission import Admission
from seldon_infra.runtime.orchestrator.config import AB_TEST, Config, read_config
from seldon_infra.runtime.orchestrator.failures import Failure
from seldon_infra.runtime.orchestrator.grpc_front import GrpcFront
from seldon_infra.runtime.orchestrator.grpc_nodes import GrpcNodes
from seldon_infra.runtime.orchestrator.http_server import Server
from seldon_infra.runtime.orchestrator.kept import Kept
from seldon_infra.runtime.orchestrator.metrics import Metrics
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.rest_front import RestFront, refusal
from seldon_infra.runtime.orchestrator.rest_nodes import RestNodes
from seldon_infra.runtime.orchestrator.shared import Shared
from seldon_infra.runtime.orchestrator.told import Told
from seldon_infra.runtime.orchestrator.tracing import tracing

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.experiments import Experiments

DRAIN_SECONDS = 30.0
"""How long open requests may take after TERM."""


def main() -> int:
    """Serve until TERM or INT."""
    parser = argparse.ArgumentParser(prog="seldon-infra-orchestrator", description="Lead requests through a graph.")
    parser.add_argument("--config", type=Path, required=True, help="the file graph.json")
    file = parser.parse_args().config
    config = read_config(file)
    try:
        uvloop.run(_serve(config, file.resolve().parents[2]))
    except OSError as error:
        print(f"orchestrator of '{config.deployment}/{config.predictor}': {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(config: Config, stack: Path) -> None:
    metrics = Metrics(config)
    spans, experiments = tracing(config, metrics), _experiments(config, metrics, stack)
    admission = Admission(config, metrics, spans)
    log = PayloadLog(config, metrics)
    shared = Shared(config, metrics, admission, log, Told(), experiments)
    rest_nodes, grpc_nodes = RestNodes(config.graph, metrics, spans), GrpcNodes(config.graph, metrics, spans)
    front = RestFront(shared, rest_nodes, Kept(stack))
    http = Server(front, lambda status, text: refusal(Failure(status, text)))
    rpc = await grpc_front.start(config, GrpcFront(shared, grpc_nodes))
    await http.listen(config.rest_port)
    # What has been made until now stays: the collector need not look at it again with each request.
    gc.freeze()
    print(f"REST on 127.0.0.1:{config.rest_port}, gRPC on 127.0.0.1:{config.grpc_port}", file=sys.stderr, flush=True)
    await _asked_to_stop()
    # New requests still get answers while open ones finish: the gateway may send some until it knows better.
    await asyncio.gather(http.drain(DRAIN_SECONDS), rpc.stop(DRAIN_SECONDS))
    await admission.drained(DRAIN_SECONDS)
    if experiments is not None:
        experiments.close()
    await log.close()
    rest_nodes.close()
    await grpc_nodes.close()
    spans.close()


def _experiments(config: Config, metrics: Metrics, stack: Path) -> Experiments | None:
    if not any(unit.implementation == AB_TEST for unit in config.graph.walk()):
        return None
    # Most graphs hold none, and wait for none of it to load.
    from seldon_infra.runtime.orchestrator.experiments import Experiments

    return Experiments(config, metrics, stack)


async def _asked_to_stop() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
