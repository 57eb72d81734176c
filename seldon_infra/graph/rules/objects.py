"""Rules about the objects that the operator makes: each name is one object's.

It composes names with ``-``, which names may hold too: node ``c`` of predictor ``b`` and predictor ``b-c`` want the
same Service. A stack that stays on this machine has no such objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in, predictors, server_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from seldon_infra.graph.spec import Node, SeldonDeployment

_ADDED_CONTAINERS = frozenset({"istio-proxy", "seldon-container-engine", "tfserving"})


@dataclass(frozen=True)
class _Object:
    """An object that is made, and for what."""

    kind: str
    name: str
    owner: str
    deployment: SeldonDeployment


def objects_differ(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Two objects of one name are one, which serves the wrong pods."""
    yield from _shared(_objects(deployment))


def objects_differ_between(deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """The same for deployments side by side, each of which is right by itself."""
    shared = _shared(chain.from_iterable(map(_objects, deployments)))
    alone = {problem for deployment in deployments for problem in objects_differ(deployment)}
    yield from (problem for problem in shared if problem not in alone)


def container_is_the_nodes(at: InNode) -> Iterator[Problem]:
    """Seldon's operator and Istio put containers of their own into the pods of nodes."""
    if at.node.name in _ADDED_CONTAINERS:
        want = "must not be that of a container that Seldon or Istio adds"
        yield Problem(at.path, f"name '{at.node.name}'", want, "rename it")


def made_of(deployment: SeldonDeployment) -> list[tuple[str, str]]:
    """Give kind and name of the Services and Deployments that the operator makes of a deployment."""
    return list(dict.fromkeys((each.kind, each.name) for each in _objects(deployment)))


def pods(at: InPredictor) -> list[list[Node]]:
    """Nodes by pod: those of the predictor's first, then those with pods of their own."""
    served = [inner.node for inner in nodes_in(at) if server_of(inner.node)]
    shared = [node for node in served if node.pod is None]
    own = [[node] for node in served if node.pod is not None]
    return [shared, *own] if shared else own


def _shared(objects: Iterable[_Object]) -> Iterator[Problem]:
    first: dict[tuple[str, str], _Object] = {}
    for each in objects:
        other = first.setdefault((each.kind, each.name), each)
        # A name that is used twice for the same thing has a rule of its own.
        if (other.owner, other.deployment.name) != (each.owner, each.deployment.name):
            where = f" of {title(each.deployment)}" if each.deployment.name != other.deployment.name else ""
            got = f"{each.kind} '{each.name}' is made for {other.owner} and for {each.owner}{where}"
            yield Problem(title(other.deployment), got, "must be made for one alone", "rename one of them")


def _objects(deployment: SeldonDeployment) -> Iterator[_Object]:
    for at in predictors(deployment):
        for kind, name, owner in (*_services(at), *_deployments(at)):
            yield _Object(kind, name, owner, deployment)


def _services(at: InPredictor) -> Iterator[tuple[str, str, str]]:
    base, predictor = f"{at.deployment.name}-{at.predictor.name}", at.predictor
    named = base if predictor.service_name is None else known(predictor.service_name)
    if named is not None:
        yield "Service", named, f"predictor '{predictor.name}'"
    for node in chain.from_iterable(pods(at)):
        yield "Service", f"{base}-{node.name}", f"node '{node.name}' of predictor '{predictor.name}'"
    if predictor.explainer:
        yield "Service", f"{base}-explainer", f"the explainer of '{predictor.name}'"


def _deployments(at: InPredictor) -> Iterator[tuple[str, str, str]]:
    base, name = f"{at.deployment.name}-{at.predictor.name}", at.predictor.name
    for index, nodes in enumerate(pods(at)):
        containers = "-".join(node.name for node in nodes)
        yield "Deployment", f"{base}-{index}-{containers}", f"node '{nodes[0].name}' of predictor '{name}'"
    if at.deployment.engine_separate_pod:
        yield "Deployment", f"{base}-svc-orch", f"the orchestrator of '{name}'"


PORTABLE_DEPLOYMENT_RULES = (objects_differ,)
NODE_RULES = (container_is_the_nodes,)
