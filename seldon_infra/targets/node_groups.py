"""Holds a stack's models to the node groups of the cluster that it makes; nothing is asked, so it works anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seldon_infra.clusters.needs import pods
from seldon_infra.eks.places import Placed, in_words, place
from seldon_infra.eks.spec import EksCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.clusters.needs import PodNeed
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes


def placed(target: Kubernetes, deployments: Sequence[SeldonDeployment], others: Sequence[PodNeed]) -> Placed | None:
    """Match all pods to node groups; None where something else makes the cluster."""
    if not isinstance(target.cluster, EksCluster):
        return None
    return place(target.cluster, [*(need for each in deployments for need in pods(each, {})), *others])


def said(found: Placed) -> Iterator[tuple[str | None, str]]:
    """Say where models go, each by its deployment, and what nobody can say."""
    yield from ((need.deployment, text) for need, text in in_words(found.places))
    if found.unknown:
        types = ", ".join(found.unknown)
        yield None, f"which models fit is not known for nodes of {types}: no such type is in the library's table"
