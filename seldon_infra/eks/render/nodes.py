"""Node groups, each with a launch template, and the role of all nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from seldon_infra.core.names import shortened
from seldon_infra.core.quantity import parse_percent, parse_quantity
from seldon_infra.eks.gpu_software.spec import ClusterAutoscaler
from seldon_infra.eks.images import ami_type, is_bottlerocket
from seldon_infra.eks.offers import autoscaler_tags, own_labels, taints
from seldon_infra.eks.parts import Built, Part
from seldon_infra.eks.render.control_plane import ROLE_NAME
from seldon_infra.eks.render.network import Place
from seldon_infra.eks.render.policies import managed, trust_of_service
from seldon_infra.eks.spec import EksCluster, NodeGroup, NodeRepair

_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
"""What every node does: join, fetch images, let a shell in by SSM. Addresses of pods are the add-on vpc-cni's."""
_CAPACITY = {"on_demand": "ON_DEMAND", "spot": "SPOT", "capacity_block": "CAPACITY_BLOCK"}
_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE", "PreferNoSchedule": "PREFER_NO_SCHEDULE"}
_STRATEGIES = {"new_first": "DEFAULT", "old_first": "MINIMAL"}
_ACTIONS = {"replace": "Replace", "reboot": "Reboot", "nothing": "NoAction"}
_GIB = Decimal(2**30)
_SYSTEM_DISK = 4
"""GiB of Bottlerocket's first disk, which holds the system alone."""
_TEMPLATE_NAME = 110


def node_groups(
    spec: EksCluster, place: Place, control: Part, after: tuple[Part, ...]
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The groups, and what they need: roles and launch templates."""
    plain = _role(spec, "nodes", ())
    groups, needed = [], [plain]
    for group in spec.node_groups:
        role = _role(spec, group.name, group.policies) if group.policies else plain
        template = _template(spec, group)
        needed += [template] if role is plain else [role, template]
        groups.append(_group(spec, group, place, control, role, template, after))
    return tuple(groups), tuple(needed)


def _role(spec: EksCluster, name: str, more: Sequence[str]) -> Part:
    return Part(
        "nodes" if name == "nodes" else f"nodes-{name}",
        "IamRole",
        {
            "region": spec.region,
            "tags": spec.tags,
            "name": shortened(f"{spec.name}-{name}", ROLE_NAME),
            "description": f"nodes of cluster {spec.name}",
            "trust": trust_of_service("ec2.amazonaws.com"),
            "policy_arns": [*(managed(spec.region, policy) for policy in _POLICIES), *more],
        },
    )


def _template(spec: EksCluster, group: NodeGroup) -> Part:
    """What a node starts from; its defaults are instance metadata of version 2, not for pods, and encrypted disks."""
    inputs = {
        "region": spec.region,
        "tags": {**spec.tags, **group.tags},
        "name": shortened(f"{spec.name}-{group.name}", _TEMPLATE_NAME),
        "disks": _disks(group),
        "metadata_tokens": "required",
        "metadata_hops": 1,
        "instance_tags": {"Name": f"{spec.name}-{group.name}", **spec.tags, **group.tags},
    }
    if group.capacity == "capacity_block":
        inputs |= {
            "instance_type": group.instance_types[0],
            "market": "capacity-block",
            "capacity_reservation_id": group.capacity_reservation,
        }
    return Part(group.name, "LaunchTemplate", inputs)


def _disks(group: NodeGroup) -> list[dict[str, object]]:
    size = int((parse_quantity(group.disk) or Decimal(0)) / _GIB)
    if is_bottlerocket(ami_type(group)):
        return [{"device": "/dev/xvda", "size_gib": _SYSTEM_DISK}, {"device": "/dev/xvdb", "size_gib": size}]
    return [{"device": "/dev/xvda", "size_gib": size}]


def _group(
    spec: EksCluster,
    group: NodeGroup,
    place: Place,
    control: Part,
    role: Part,
    template: Part,
    after: tuple[Part, ...],
) -> Part:
    inputs = {
        "region": spec.region,
        "tags": {**_told(spec, group), **spec.tags, **group.tags},
        "cluster_name": control["name"],
        "name": group.name,
        "node_role_arn": role["arn"],
        "subnet_ids": _subnets(group, place),
        "min_size": group.scaling.minimum,
        "max_size": group.scaling.maximum,
        "desired_size": group.scaling.desired,
        # A capacity block's launch template says it.
        "instance_types": None if group.capacity == "capacity_block" else list(group.instance_types),
        "capacity_type": _CAPACITY[group.capacity],
        "ami_type": ami_type(group),
        "launch_template": {"id": template["launch_template_id"], "version": Built(_numeral, (template["version"],))},
        "version": spec.version,
        "release_version": group.release_version,
        "labels": own_labels(group),
        "taints": list(_taints(group)),
        "update": _update(group),
        "force_update": group.force_update,
        "auto_repair": True,
        "repair": group.repair and _repair(group.repair),
    }
    return Part(group.name, "EksNodegroup", inputs, after)


def _told(spec: EksCluster, group: NodeGroup) -> dict[str, str]:
    """What the autoscaler learns of nodes before there is one."""
    return autoscaler_tags(group) if isinstance(spec.autoscaler, ClusterAutoscaler) else {}


def _numeral(version: float) -> str:
    """Numbers come from the engine as floats."""
    return str(int(version))


def _subnets(group: NodeGroup, place: Place) -> list[object]:
    if group.subnet_ids is not None:
        return list(group.subnet_ids)
    return list(place.subnets.values()) if group.zones is None else [place.subnets[zone] for zone in group.zones]


def _taints(group: NodeGroup) -> Iterator[dict[str, str]]:
    for taint in taints(group):
        yield {"key": taint.key, "value": taint.value, "effect": _EFFECTS[taint.effect]}


def _update(group: NodeGroup) -> dict[str, object]:
    return {**_nodes_or_share("max_unavailable", group.max_unavailable), "strategy": _STRATEGIES[group.update_strategy]}


def _repair(repair: NodeRepair) -> dict[str, object]:
    return {
        **_nodes_or_share("max_unhealthy", repair.max_unhealthy),
        **_nodes_or_share("max_parallel", repair.max_parallel),
        "overrides": [
            {
                "condition": each.condition,
                "reason": each.reason,
                "wait_minutes": each.wait_minutes,
                "action": _ACTIONS[each.action],
            }
            for each in repair.overrides
        ],
    }


def _nodes_or_share(field: str, value: int | str | None) -> dict[str, object]:
    if value is None:
        return {}
    return {f"{field}_percentage": parse_percent(value)} if isinstance(value, str) else {field: value}
