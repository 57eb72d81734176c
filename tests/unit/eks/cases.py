"""Clusters that are right, and what a test changes about them."""

from __future__ import annotations

from typing import Any

from seldon_infra import EksCluster, GpuNodes, NewVpc, NodeGroup, Scaling

SYSTEM = NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4))
GPU = GpuNodes(name="gpu", instance_types=("g6.xlarge",), scaling=Scaling(maximum=4))


def cluster(**changes: Any) -> EksCluster:
    """A cluster that is right but for what is changed."""
    fields: dict[str, Any] = {
        "name": "prod",
        "region": "eu-west-1",
        "version": "1.34",
        "network": NewVpc(zones=("eu-west-1a", "eu-west-1b", "eu-west-1c")),
        "node_groups": (SYSTEM, GPU),
    }
    return EksCluster(**{**fields, **changes})


def vpc(**changes: Any) -> NewVpc:
    """A network that is right but for what is changed."""
    return NewVpc(**{"zones": ("eu-west-1a", "eu-west-1b"), **changes})


def group(kind: type[NodeGroup] = NodeGroup, **changes: Any) -> EksCluster:
    """A cluster with one more group, that is right but for what is changed."""
    usual = {"name": "more", "instance_types": ("m7i.large",), "scaling": Scaling(maximum=3)}
    if kind is GpuNodes:
        usual["instance_types"] = ("g6.xlarge",)
    return cluster(node_groups=(SYSTEM, kind(**{**usual, **changes})))
