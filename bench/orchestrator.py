"""What a graph costs: the orchestrator over chains of nodes that answer at once, as MODELs of Seldon's protocol."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench.table import Figure
from seldon_infra.cli.load import Target, load

LENGTHS, SECONDS, CONNECTIONS = (1, 3, 5), 4.0, 8
EXECUTOR_MS = {1: 1.0, 3: 2.6, 5: 6.4}
EXECUTOR_RATE = {1: 1900, 3: 680, 5: 310}
"""Seldon's own executor over the same chains, measured on a machine of this kind."""
START_SECONDS = 20.0
BODY = json.dumps({"data": {"ndarray": [[5.1, 3.5, 1.4, 0.2]]}}).encode()


def figures() -> list[Figure]:
    """Measure latency over one connection and throughput over eight, for each length."""
    with node() as stub, tempfile.TemporaryDirectory() as folder:
        return [figure for length in LENGTHS for figure in _chain(length, stub, Path(folder))]


def _chain(length: int, node: int, folder: Path) -> list[Figure]:
    port, grpc_port = free_port(), free_port()
    config = folder / f"{length}.json"
    config.write_text(json.dumps(chain_config(length, node, port, grpc_port)), encoding="utf-8")
    with process([sys.executable, "-m", "seldon_infra.runtime.orchestrator", "--config", str(config)], port):
        target = Target(port, "/api/v1.0/predictions", BODY)
        uvloop.run(load(target, connections=CONNECTIONS, seconds=1))
        one = uvloop.run(load(target, connections=1, seconds=SECONDS))
        many = uvloop.run(load(target, connections=CONNECTIONS, seconds=SECONDS))
    failed = len(one.failures) + len(many.failures)
    return [
        Figure(f"chain of {length}: p50", f"{one.percentile(50):.2f} ms", f"to beat: {EXECUTOR_MS[length]} ms"),
        Figure(f"chain of {length}: eight connections", f"{many.rate:.0f}/s", f"to beat: {EXECUTOR_RATE[length]}/s"),
        Figure(f"chain of {length}: failed", str(failed), "aim: 0"),
    ]


def chain_config(length: int, node: int, port: int, grpc_port: int) -> dict[str, object]:
    graph: dict[str, object] = {}
    for index in reversed(range(length)):
        unit = {"name": f"n{index}", "type": "MODEL", "rest": f"127.0.0.1:{node}", "grpc": None}
        graph = {**unit, "children": [graph] if graph else []}
    names = {"deployment": "chain", "namespace": "bench", "predictor": "main", "protocol": "seldon"}
    limits = {"max_in_flight": 256, "rest_seconds": 10.0, "grpc_seconds": 10.0, "models": ["n0"]}
    return {**names, **limits, "rest_port": port, "grpc_port": grpc_port, "graph": graph}


@contextmanager
def node() -> Iterator[int]:
    port = free_port()
    with process([sys.executable, "-m", "bench.stub_node", str(port)], port):
        yield port


@contextmanager
def process(command: list[str], port: int) -> Iterator[int]:
    """Run a process until it is no longer needed, and give its id; it is there when its port is.

    What it says is shown where something fails, and not in the middle of a table.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=said, stderr=subprocess.STDOUT)
        try:
            _wait_for(port, process)
            yield process.pid
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        finally:
            process.terminate()
            process.wait(timeout=40)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {START_SECONDS:g} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
