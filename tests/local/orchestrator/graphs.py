"""A predictor's graph with real servers and the real orchestrator, without Pulumi and without a gateway."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc

from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.processes import ProcessSpec, Record
from seldon_infra.servers.spec import Server
from seldon_infra.targets import local_render as render
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.scene import Answer, Scene, ask

READY_SECONDS = 120


@dataclass
class Graph:
    """The started processes of a deployment's only predictor."""

    scene: Scene
    servers: dict[str, Record]
    orchestrator: Record

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None, timeout: float = 60) -> Answer:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ask(self.orchestrator.ports["http"], path, "POST", sent, headers, timeout)

    def get(self, path: str) -> Answer:
        return ask(self.orchestrator.ports["http"], path, "GET", None)

    def call(self, method: str, request: Any, answer: str, timeout: float = 60, **metadata: str) -> Any:
        """Call a gRPC method; ``request`` is a message, or bytes that should be one."""
        wire = request if isinstance(request, bytes) else request.SerializeToString()
        sent = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        with grpc.insecure_channel(f"127.0.0.1:{self.orchestrator.ports['grpc']}") as channel:
            got = channel.unary_unary(f"/{method}")(wire, timeout=timeout, metadata=sent)
        return message(answer).FromString(got)


def start(scene: Scene, deployment: SeldonDeployment, source: Path, target: Local | None = None) -> Graph:
    """Start all servers of the deployment's predictor, then its orchestrator, and wait until both are ready."""
    target = target or Local()
    folder = scene.stack.root.parent / f"source-{deployment.name}"
    if not folder.exists():
        folder.mkdir()
        shutil.copy(source, folder)
    servers = start_servers(scene, deployment, {"source": str(folder)}, target)
    return Graph(scene, servers, orchestrator(scene, deployment, servers, target))


def start_servers(
    scene: Scene, deployment: SeldonDeployment, paths: Mapping[str, str], target: Local | None = None
) -> dict[str, Record]:
    """Start all servers of the deployment's predictor, with the copies of its files, and wait until they are ready."""
    (predictor,) = deployment.predictors
    servers, ready = {}, {}
    for node in nodes(predictor.graph):
        if isinstance(node.server, Server):
            parts = render.fill(render.server(node, deployment, predictor, target or Local()), paths)
            ready[node.name] = parts.pop("ready")
            servers[node.name] = scene.start(ProcessSpec(name=node.name, **parts))
    for name, record in servers.items():
        wait_until(lambda r=record, p=ready[name]["path"]: is_ready("http", r.ports["http"], p), READY_SECONDS)
    return servers


class Listening(Protocol):
    """Something that answers on ports of its own: a started process, or a test."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Port by name."""


def orchestrator(
    scene: Scene,
    deployment: SeldonDeployment,
    servers: Mapping[str, Listening],
    target: Local,
    payloads: str | None = None,
) -> Record:
    """Start an orchestrator before servers that run."""
    (predictor,) = deployment.predictors
    addresses = {
        name: {transport: f"127.0.0.1:{port}" for transport, port in record.ports.items()}
        for name, record in servers.items()
    }
    parts = render.orchestrator(sys.executable, target)
    parts.pop("ready")
    models = render.models(deployment)
    config = render.orchestrator_config(deployment, predictor, models, addresses, target, payloads)
    files = {"graph.json": config}
    record = scene.start(ProcessSpec(name=f"orchestrator-{deployment.name}", files=files, **parts))  # type: ignore[arg-type]
    wait_until(lambda: is_ready("http", record.ports["http"], "/live"))
    return record
