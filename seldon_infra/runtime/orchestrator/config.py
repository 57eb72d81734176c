"""What an orchestrator is told: one predictor's graph with its servers' addresses, and its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

Protocol: TypeAlias = Literal["seldon", "v2"]
DEFAULT_METHODS: Mapping[str, tuple[str, ...]] = {
    "MODEL": ("TRANSFORM_INPUT", "SEND_FEEDBACK"),
    "TRANSFORMER": ("TRANSFORM_INPUT",),
    "OUTPUT_TRANSFORMER": ("TRANSFORM_OUTPUT",),
    "ROUTER": ("ROUTE", "SEND_FEEDBACK"),
    "COMBINER": ("AGGREGATE",),
}
"""What a node of each type does. Source: Seldon's executor."""
AB_TEST = "AB_TEST"
"""The implementation of a router that is an experiment, which the orchestrator does by itself."""
READY_SECONDS = 2.0
"""How long a server may take to say that it is ready."""


@dataclass(frozen=True)
class Logger:
    """Which payloads of a node are sent on, and what of them."""

    requests: bool
    responses: bool
    """Feedback goes with them, as in Seldon's executor."""
    url: str | None
    """Where they go beside files."""
    sample: float
    """Share of the requests, by their ids."""
    largest: int
    """Bytes of one payload."""
    redact: frozenset[str]


@dataclass(frozen=True)
class Unit:
    """One node of the graph (a PredictiveUnit)."""

    name: str
    type: str
    methods: tuple[str, ...]
    implementation: str | None
    parameters: Mapping[str, str]
    model: str
    """What the node's server calls its model, on protocol v2."""
    image: str
    """What runs it; stands for the container's image in ``meta.requestPath``."""
    rest_port: int
    grpc_port: int
    children: tuple[Unit, ...]
    logger: Logger | None = None

    def does(self, method: str) -> bool:
        """Tell whether the node takes part in a step of the walk."""
        return method in self.methods

    def served(self) -> list[Unit]:
        """The nodes from here down that have a server; the others are built into the orchestrator."""
        return [unit for unit in self.walk() if unit.rest_port or unit.grpc_port]

    def answering(self) -> Unit:
        """The node that gives the answer: combiner or output transformer itself, else the end of the first way down."""
        ends_here = self.does("AGGREGATE") or self.does("TRANSFORM_OUTPUT") or not self.children
        return self if ends_here else self.children[0].answering()

    def walk(self) -> Iterator[Unit]:
        """Give the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Config:
    """One predictor's orchestrator."""

    deployment: str
    namespace: str
    predictor: str
    predictor_version: str
    """Its annotation ``version``, a label of its metrics. Source: executor/api/metric of Seldon Core 1.17.1."""
    protocol: Protocol
    rest_port: int
    grpc_port: int
    max_in_flight: int
    rest_seconds: float
    """How long one REST request may take through the whole graph."""
    grpc_seconds: float
    """How long one gRPC call may take, likewise."""
    models: tuple[str, ...]
    """Names by which a client may ask for the graph on protocol v2: those of all the deployment's nodes."""
    graph: Unit
    payloads_port: int = 0
    """Where the stack's payload log listens; 0 where nothing is logged."""
    payloads_queue: int = 10_000
    """Payloads that may wait to be sent there."""


def read_config(file: Path) -> Config:
    """Read ``graph.json``."""
    raw = json.loads(file.read_text(encoding="utf-8"))
    return Config(
        deployment=raw["deployment"],
        namespace=raw["namespace"],
        predictor=raw["predictor"],
        predictor_version=raw.get("predictor_version", ""),
        protocol=raw["protocol"],
        rest_port=raw["rest_port"],
        grpc_port=raw["grpc_port"],
        max_in_flight=raw["max_in_flight"],
        rest_seconds=raw["rest_seconds"],
        grpc_seconds=raw["grpc_seconds"],
        models=tuple(raw["models"]),
        graph=_unit(raw["graph"]),
        payloads_port=_port(raw.get("payloads")),
        payloads_queue=raw.get("payloads_queue") or Config.payloads_queue,
    )


def _unit(raw: Mapping[str, Any]) -> Unit:
    parameters = {parameter["name"]: str(parameter["value"]) for parameter in raw.get("parameters") or ()}
    return Unit(
        name=raw["name"],
        type=raw["type"],
        methods=tuple(raw.get("methods") or DEFAULT_METHODS.get(raw["type"], ())),
        implementation=raw.get("implementation"),
        parameters=parameters,
        model=raw.get("model") or raw["name"],
        image=raw.get("image") or "",
        rest_port=_port(raw.get("rest")),
        grpc_port=_port(raw.get("grpc")),
        children=tuple(_unit(child) for child in raw.get("children") or ()),
        logger=_logger(raw["logger"]) if raw.get("logger") else None,
    )


def _logger(raw: Mapping[str, Any]) -> Logger:
    return Logger(
        requests=raw["mode"] in ("request", "all"),
        responses=raw["mode"] in ("response", "all"),
        url=raw.get("url"),
        sample=raw["sample"],
        largest=raw["largest"],
        redact=frozenset(raw["redact"]),
    )


def _port(address: str | None) -> int:
    return int(address.rpartition(":")[2]) if address else 0
