"""Rules about zones and subnets: they are there, belong together, and have addresses left.

Source: the EKS user guide, "Amazon EKS networking requirements for VPC and subnets": subnets of a control plane need
six free addresses each. By default a node's network plugin takes a whole interface's addresses.
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import known
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.aws import wanted
from seldon_infra.eks.aws.facts import AwsFacts, Subnet
from seldon_infra.eks.aws.rules.finding import Finding, of
from seldon_infra.eks.spec import EksCluster, ExistingNetwork, NewVpc, NodeGroup

CONTROL_PLANE_ADDRESSES = 6


def zones_are_there(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """A new network's zones are ones that the account may use."""
    if not isinstance(cluster.network, NewVpc) or facts.zones is None:
        return
    for zone in (zone for zone in cluster.network.zones if zone not in facts.zones):
        want = f"must be zones of {facts.region} that the account may use: {', '.join(sorted(facts.zones))}"
        free = sorted(facts.zones - set(cluster.network.zones))
        fix = f"write '{free[0]}' instead" if free else "remove it"
        yield Finding(Problem(_network(cluster), f"zones has '{zone}'", want, fix), "error")


def subnets_go_together(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """An existing network's subnets are there, in its VPC, and in two zones at least."""
    network = cluster.network
    if not isinstance(network, ExistingNetwork) or facts.subnets is None:
        return
    path, vpc, ids = _network(cluster), known(network.vpc_id), wanted.subnets(cluster)
    for id in ids:
        found = facts.subnets.get(id)
        if found is None:
            want = f"must be there, in {facts.region}"
            yield Finding(Problem(path, f"subnet '{id}' does not exist", want, "correct subnet_ids"), "error")
        elif vpc is not None and found.vpc != vpc:
            fix = f"correct subnet_ids, or write vpc_id='{found.vpc}'"
            yield Finding(Problem(path, f"subnet '{id}' is in '{found.vpc}'", f"must be in '{vpc}'", fix), "error")
    zones = {it.zone for it in facts.subnets.values()}
    if len(ids) == len(network.subnet_ids) and len(facts.subnets) == len(ids) and len(zones) < 2:
        got = f"all subnets are in zone {', '.join(zones)}"
        yield Finding(Problem(path, got, "must be in two zones at least", "add a subnet of another zone"), "error")


def control_plane_has_addresses(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """EKS puts network interfaces into each subnet, new ones before an upgrade takes the old ones away."""
    for subnet in _known(cluster, facts):
        if subnet.free < CONTROL_PLANE_ADDRESSES:
            got = f"subnet '{subnet.id}' has {subnet.free} free addresses"
            want = f"must have {CONTROL_PLANE_ADDRESSES} for the control plane"
            yield Finding(Problem(_network(cluster), got, want, "free some, or name another subnet"), "error")


def nodes_have_addresses(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """Nodes that are to come find an address each, and those of an interface for their pods."""
    for group in cluster.node_groups:
        places = _known(cluster, facts, group)
        if not places:
            continue
        free, there = sum(it.free for it in places), _there(group, facts)
        least, most = max(0, group.scaling.minimum - there), max(0, group.scaling.maximum - there)
        each = max(((facts.types or {})[kind].addresses or 1 for kind in _types(group, facts)), default=1)
        where = f"its subnets have {free} free addresses"
        if least > free:
            got, want = f"{where}, and {least} nodes are to come", "must have one for each node"
            yield Finding(Problem(of(cluster, group), got, want, "name larger subnets"), "error", group.name)
        elif most * each > free:
            got = f"{where}, and up to {most} nodes are to come with {each} each"
            want = "must have them, or pods find no address when the group grows"
            fix = "name larger subnets, or lower scaling.maximum"
            yield Finding(Problem(of(cluster, group), got, want, fix), "warning", group.name)


def _known(cluster: EksCluster, facts: AwsFacts, group: NodeGroup | None = None) -> list[Subnet]:
    """The subnets of a group, or of the control plane, that are there."""
    if not isinstance(cluster.network, ExistingNetwork) or not facts.subnets:
        return []
    ids = (group.subnet_ids if group else None) or cluster.network.subnet_ids
    return [facts.subnets[id] for it in ids if (id := known(it)) is not None and id in facts.subnets]


def _there(group: NodeGroup, facts: AwsFacts) -> int:
    """Nodes that run already; a group's name in AWS is its own and ten more characters."""
    return sum(count for name, count in facts.own.items() if name[:-11] == group.name)


def _types(group: NodeGroup, facts: AwsFacts) -> list[str]:
    return [kind for kind in group.instance_types if kind in (facts.types or {})]


def _network(cluster: EksCluster) -> str:
    return f"{of(cluster)}{ARROW}network"


RULES = (zones_are_there, subnets_go_together, control_plane_has_addresses, nodes_have_addresses)
