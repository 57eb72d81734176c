"""The graph of a manifest as typed nodes, each with what its container says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from seldon_infra.core.errors import InvalidGraph
from seldon_infra.core.problems import Problem
from seldon_infra.graph import manifest as wire
from seldon_infra.graph.read.normal import kind_of
from seldon_infra.graph.read.values import endpoint, env, given, logger, parameters, resources
from seldon_infra.graph.render_pods import PREPACKAGED_IMAGES
from seldon_infra.graph.spec import (
    AverageCombiner,
    Combiner,
    GraphNode,
    Model,
    Node,
    OutputTransformer,
    Parameter,
    Pod,
    RandomAbTest,
    Router,
    SimpleModel,
    SimpleRouter,
    Transformer,
)
from seldon_infra.servers.spec import (
    LAST_APACHE_CORE,
    ContainerServer,
    HuggingFaceServer,
    MLflowServer,
    Protocol,
    Server,
    SklearnServer,
    TempoServer,
    TensorFlowServer,
    TritonServer,
    XGBoostServer,
)

_SERVERS: dict[str, type[Server]] = {
    str(server.implementation): server
    for server in (
        SklearnServer,
        XGBoostServer,
        MLflowServer,
        TensorFlowServer,
        TritonServer,
        HuggingFaceServer,
        TempoServer,
    )
}
_BUILT_IN = {kind.implementation: kind for kind in (SimpleModel, SimpleRouter, RandomAbTest, AverageCombiner)}
_TYPES: dict[str, type[GraphNode]] = {
    str(kind.type): kind for kind in (Model, Transformer, OutputTransformer, Router, Combiner)
}
_ONE_CHILD = (Transformer, OutputTransformer)
_SERVER_PARAMETERS: dict[str, tuple[str, ...]] = {
    "HUGGINGFACE_SERVER": ("task", "pretrained_model", "pretrained_tokenizer", "optimum_model"),
    "SKLEARN_SERVER": ("method",),
    "TENSORFLOW_SERVER": ("signature_name", "model_input", "model_output"),
}
_NOT_ON_SELDON_ALONE = ("HUGGINGFACE_SERVER",)
"""Servers whose parameters are fields on every protocol; those of the others are on protocol seldon only."""


@dataclass(frozen=True)
class GraphReader:
    """Reads one predictor's graph."""

    protocol: Protocol
    containers: Mapping[str, Mapping[str, Any]]
    """Containers of all its pods by name."""
    pods: Mapping[str, Pod]
    """Pods of the nodes that have one of their own."""
    digests: Mapping[str, str]
    """Digests that models must have, by their nodes."""

    def read(self, unit: wire.PredictiveUnit, path: str) -> Node:
        """Read a node with everything below it.

        Raises:
            InvalidGraph: the node is of no type, or nothing runs it.
        """
        kind = _TYPES.get(kind_of(unit.model_dump(by_alias=True)) or "")
        if kind is None:
            raise InvalidGraph([_no_type(unit, path)])
        children = tuple(
            self.read(child, f"{path}.children[{index}]") for index, child in enumerate(unit.children or ())
        )
        server, left = self._server(unit, path)
        fields = {**self._fields(unit, left), "server": server, **_below(kind, children, unit, path)}
        return cast("Node", kind(**fields))

    def _fields(self, unit: wire.PredictiveUnit, left: tuple[Parameter, ...]) -> dict[str, Any]:
        container = self.containers.get(unit.name, {})
        return given(
            name=unit.name,
            model_uri=unit.model_uri,
            model_digest=self.digests.get(unit.name) if unit.model_uri else None,
            parameters=left,
            env=env(container.get("env")),
            resources=resources(container.get("resources")),
            endpoint=endpoint(unit.endpoint),
            methods=unit.methods,
            logger=logger(unit.logger),
            env_secret_ref_name=unit.env_secret_ref_name,
            service_account_name=unit.service_account_name,
            storage_initializer_image=unit.storage_initializer_image,
            pod=self.pods.get(unit.name),
        )

    def _server(self, unit: wire.PredictiveUnit, path: str) -> tuple[object, tuple[Parameter, ...]]:
        """What runs a node, and those of its parameters that are no field of it."""
        name, told = unit.implementation, parameters(unit.parameters)
        if name in _BUILT_IN:
            return _built_in(name, told)
        if name in _SERVERS:
            own = _SERVER_PARAMETERS.get(name, ()) if self._has_fields(name) else ()
            fields = {parameter.name: parameter.value for parameter in told if parameter.name in own}
            left = tuple(parameter for parameter in told if parameter.name not in own)
            return _SERVERS[name](**fields, **self._version(name, unit.name)), left
        if name not in (None, "UNKNOWN_IMPLEMENTATION"):
            raise InvalidGraph([_unknown_server(unit, path)])
        return self._container(unit, path), told

    def _has_fields(self, implementation: str) -> bool:
        return self.protocol == "seldon" or implementation in _NOT_ON_SELDON_ALONE

    def _version(self, implementation: str, node: str) -> dict[str, str]:
        """The version of Seldon's own image, where the container names one."""
        repository, _, tag = str(self.containers.get(node, {}).get("image", "")).rpartition(":")
        if self.protocol != "seldon" or PREPACKAGED_IMAGES.get(implementation) != repository:
            return {}
        return {"version": tag} if _is_apache(tag) else {"version": tag, "licence": "BSL-1.1"}

    def _container(self, unit: wire.PredictiveUnit, path: str) -> ContainerServer:
        container = self.containers.get(unit.name)
        if container is None or "image" not in container:
            raise InvalidGraph([_nothing_runs(unit, path)])
        command, args = tuple(container.get("command") or ()), tuple(container.get("args") or ())
        return ContainerServer(image=container["image"], speaks=(self.protocol,), **given(command=command, args=args))


def _below(kind: type[GraphNode], children: tuple[Node, ...], unit: wire.PredictiveUnit, path: str) -> dict[str, Any]:
    if kind not in _ONE_CHILD:
        return given(children=children)
    if len(children) != 1:
        raise InvalidGraph([_not_one_child(unit, path, len(children))])
    return {"child": children[0]}


def _built_in(name: str | None, told: tuple[Parameter, ...]) -> tuple[object, tuple[Parameter, ...]]:
    kind = _BUILT_IN[name]  # type: ignore[index] # the caller has looked
    if kind is not RandomAbTest:
        return kind(), told
    ratio = next((parameter.value for parameter in told if parameter.name == "ratioA"), None)
    return RandomAbTest(**given(ratio_a=ratio)), tuple(each for each in told if each.name != "ratioA")


def _is_apache(version: str) -> bool:
    numbers = version.split(".")
    if not all(part.isdecimal() for part in numbers):
        return False
    return [int(part) for part in numbers] <= [int(part) for part in LAST_APACHE_CORE.split(".")]


def _no_type(unit: wire.PredictiveUnit, path: str) -> Problem:
    got = f"type {unit.type}" if unit.type else "type is not set"
    fix = "write type: MODEL, ROUTER, COMBINER, TRANSFORMER or OUTPUT_TRANSFORMER"
    return Problem(path, f"{got} on node '{unit.name}', which names no implementation", "must be a type", fix)


def _unknown_server(unit: wire.PredictiveUnit, path: str) -> Problem:
    known = ", ".join(sorted([*_SERVERS, *(name for name in _BUILT_IN if name)]))
    fix = f"there are: {known}; give a server of your own as a container, without implementation"
    return Problem(path, f"implementation {unit.implementation}", "must be one that the library knows", fix)


def _nothing_runs(unit: wire.PredictiveUnit, path: str) -> Problem:
    fix = f"add a container of the name '{unit.name}' with an image to componentSpecs, or an implementation"
    return Problem(path, f"node '{unit.name}' has no implementation", "must have a container with an image", fix)


def _not_one_child(unit: wire.PredictiveUnit, path: str, children: int) -> Problem:
    fix = "give it the one node that it transforms for"
    return Problem(path, f"{unit.type} '{unit.name}' has {children} children", "must have one", fix)
