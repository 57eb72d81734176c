"""What a deployment is made of on this machine, as plain values: servers, orchestrators, the route."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from seldon_infra.core.model import known
from seldon_infra.core.quantity import parse_duration, parse_quantity
from seldon_infra.experiments.rollout import Rollout
from seldon_infra.experiments.terms import PARAMETER
from seldon_infra.graph.experiment import terms_of
from seldon_infra.graph.spec import ABTest, Logger, Node, Predictor, RandomAbTest, SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.runtime.openapi import openapi, page
from seldon_infra.runtime.orchestrator.config import AB_TEST
from seldon_infra.servers import catalogue, layout
from seldon_infra.servers.layout import LocalProcess
from seldon_infra.servers.spec import ContainerServer, Server
from seldon_infra.targets.spec import Local

SERVER_PARTS = ("command", "environment", "files", "links", "ports", "ready", "live", "grace_seconds", "reload")
ROUTE_PARTS = (
    "namespace", "name", "protocol", "transports", "models", "orchestrated", "sticky_header",
    "rest_seconds", "grpc_seconds", "page", "openapi", "streams",
)  # fmt: skip
SILENCE_PARTS = ("silent_seconds", "start_seconds")
SHARE_PARTS = ("name", "weight", "shadow")
MODEL_LINK = "{dir}/model"
"""Where a server finds its model that takes another one over while it runs."""
DEFAULT_SECONDS = 60.0
"""How long an answer may take where the deployment sets no timeout."""
SHORTEST_SILENCE_SECONDS = 10.0
"""A process that is silent for less than this does not hang, however short the time-outs are."""
ORCHESTRATOR_SECONDS = 1.0
"""How much longer the gateway waits than an orchestrator, which knows the node that is late and says so."""


def asks_server_directly(deployment: SeldonDeployment) -> bool:
    """Tell whether the gateway can ask the model servers themselves, without an orchestrator between.

    That is so on protocol v2 where every predictor is one model of MLServer's, or wants no engine, and all models have
    one name, since a path names the model. On protocol tensorflow the rules let nothing else through, whatever the
    server is. What is promised has to be counted, and what is logged
    taken, which orchestrators do. Seldon's own protocol always needs the
    orchestrator: it adds what clients expect in ``meta``. Triton needs it as well, unless told otherwise: to a body
    that is no request it answers 500, as if the fault were its own.
    """
    if deployment.protocol == "tensorflow":
        return True
    counted = deployment.rollout is not None and counts_requests(deployment.rollout)
    if deployment.slo is not None or counted or logs_payloads(deployment):
        return False
    roots = [predictor.graph for predictor in deployment.predictors]
    alone = all(
        not it.graph.children and (it.no_engine or _is_asked_directly(it.graph)) for it in deployment.predictors
    )
    return deployment.protocol == "v2" and alone and len({root.name for root in roots}) == 1


def logs_payloads(deployment: SeldonDeployment) -> bool:
    """Tell whether payloads of a node are logged."""
    return any(node.logger for predictor in deployment.predictors for node in nodes(predictor.graph))


def counts_requests(rollout: Rollout) -> bool:
    """Tell whether a gate looks at requests that came, which orchestrators count and keep."""
    return any(gate.kind in ("errors", "latency", "mirror") for gate in rollout.gates)


def streams(deployment: SeldonDeployment) -> bool:
    """Tell whether clients may open gRPC streams: Seldon's executor knows none, so only to servers without one."""
    wanted = all(it.no_engine and _streams(it.graph) for it in deployment.predictors)
    return wanted and asks_server_directly(deployment)


def _streams(node: Node) -> bool:
    entry = entry_of(node)
    return entry is not None and entry.streams


def _is_asked_directly(node: Node) -> bool:
    entry = entry_of(node)
    return entry is not None and entry.asked_directly


def entry_of(node: Node) -> catalogue.CatalogueEntry | None:
    """What the catalogue says of a node's server; None where nothing of it runs here, or by a command of the user's."""
    name = node.server.folder if isinstance(node.server, Server) else None
    return None if name is None else catalogue.load(name)


def has_process(node: Node) -> bool:
    """Tell whether a node has a process of its own: the orchestrator does the others by itself."""
    return isinstance(node.server, Server) and not isinstance(node, ABTest)


def server(node: Node, deployment: SeldonDeployment, predictor: Predictor, target: Local) -> dict[str, object]:
    """A node's process; ``{model}`` and ``{source}`` stand for the copies of its files."""
    assert isinstance(node.server, Server)
    process = catalogue.process(node.server, node, deployment, predictor)
    environment, links = dict(process.environment), dict(process.links)
    if process.reload and target.changed_models == "load":
        environment = {name: value.replace("{model}", MODEL_LINK) for name, value in environment.items()}
        links["model"] = "{model}"
    own = {"environment": environment, "links": links, "live": dict(process.live), "reload": process.reload}
    return {**started(process, target), **own}


def started(process: LocalProcess, target: Local) -> dict[str, object]:
    """What every process of a server is started with, and when it is ready."""
    return {
        "command": list(process.command),
        "environment": dict(process.environment),
        "files": dict(process.files),
        "ports": list(process.ports),
        "ready": {**process.ready, "timeout_seconds": target.ready_timeout_seconds},
        "grace_seconds": process.grace_seconds,
    }


def shares_process(node: Node, target: Local) -> bool:
    """Tell whether a node's model is served by a process that serves others too."""
    server, entry = node.server, entry_of(node)
    if target.model_processes == "own" or not isinstance(server, Server) or entry is None:
        return False
    return layout.shares_process(entry, server, node)


def host(name: str, target: Local) -> dict[str, object]:
    """The process that serves the models of one server of the catalogue."""
    return started(layout.host_process(catalogue.load(name)), target)


def hosted(process: Mapping[str, object]) -> dict[str, object]:
    """A node's process as its host is told of it: by its environment variables alone."""
    return {**process, "command": [], "files": {}}


def silence(deployment: SeldonDeployment, target: Local) -> dict[str, object]:
    """How long a process may be silent before it counts as hanging: no answer that a client still waits for is lost."""
    longest = max(_seconds(deployment, transport) for transport in ("rest", "grpc"))
    return {
        "silent_seconds": max(longest, SHORTEST_SILENCE_SECONDS),
        "start_seconds": target.ready_timeout_seconds,
    }


def install(node: Node) -> None:
    """Make the environment of a node's server if this machine has none yet; it says on stderr what it does.

    Raises:
        PartNotFound: a package could not be had, or there is no server for the node.
    """
    entry = entry_of(node)
    if entry is not None:
        catalogue.environment(entry, getattr(node.server, "requirements", ()))


def orchestrator(python: str, target: Local) -> dict[str, object]:
    """The process that leads requests through a graph; its configuration is the file ``graph.json``."""
    return {
        "command": [python, "-m", "seldon_infra.runtime.orchestrator", "--config", "{dir}/graph.json"],
        "ports": ["http", "grpc"],
        "ready": {"kind": "http", "port": "http", "path": "/live", "timeout_seconds": target.ready_timeout_seconds},
        "live": {"port": "http", "path": "/live"},
        "grace_seconds": target.drain_seconds + 5,
    }


def orchestrator_config(
    deployment: SeldonDeployment,
    predictor: Predictor,
    models: Sequence[str],
    addresses: Mapping[str, Mapping[str, str]],
    target: Local,
    payloads: str | None = None,
) -> str:
    """The file ``graph.json``, with the servers' addresses by node.

    Args:
        deployment: whose settings hold for the predictor.
        predictor: what is orchestrated.
        models: names for the model in a v2 path.
        addresses: the servers' addresses by node.
        target: this machine's settings.
        payloads: the payload log's address; None where nothing is logged.
    """
    queue = known(deployment.request_log.size) if deployment.request_log else None
    config = {
        "deployment": deployment.name,
        "namespace": deployment.namespace,
        "predictor": predictor.name,
        **({"predictor_version": version} if (version := predictor.annotations.get("version")) else {}),
        "protocol": deployment.protocol,
        "rest_port": "{port.http}",
        "grpc_port": "{port.grpc}",
        "max_in_flight": target.max_in_flight,
        "rest_seconds": _seconds(deployment, "rest"),
        "grpc_seconds": _seconds(deployment, "grpc"),
        "models": list(models),
        "graph": _unit(predictor.graph, addresses, deployment.name),
        **({"payloads": payloads, "payloads_queue": queue} if payloads else {}),
    }
    # The ports are numbers that are known only where the process starts.
    text = json.dumps(config, indent=1)
    return text.replace('"{port.http}"', "{port.http}").replace('"{port.grpc}"', "{port.grpc}")


def route(deployment: SeldonDeployment) -> dict[str, object]:
    """A deployment's route, but for its predictors."""
    names = models(deployment)
    orchestrated = not asks_server_directly(deployment)
    slack = ORCHESTRATOR_SECONDS if orchestrated else 0.0
    document = openapi(deployment.name, str(deployment.namespace), deployment.protocol, names)
    return {
        "namespace": deployment.namespace,
        "name": deployment.name,
        "protocol": deployment.protocol,
        "transports": [deployment.transport] if deployment.transport else ["rest", "grpc"],
        "models": names,
        "orchestrated": orchestrated,
        "sticky_header": deployment.sticky.header if deployment.sticky else None,
        "rest_seconds": _seconds(deployment, "rest") + slack,
        "grpc_seconds": _seconds(deployment, "grpc") + slack,
        "page": page(document),
        "openapi": json.dumps(document, indent=1),
        "streams": streams(deployment),
    }


def share(predictor: Predictor, deployment: SeldonDeployment) -> dict[str, object]:
    """A predictor's part of the traffic, in percent; a shadow's is the part that is copied to it."""
    alone = predictor.shadow or all(other.shadow for other in deployment.predictors if other.name != predictor.name)
    weight = predictor.traffic if predictor.traffic is not None else 100 if alone else 0
    return {"name": predictor.name, "weight": weight, "shadow": predictor.shadow}


def models(deployment: SeldonDeployment) -> list[str]:
    """Names for the model in a v2 path: the first predictor's root, the deployment, then all other nodes."""
    found = [node.name for predictor in deployment.predictors for node in nodes(predictor.graph)]
    return list(dict.fromkeys([found[0], deployment.name, *found]))


def fill(value: Any, paths: Mapping[str, str]) -> Any:
    """Replace ``{model}`` and ``{source}`` by the copies' folders, anywhere in a plain value."""
    if isinstance(value, str):
        for name, path in paths.items():
            value = value.replace(f"{{{name}}}", path)
        return value
    if isinstance(value, Mapping):
        return {key: fill(item, paths) for key, item in value.items()}
    return [fill(item, paths) for item in value] if isinstance(value, list | tuple) else value


def _unit(node: Node, addresses: Mapping[str, Mapping[str, str]], deployment: str) -> dict[str, object]:
    where = addresses.get(node.name, {})
    unit: dict[str, object] = {
        "name": node.name,
        "type": node.type,
        "implementation": None if isinstance(node.server, Server) else node.server.implementation,
        "parameters": [{"name": p.name, "value": p.value, "type": p.wire_type} for p in node.parameters],
        "methods": list(node.methods),
        "rest": where.get("http"),
        "grpc": where.get("grpc"),
        "model": node.name,
        "image": _image(node),
        "children": [_unit(child, addresses, deployment) for child in node.children],
    }
    if node.logger:
        unit["logger"] = _logger(node.logger)
    if isinstance(node.server, RandomAbTest):
        unit["parameters"] = [{"name": "ratioA", "value": node.server.ratio_a, "type": "FLOAT"}]
    if isinstance(node, ABTest):
        terms = terms_of(node, deployment).text()
        unit |= {"implementation": AB_TEST, "parameters": [{"name": PARAMETER, "value": terms, "type": "STRING"}]}
    return unit


def _logger(logger: Logger) -> dict[str, object]:
    size = parse_quantity(logger.largest)
    assert size is not None  # the rules have seen to it
    return {
        "mode": logger.mode,
        "url": known(logger.url),
        "sample": logger.sample,
        "largest": int(size),
        "redact": list(logger.redact),
    }


def _image(node: Node) -> str:
    """What runs a node, with its version: on a cluster this is the container's image."""
    if isinstance(node.server, ContainerServer):
        return str(known(node.server.image) or "")
    entry = entry_of(node)
    return f"{entry.name}:{entry.version}" if entry else ""


def _seconds(deployment: SeldonDeployment, transport: str) -> float:
    text = known(getattr(deployment.timeouts, transport)) if deployment.timeouts else None
    seconds = parse_duration(text) if text else None
    return float(seconds) if seconds is not None else DEFAULT_SECONDS
