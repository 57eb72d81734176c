"""Holds a stack's models to the node groups of the cluster that it makes; it works where nothing can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from seldon_infra.clusters.needs import pods
from seldon_infra.core.model import Spec, pending, resolve
from seldon_infra.eks.spec import EksCluster
from seldon_infra.targets.later import Awaited
from seldon_infra.targets.server_pods import pods_of
from seldon_infra.targets.spec import Kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.clusters.needs import PodNeed
    from seldon_infra.eks.places import Place, Placed
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.spec import Target

S = TypeVar("S", bound=Spec)


def placed(target: Kubernetes, deployments: Sequence[SeldonDeployment], others: Sequence[PodNeed]) -> Placed | None:
    """Match all pods to node groups; None where something else makes the cluster.

    AWS is asked only about instance types that are not in the library's table.
    """
    if not isinstance(target.cluster, EksCluster):
        return None
    from seldon_infra.eks.ask_types import ask
    from seldon_infra.eks.instance_types import find
    from seldon_infra.eks.places import place

    needs = [*(need for each in deployments for need in pods(each, {})), *others]
    found = place(target.cluster, needs)
    asked = ask(target.cluster.region, found.unknown) if found.unknown else {}
    return place(target.cluster, needs, lambda name: find(name) or asked.get(name)) if asked else found


def places(
    target: Target, deployments: Sequence[SeldonDeployment], model_servers: Sequence[ModelServer]
) -> tuple[Place, ...]:
    """Where pods go of what is declared; none where something else makes the cluster."""
    if not isinstance(target, Kubernetes):
        return ()
    found = placed(target, tuple(map(as_it_is, deployments)), [pods_of(as_it_is(each)) for each in model_servers])
    return found.places if found else ()


def as_it_is(spec: S) -> S:
    """Take Outputs for what they are: something that is not known yet."""
    return resolve(spec, dict.fromkeys(pending(spec), Awaited()))


def said(found: Placed) -> Iterator[tuple[str | None, str]]:
    """Say where models go, each by its deployment, and what nobody can say."""
    from seldon_infra.eks.places import in_words

    yield from ((need.deployment, text) for need, text in in_words(found.places))
    if found.unknown:
        types = ", ".join(found.unknown)
        why = "AWS was not reached, and the library's table has no such type"
        yield None, f"which models fit is not known for nodes of {types}: {why}"
