"""Rules about machines: the region has them, in the group's zones, and the image fits them."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import is_known
from seldon_infra.core.problems import Problem
from seldon_infra.eks.aws.facts import AwsFacts, InstanceType
from seldon_infra.eks.aws.rules.finding import Finding, of
from seldon_infra.eks.images import ami_type
from seldon_infra.eks.spec import EksCluster, GpuNodes, NewVpc, NodeGroup


def types_are_known(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """The region knows the instance types, and those of GPU nodes have NVIDIA's GPUs."""
    if facts.types is None:
        return
    for group in cluster.node_groups:
        for kind in group.instance_types:
            path, found = of(cluster, group), facts.types.get(kind)
            if found is None:
                others = [it for it in group.instance_types if it in facts.types]
                fix = "remove it" if others else "choose another type, or another region"
                want = f"must be a type that {facts.region} has"
                yield Finding(Problem(path, f"instance type '{kind}'", want, fix), "error", group.name)
            elif isinstance(group, GpuNodes) and not found.nvidia:
                want = "must have GPUs of NVIDIA's"
                yield Finding(
                    Problem(path, f"instance type '{kind}'", want, "write NodeGroup, or another type"),
                    "error",
                    group.name,
                )


def types_are_offered(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """Every zone of a group has machines of it: a group spreads over its zones."""
    for group in cluster.node_groups:
        zones = zones_of(cluster, group, facts)
        if facts.offered is None or not zones:
            continue
        offered = {kind: facts.offered.get(kind, frozenset()) for kind in group.instance_types}
        without = [zone for zone in zones if not any(zone in places for places in offered.values())]
        if without:
            yield _not_offered(cluster, group, zones, without, facts)
            continue
        for kind, places in offered.items():
            if missing := [zone for zone in zones if zone not in places]:
                got = f"instance type '{kind}' is not offered in {', '.join(missing)}"
                want = "must be, to be used there"
                fix = f"leave it to the others, or write zones={_zones(it for it in zones if it in places)}"
                yield Finding(Problem(of(cluster, group), got, want, fix), "warning", group.name)


def _not_offered(
    cluster: EksCluster, group: NodeGroup, zones: list[str], without: list[str], facts: AwsFacts
) -> Finding:
    kinds = ", ".join(group.instance_types)
    offered = facts.offered or {}
    elsewhere = frozenset().union(*(offered.get(kind, frozenset()) for kind in group.instance_types))
    having = [zone for zone in zones if zone in elsewhere]
    got = f"none of {kinds} is offered in {', '.join(without)}"
    want = "must be in every zone of the group"
    if having:
        field = "zones" if isinstance(cluster.network, NewVpc) else "subnet_ids of"
        fix = f"write {field}={_zones(having)}"
    elif elsewhere:
        fix = f"use zones of {', '.join(sorted(elsewhere))} in the network"
    else:
        fix = f"choose another type or region: {facts.region} offers it nowhere"
    return Finding(Problem(of(cluster, group), got, want, fix), "error", group.name)


def zones_of(cluster: EksCluster, group: NodeGroup, facts: AwsFacts) -> list[str]:
    """The zones that a group stands in; empty where nobody knows them."""
    if isinstance(cluster.network, NewVpc):
        return list(group.zones or cluster.network.zones)
    ids = group.subnet_ids or cluster.network.subnet_ids
    found = [facts.subnets.get(id) if facts.subnets and is_known(id) else None for id in ids]
    return list(dict.fromkeys(it.zone for it in found if it is not None)) if all(found) else []


def images_fit(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """The image is for the machines' architecture, as AWS itself tells it, and has a driver where there are GPUs."""
    for group in cluster.node_groups:
        kind = ami_type(group) if group.instance_types else None
        for name in group.instance_types if kind else ():
            found = (facts.types or {}).get(name)
            if found is not None and kind is not None and (want := _wanted(kind, found)):
                fix = "write an ami_type of it, or leave ami_type out"
                yield Finding(Problem(of(cluster, group), f"ami_type '{kind}'", want, fix), "error", group.name)


def _wanted(kind: str, machine: InstanceType) -> str | None:
    architecture = "arm64" if "ARM_64" in kind else "x86_64"
    if machine.architectures and architecture not in machine.architectures:
        return f"must be for {' or '.join(sorted(machine.architectures))}, which '{machine.name}' is"
    if kind.endswith("NVIDIA") and not machine.nvidia:
        return f"must be one without NVIDIA's driver: '{machine.name}' has no GPU of theirs"
    return None


def _zones(zones: object) -> str:
    listed = [f"'{zone}'" for zone in zones]  # type: ignore[attr-defined]
    return f"({', '.join(listed)},)" if len(listed) == 1 else f"({', '.join(listed)})"


RULES = (types_are_known, types_are_offered, images_fit)
