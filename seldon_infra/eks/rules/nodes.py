"""Rules about node groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seldon_infra.core.model import is_known, title
from seldon_infra.core.names import is_label_value, is_qualified_name
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_percent, parse_quantity
from seldon_infra.eks.images import INSTANCE_TYPE, ami_type, architecture
from seldon_infra.eks.rules.forms import POLICY, RESERVATION, SUBNET, has_form, only_once
from seldon_infra.eks.spec import EksCluster, ExistingNetwork, GpuNodes, NewVpc, NodeGroup, NodeRepair, Scaling

_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,51}\Z")
_GIB = 2**30
_SMALLEST_DISK = 20
_OWN_DOMAINS = ("node.kubernetes.io", "kubelet.kubernetes.io")
_MONITOR = "eks-node-monitoring-agent"
_FOREIGN_DOMAINS = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")


def groups_differ(cluster: EksCluster) -> Iterator[Problem]:
    """Each group has a name of its own, in AWS's form."""
    yield from only_once(title(cluster), "node_groups", [group.name for group in cluster.node_groups])
    for group in cluster.node_groups:
        if not _NAME.match(group.name):
            want = "must be 1 to 52 letters, digits, '-' and '_', and begin with a letter or digit"
            fix = re.sub(r"[^A-Za-z0-9_-]+", "-", group.name).strip("-_")[:52] or "nodes"
            yield Problem(_path(cluster, group), f"name '{group.name}'", want, f"write name='{fix}'")


def something_always_runs(cluster: EksCluster) -> Iterator[Problem]:
    """What the cluster itself runs has a place: a group that is never empty and takes any pod."""
    if any(group.scaling.minimum >= 1 and takes_any_pod(group) for group in cluster.node_groups):
        return
    want = "must have one with scaling minimum 1 or more and no taint: DNS and operators run there"
    fix = "add NodeGroup(name='system', instance_types=('m7i.large',), scaling=Scaling(minimum=2, maximum=4))"
    got = "node_groups has none that is never empty and takes any pod"
    yield Problem(title(cluster), got if cluster.node_groups else "node_groups is empty", want, fix)


def takes_any_pod(group: NodeGroup) -> bool:
    """Tell whether a group's nodes take pods that tolerate nothing."""
    tainted = isinstance(group, GpuNodes) and group.tainted
    return not tainted and all(taint.effect == "PreferNoSchedule" for taint in group.taints)


def instance_types_go_together(cluster: EksCluster) -> Iterator[Problem]:
    """A group's machines are known by name, and one image fits them all."""
    for group in cluster.node_groups:
        path, kinds = _path(cluster, group), group.instance_types
        if not kinds:
            yield Problem(path, "instance_types is empty", "must have one", "write instance_types=('m7i.large',)")
        yield from only_once(path, "instance_types", kinds)
        for kind in kinds:
            yield from has_form(path, "instance_types", kind, INSTANCE_TYPE, "m7i.large")
        found = {architecture(kind): kind for kind in kinds if INSTANCE_TYPE.match(kind)}
        if len(found) > 1:
            want = "must be of one architecture, for one image"
            got = f"instance_types has '{found['x86_64']}' (x86_64) and '{found['ARM_64']}' (ARM_64)"
            yield Problem(path, got, want, "make two groups of it")


def image_fits(cluster: EksCluster) -> Iterator[Problem]:
    """The image is for the machines' architecture, and has a GPU's driver where there are GPUs."""
    for group in cluster.node_groups:
        if group.ami_type is None or not group.instance_types:
            continue
        path, machine = _path(cluster, group), architecture(group.instance_types[0])
        right = ami_type(group.model_copy(update={"ami_type": None}))
        if machine not in group.ami_type:
            want = f"must be for {machine}, which '{group.instance_types[0]}' is"
            yield Problem(path, f"ami_type '{group.ami_type}'", want, f"write ami_type='{right}', or leave it out")
        elif isinstance(group, GpuNodes) and not group.ami_type.endswith("NVIDIA"):
            want = "must be one with NVIDIA's driver"
            yield Problem(path, f"ami_type '{group.ami_type}'", want, f"write ami_type='{right}', or leave it out")


def scaling_adds_up(cluster: EksCluster) -> Iterator[Problem]:
    """The numbers of nodes are in order."""
    for group in cluster.node_groups:
        yield from _scaling(_path(cluster, group), group.scaling)
        if cluster.autoscaler is not None and group.scaling.desired is not None:
            want = f"must be left out with a {title(cluster.autoscaler)}: each `up` would undo what that one did"
            yield Problem(_path(cluster, group), f"desired {group.scaling.desired}", want, "remove desired")


def _scaling(path: str, scaling: Scaling) -> Iterator[Problem]:
    low, high, now = scaling.minimum, scaling.maximum, scaling.desired
    if low < 0:
        yield Problem(path, f"minimum {low}", "must be 0 or more", "write minimum=0")
    if high < max(low, 1):
        yield Problem(path, f"maximum {high}", f"must be {max(low, 1)} or more", f"write maximum={max(low, 1)}")
    elif now is not None and not low <= now <= high:
        fix = f"write desired={min(max(now, low), high)}, or leave it out"
        yield Problem(path, f"desired {now}", f"must be {low} to {high}, minimum to maximum", fix)


def labels_are_free(cluster: EksCluster) -> Iterator[Problem]:
    """Labels and taints are Kubernetes', with keys that a kubelet may set by itself."""
    for group in cluster.node_groups:
        path = _path(cluster, group)
        for key, value in group.labels.items():
            if not is_qualified_name(key) or not is_label_value(value):
                want = "must have a key like 'team' or 'acme.io/team', and at most 63 letters, digits, '-', '_' and '.'"
                yield Problem(path, f"label '{key}={value}'", want, "write it so")
            elif _is_foreign(key):
                want = "must not be of a domain of Kubernetes or EKS: the node would not start"
                yield Problem(path, f"label '{key}'", want, f"write '{key.rpartition('/')[2]}'")
        for taint in group.taints:
            if not is_qualified_name(taint.key) or not is_label_value(taint.value):
                want = "must have a key like 'team' or 'acme.io/team', and at most 63 letters, digits, '-', '_' and '.'"
                yield Problem(path, f"taint '{taint.key}={taint.value}'", want, "write it so")
        yield from only_once(path, "taints", [f"{taint.key}:{taint.effect}" for taint in group.taints])


def _is_foreign(key: str) -> bool:
    domain = key.rpartition("/")[0]
    own = any(domain == each or domain.endswith(f".{each}") for each in _OWN_DOMAINS)
    return not own and any(domain == each or domain.endswith(f".{each}") for each in _FOREIGN_DOMAINS)


def amounts_can_be_read(cluster: EksCluster) -> Iterator[Problem]:
    """A disk is whole GiB, what may be away is a number or a share."""
    for group in cluster.node_groups:
        path, size = _path(cluster, group), parse_quantity(group.disk)
        if size is None or size % _GIB or size < _SMALLEST_DISK * _GIB:
            want = f"must be whole GiB, {_SMALLEST_DISK}Gi or more"
            yield Problem(path, f"disk '{group.disk}'", want, "write disk='80Gi'")
        yield from _nodes_or_share(path, "max_unavailable", group.max_unavailable)
        for policy in group.policies:
            yield from has_form(path, "policies", policy, POLICY, "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy")


def _nodes_or_share(path: str, field: str, value: int | str) -> Iterator[Problem]:
    share = parse_percent(value) if isinstance(value, str) else value
    if share is None or not 1 <= share <= 100:
        want = "must be a number from 1 to 100, or a share like '33%'"
        yield Problem(path, f"{field} {value!r}", want, f"write {field}=1")


def repair_is_possible(cluster: EksCluster) -> Iterator[Problem]:
    """Limits are amounts of nodes, and an ailment that is treated is one that somebody notices."""
    for group in cluster.node_groups:
        if group.repair is not None:
            yield from _repair(f"{_path(cluster, group)}{ARROW}{NodeRepair.noun}", group.repair)
    treats = any(group.repair and group.repair.overrides for group in cluster.node_groups)
    if treats and _MONITOR not in {addon.name for addon in cluster.addons}:
        want = f"must have '{_MONITOR}': without it nobody tells EKS of the ailments in repair overrides"
        yield Problem(title(cluster), f"addons lacks '{_MONITOR}'", want, f"add Addon(name='{_MONITOR}')")


def _repair(path: str, repair: NodeRepair) -> Iterator[Problem]:
    for field in ("max_unhealthy", "max_parallel"):
        if (value := getattr(repair, field)) is not None:
            yield from _nodes_or_share(path, field, value)
    for each in repair.overrides:
        if each.wait_minutes < 1:
            yield Problem(path, f"wait_minutes {each.wait_minutes}", "must be 1 or more", "write wait_minutes=1")
        if not each.reason:
            want = "must be one that the agent tells"
            yield Problem(path, "reason is empty", want, "write reason='NvidiaXID64Error'")
    yield from only_once(path, "overrides", [f"{it.condition}:{it.reason}" for it in repair.overrides])


def places_are_of_the_network(cluster: EksCluster) -> Iterator[Problem]:
    """A group stands in zones of a new network, or in subnets of one that is there."""
    network = cluster.network
    for group in cluster.node_groups:
        path = _path(cluster, group)
        if isinstance(network, NewVpc):
            if group.subnet_ids is not None:
                want = "must be left out with NewVpc, whose subnets are not made yet"
                yield Problem(path, "subnet_ids is set", want, "write zones=(…,)")
            yield from _among(path, "zones", group.zones, network.zones)
        else:
            if group.zones is not None:
                want = "must be left out with ExistingNetwork, which names subnets"
                yield Problem(path, "zones is set", want, "write subnet_ids=(…,)")
            yield from _subnets(path, group, network)


def _subnets(path: str, group: NodeGroup, network: ExistingNetwork) -> Iterator[Problem]:
    for subnet in group.subnet_ids or ():
        yield from has_form(path, "subnet_ids", subnet, SUBNET, "subnet-0123456789abcdef0")
    named = tuple(filter(is_known, network.subnet_ids))
    if len(named) == len(network.subnet_ids):
        yield from _among(path, "subnet_ids", group.subnet_ids, named)


def _among(path: str, field: str, chosen: Sequence[object] | None, there: Sequence[object]) -> Iterator[Problem]:
    if chosen is None:
        return
    if not chosen:
        yield Problem(path, f"{field} is empty", "must have one", f"leave {field} out for all")
    for each in (each for each in chosen if is_known(each) and each not in there):
        yield Problem(
            path, f"{field} has '{each}'", "must be among the network's", f"write '{there[0] if there else '…'}'"
        )


def blocks_are_whole(cluster: EksCluster) -> Iterator[Problem]:
    """A capacity block is one reservation of one instance type in one zone."""
    for group in cluster.node_groups:
        path, reserved = _path(cluster, group), group.capacity_reservation
        if group.capacity != "capacity_block":
            if reserved is not None:
                want = "must be given with capacity='capacity_block' alone"
                yield Problem(path, "capacity_reservation is set", want, "write capacity='capacity_block'")
            continue
        if reserved is None:
            want = "must be given with capacity='capacity_block'"
            yield Problem(path, "capacity_reservation is not set", want, "write capacity_reservation='cr-…'")
        yield from has_form(path, "capacity_reservation", reserved, RESERVATION, "cr-0123456789abcdef0")
        if len(group.instance_types) > 1:
            got = f"instance_types has {len(group.instance_types)}"
            yield Problem(path, got, "must have the one of the capacity block", "remove the others")
        if len(group.zones or group.subnet_ids or ()) != 1:
            field = "zones" if isinstance(cluster.network, NewVpc) else "subnet_ids"
            yield Problem(path, f"{field} is not one", "must be that of the capacity block", f"write {field}=(…,)")


def _path(cluster: EksCluster, group: NodeGroup) -> str:
    return f"{title(cluster)}{ARROW}{title(group)}"


RULES = (
    groups_differ,
    something_always_runs,
    instance_types_go_together,
    image_fits,
    scaling_adds_up,
    labels_are_free,
    amounts_can_be_read,
    repair_is_possible,
    places_are_of_the_network,
    blocks_are_whole,
)
