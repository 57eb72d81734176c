"""Rules about what containers are handed: environment, parameters, ports, loggers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import is_known, is_later, known
from seldon_infra.core.names import is_env_name
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, environments_in, nodes_in, used_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seldon_infra.graph.spec import Endpoint, Parameter

_SET_BY_SELDON = frozenset(
    {
        "DEPLOYMENT_NAME",
        "DEPLOYMENT_NAMESPACE",
        "ENGINE_PREDICTOR",
        "ENGINE_SERVER_GRPC_PORT",
        "ENGINE_SERVER_PORT",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
        "PREDICTIVE_UNIT_ID",
        "PREDICTIVE_UNIT_IMAGE",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
        "PREDICTIVE_UNIT_PARAMETERS",
        "PREDICTIVE_UNIT_SERVICE_PORT",
        "PREDICTOR_ID",
        "PREDICTOR_LABELS",
        "SELDON_DEPLOYMENT_ID",
        "SELDON_EXECUTOR_ENABLED",
    }
)
_WEB = re.compile(r"https?://[^\s/:?#]+(:[0-9]+)?([/?#]\S*)?\Z", re.ASCII)
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_ORCHESTRATOR_PORTS = {8000: "REST", 5001: "gRPC"}
_PORTS = ("service_port", "http_port", "grpc_port")
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "INT": ((int,), "a whole number"),
    "FLOAT": ((int, float), "a number"),
    "DOUBLE": ((int, float), "a number"),
    "BOOL": ((bool,), "True or False"),
    "STRING": ((str,), "a string"),
}


def env_names(at: InPredictor) -> Iterator[Problem]:
    """A variable's name is one that Kubernetes takes, comes once, and is not Seldon's."""
    for path, field, variables in environments_in(at):
        names = [variable.name for variable in variables]
        for name in used_twice(names):
            yield Problem(path, f"{field} sets '{name}' twice", "must be set once", f"remove one '{name}'")
        for name in dict.fromkeys(names):
            if not is_env_name(name):
                want = "must be letters, digits, '_', '-' or '.', and not start with a digit"
                yield Problem(path, f"{field} name '{name}'", want, "rename it")
            elif name in _SET_BY_SELDON:
                yield Problem(path, f"{field} sets '{name}'", "must leave it to Seldon", f"remove '{name}'")


def env_values(at: InPredictor) -> Iterator[Problem]:
    """The system hands values on as texts that end at a zero; the value itself may be nobody's to read."""
    for path, field, variables in environments_in(at):
        for variable in variables:
            if _UNFIT.search(known(variable.value) or ""):
                got = f"{field} '{variable.name}' has a value with a character that no environment holds"
                yield Problem(path, got, "must be text", "remove the character")


def env_has_one_value(at: InPredictor) -> Iterator[Problem]:
    """A variable has a value or a place where it comes from, not both."""
    for path, field, variables in environments_in(at):
        for variable in variables:
            given = (variable.value is not None) + (variable.value_from is not None)
            if given != 1:
                got = f"{field} '{variable.name}' has {'both' if given else 'neither'} value and value_from"
                fix = "remove one of them" if given else "write value='…'"
                yield Problem(path, got.replace("neither value and", "neither value nor"), "must have one", fix)


def parameter_names(at: InNode) -> Iterator[Problem]:
    """A server finds a parameter by its name."""
    names = [parameter.name for parameter in at.node.parameters]
    for name in used_twice(names):
        yield Problem(at.path, f"parameter '{name}' is given twice", "must be given once", f"remove one '{name}'")
    if "" in names:
        yield Problem(at.path, "a parameter has no name", "must have one", "write name='…'")


def parameter_values(at: InNode) -> Iterator[Problem]:
    """A value has the type that is written beside it; one of later has a type beside it."""
    for parameter in at.node.parameters:
        yield from _value(at.path, parameter)


def endpoint_ports(at: InNode) -> Iterator[Problem]:
    """A port is one that exists and that the orchestrator does not hold."""
    yield from _existing(at.path, "endpoint", at.node.endpoint, _ORCHESTRATOR_PORTS)


def explainer_ports(at: InPredictor) -> Iterator[Problem]:
    """An explainer's ports exist; it has a pod of its own, without orchestrator."""
    if at.predictor.explainer:
        yield from _existing(at.path, "explainer.endpoint", at.predictor.explainer.endpoint, {})


def endpoint_ports_differ(at: InPredictor) -> Iterator[Problem]:
    """Containers of one pod share its ports."""
    taken: dict[int, tuple[str, str]] = {}
    for inner in nodes_in(at):
        for field, port in _own_ports(inner):
            first, its = taken.setdefault(port, (inner.node.name, field))
            if (first, its) != (inner.node.name, field):
                whose = f"which is {its} too" if first == inner.node.name else f"which '{first}' has too"
                got = f"endpoint.{field} {port}, {whose}"
                yield Problem(inner.path, got, "must be unique within a pod", "change one, or give a node its own pod")


def logger_url(at: InNode) -> Iterator[Problem]:
    """Payloads go to a web address."""
    url = known(at.node.logger.url) if at.node.logger else None
    if url is not None and not _WEB.match(url):
        fix = f"write url='http://{url}'" if url and "://" not in url else "write url='http://host/path'"
        yield Problem(at.path, f"logger.url '{url}'", "must begin with http:// or https:// and name a host", fix)


def _existing(path: str, field: str, endpoint: Endpoint | None, held: Mapping[int, str]) -> Iterator[Problem]:
    for name, port in _ports(endpoint):
        fix = "write a port from 9000 up, or remove it"
        if not 1 <= port <= 65535:
            yield Problem(path, f"{field}.{name} {port}", "must be a port from 1 to 65535", fix)
        elif port in held and endpoint and endpoint.service_host is None:
            yield Problem(path, f"{field}.{name} {port}", f"must not be the orchestrator's for {held[port]}", fix)


def _value(path: str, parameter: Parameter) -> Iterator[Problem]:
    name, value, kind = parameter.name, parameter.value, parameter.type
    if is_later(value):
        if kind is None:
            want = "must be given where the value is an Output"
            yield Problem(path, f"parameter '{name}' has no type", want, "write type='STRING', or what it is")
        return
    if kind is not None and not _fits(value, kind):
        want = f"must be {_TYPES[kind][1]} for type {kind}"
        yield Problem(path, f"parameter '{name}' {value!r}", want, "change the value or the type")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, f"parameter '{name}' {value}", "must be a finite number", "change the value")


def _fits(value: object, kind: str) -> bool:
    if isinstance(value, bool) and kind != "BOOL":
        return False
    return isinstance(value, _TYPES[kind][0])


def _ports(endpoint: Endpoint | None) -> Iterator[tuple[str, int]]:
    for field in _PORTS if endpoint else ():
        port = getattr(endpoint, field)
        if is_known(port):
            yield field, port


def _own_ports(at: InNode) -> Iterator[tuple[str, int]]:
    """Ports that a node's container opens in the predictor's shared pod."""
    endpoint = at.node.endpoint
    if endpoint and endpoint.service_host is None and at.node.pod is None:
        yield from ((field, port) for field, port in _ports(endpoint) if field != "service_port")


PREDICTOR_RULES = (env_names, env_values, env_has_one_value, explainer_ports, endpoint_ports_differ)
NODE_RULES = (parameter_names, parameter_values, endpoint_ports, logger_url)
