"""Which node group holds each pod with GPUs, and how many fit at its maximum: as the preview matched them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_infra.core import tables
from seldon_infra.eks.places import Place
from seldon_infra.graph.render_gpu import GPU

HEAD = ("POD WITH GPUS", "PODS", "NODES", "ON A NODE", "AT MOST")


def with_gpus(places: Sequence[Place]) -> tuple[Place, ...]:
    """Those of pods that ask for GPUs; all others have no node group of their own."""
    return tuple(each for each in places if GPU in each.need.requests)


def rows(places: Sequence[Place]) -> list[tables.Row]:
    """One row for each pod and each group that holds it."""
    return [
        (it.need.path, str(it.need.replicas), _nodes(it), str(it.each), f"{it.most} on {it.offer.most}")
        for it in places
    ]


def tree(places: Sequence[Place]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "deployment": it.need.deployment,
            "pod": it.need.path,
            "pods": it.need.replicas,
            "nodes": it.offer.path,
            "instance_types": list(it.offer.instance_types),
            "pods_on_a_node": it.each,
            "nodes_at_most": it.offer.most,
            "pods_at_most": it.most,
        }
        for it in places
    ]


def _nodes(place: Place) -> str:
    return f"{place.offer.path} ({', '.join(place.offer.instance_types)})"
