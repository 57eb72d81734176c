"""Rules about the way in: the operator routes by it, its API is served, its gateway is there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from seldon_infra.clusters.facts import Facts, Operator
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster, operators_of, warning
from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.capabilities import Way, lost
from seldon_infra.graph.spec import SeldonDeployment

_SWITCHES = {"istio": "ISTIO_ENABLED", "ambassador": "AMBASSADOR_ENABLED"}
_GROUPS = {"istio": "networking.istio.io", "ambassador": "getambassador.io"}
_OF_THE_OPERATOR = "istio-system/seldon-gateway"
"""Its chart's gateway where nothing else is said."""


def routed_by(operator: Operator) -> list[str]:
    """Give the ways in that an operator makes routes for."""
    return [way for way, switch in _SWITCHES.items() if operator.settings.get(switch) == "true"]


def settings_are_read(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Settings of a way in that the operator makes no routes for are dropped in silence."""
    for deployment, operator in _taken(declared, facts):
        for way in _SWITCHES:
            if getattr(deployment, way) is not None and way not in routed_by(operator):
                want = f"must be switched on in operator {operator.name}, which drops it in silence"
                problem = Problem(title(deployment), way, want, f"set {way}.enabled=true in its chart, or remove {way}")
                yield error(problem, deployment.name)


def settings_are_kept(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Some settings are lost on the operator's ways in, though not on all that there are."""
    for deployment, operator in _taken(declared, facts):
        ways = tuple(map(partial(_way, operator), routed_by(operator)))
        known_before = set(lost(deployment))
        for problem in lost(deployment, ways):
            if problem not in known_before:
                yield error(problem, deployment.name)


def somebody_routes(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Without a way in, only what runs on the cluster reaches a deployment."""
    for operator in dict.fromkeys(operator for _, operator in _taken(declared, facts)):
        if not routed_by(operator):
            got = f"operator {operator.name} makes no routes: neither Istio nor Ambassador is switched on"
            want, fix = "must have one of them to be reached from outside", "set istio.enabled=true in its chart"
            yield warning(Problem(of_cluster(facts), got, want, fix))


def api_is_served(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An operator that cannot make its routes fails every deployment."""
    for operator in dict.fromkeys(operator for _, operator in _taken(declared, facts)):
        for way in routed_by(operator):
            if facts.served is not None and _GROUPS[way] not in facts.served:
                got = f"operator {operator.name} has {way} switched on, {_GROUPS[way]} is not served"
                want, fix = (
                    "must be served",
                    f"install {way.title()}, or set {way}.enabled=false in the operator's chart",
                )
                yield error(Problem(of_cluster(facts), got, want, fix))


def gateway_is_there(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Istio takes a route of a gateway that is not there, and nothing reaches it."""
    if facts.gateways is None or "networking.istio.io" not in (facts.served or {}):
        return
    for deployment, operator in _taken(declared, facts):
        gateway = _gateway(deployment, operator) if "istio" in routed_by(operator) else None
        if gateway and gateway not in facts.gateways:
            got = f"Istio gateway '{gateway}' is not on {of_cluster(facts)}"
            there = f"write istio=IstioRoute(gateway=…), there are: {', '.join(sorted(facts.gateways)) or 'none'}"
            yield warning(Problem(title(deployment), got, "must be there to be reached", there), deployment.name)


def _way(operator: Operator, name: str) -> Way:
    if name == "istio":
        return "istio"
    return "ambassador-v1" if operator.settings.get("AMBASSADOR_VERSION") == "v1" else "ambassador"


def _gateway(deployment: SeldonDeployment, operator: Operator) -> str | None:
    """Name the gateway of a deployment's routes as NAMESPACE/NAME; None where nobody knows it yet."""
    own = deployment.istio.gateway if deployment.istio else None
    name = operator.settings.get("ISTIO_GATEWAY", _OF_THE_OPERATOR) if own is None else known(own)
    namespace = known(deployment.namespace)
    if name is None or "/" in name:
        return name
    return None if namespace is None else f"{namespace}/{name}"


def _taken(declared: Declared, facts: Facts) -> Iterator[tuple[SeldonDeployment, Operator]]:
    """Give deployments with the operators that take them; what this stack installs is yet to be told its ways in."""
    if not declared.makes:
        for deployment in declared.deployments:
            yield from ((deployment, operator) for operator in operators_of(deployment, facts))


RULES = (settings_are_read, settings_are_kept, somebody_routes, api_is_served, gateway_is_there)
