"""Holds a stack's models to the node groups of the cluster that it makes; it works where nothing can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seldon_infra.clusters.needs import pods
from seldon_infra.eks.spec import EksCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.clusters.needs import PodNeed
    from seldon_infra.eks.places import Placed
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes


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


def said(found: Placed) -> Iterator[tuple[str | None, str]]:
    """Say where models go, each by its deployment, and what nobody can say."""
    from seldon_infra.eks.places import in_words

    yield from ((need.deployment, text) for need, text in in_words(found.places))
    if found.unknown:
        types = ", ".join(found.unknown)
        why = "AWS was not reached, and the library's table has no such type"
        yield None, f"which models fit is not known for nodes of {types}: {why}"
