"""Every field that EKS takes of an object is one of its type; what is left out is named, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape

from seldon_infra.provider.aws.eks.addon import EksAddon
from seldon_infra.provider.aws.eks.cluster_requests import UPDATES, creation
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.nodegroup import EksNodegroup
from seldon_infra.provider.aws.eks.nodegroup_requests import configuration, rolling
from seldon_infra.provider.aws.eks.pod_identity import EksPodIdentityAssociation
from seldon_infra.resources.aws_eks_addon import EksAddonInputs
from seldon_infra.resources.aws_eks_cluster import EksClusterInputs
from seldon_infra.resources.aws_eks_nodegroup import EksNodegroupInputs
from seldon_infra.resources.aws_eks_pod_identity import EksPodIdentityAssociationInputs

ROLE = "arn:aws:iam::123456789012:role/r"
PLACE = {"region": "eu-west-1", "cluster_name": "c"}
FRAMEWORKS = {"name", "clusterName", "nodegroupName", "addonName", "associationId", "tags", "clientRequestToken"}
"""What every call has from the types' common part."""
CLUSTER = EksClusterInputs.model_validate({
    "region": "eu-west-1", "name": "c", "version": "1.33", "role_arn": ROLE, "subnet_ids": ["s-1", "s-2"],
    "security_group_ids": ["g-1"], "endpoint_public_access": True, "public_access_cidrs": ["203.0.113.0/24"],
    "egress_mode": "CUSTOMER_ROUTED", "service_ipv4_cidr": "172.20.0.0/16", "encryption_key_arn": "key",
    "log_types": ["api"], "zonal_shift": True, "scaling_tier": "tier-xl", "deletion_protection": True,
    "auto_mode": {"node_pools": ["system"], "node_role_arn": ROLE, "gateway_api": True},
    "remote_networks": {"node_cidrs": ["192.168.0.0/24"], "pod_cidrs": ["192.168.1.0/24"]},
    "outpost": {"arns": ["a"], "control_plane_instance_type": "m5.large", "placement_group": "p", "spread": "host",
                "etcd_instance_type": "c5.large", "etcd_spread": "rack"},
    "components": {"event_ttl": "2h", "node_ports": "30000-31000", "scoring": "MostAllocated",
                   "scoring_weights": {"cpu": 1}, "terminated_pods": 9, "hpa_sync_period": "9s"},
})  # fmt: skip
NODES: dict[str, Any] = {
    **PLACE, "name": "n", "node_role_arn": ROLE, "subnet_ids": ["s-1"], "min_size": 1, "max_size": 3,
    "instance_types": ["g5.xlarge"], "ami_type": "CUSTOM", "disk_size": 9, "version": "1.33", "release_version": "r",
    "labels": {"a": "b"}, "taints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}], "auto_repair": True,
    "update": {"max_unavailable": 1, "strategy": "MINIMAL"}, "force_update": True,
    "repair": {"max_unhealthy": 1, "max_unhealthy_percentage": 1, "max_parallel": 1, "max_parallel_percentage": 1,
               "overrides": [{"condition": "a", "reason": "b", "wait_minutes": 1, "action": "Reboot"}]},
    "warm_pool": {"min_size": 1, "max_prepared": 2, "state": "RUNNING", "reuse": True},
    "remote_access": {"ec2_ssh_key": "k", "source_security_group_ids": ["g-1"]},
    "launch_template": {"id": "lt-1", "version": "1"},
}  # fmt: skip
GROUP = EksNodegroupInputs.model_validate(NODES)
SHARE = EksNodegroupInputs.model_validate(
    {**NODES, "update": {"max_unavailable_percentage": 9}, "launch_template": {"name": "abc", "version": "2"}}
)
BARE = EksNodegroupInputs.model_validate(
    {**{key: NODES[key] for key in ("region", "cluster_name", "name", "node_role_arn", "subnet_ids", "max_size")},
     "min_size": 0, "labels": {"c": "d"}, "taints": [{"key": "c", "effect": "NO_EXECUTE", "value": "x"}]}
)  # fmt: skip
ADDON = EksAddonInputs.model_validate(
    {**PLACE, "name": "a", "version": "v", "configuration": {"a": 1}, "service_account_role_arn": ROLE,
     "pod_identities": {"s": ROLE}, "namespace": "n"}
)  # fmt: skip
IDENTITY = EksPodIdentityAssociationInputs.model_validate(
    {**PLACE, "namespace": "n", "service_account": "s", "role_arn": ROLE, "target_role_arn": ROLE, "policy": {"a": 1},
     "disable_session_tags": True}
)  # fmt: skip
HERE = Id("eu-west-1", "c", "n")
SENT: dict[str, list[Any]] = {
    "CreateCluster": [creation(CLUSTER)],
    "UpdateClusterConfig": [request(CLUSTER) for _, request in UPDATES]
    + [{"accessConfig": {"authenticationMode": ""}}],
    "CreateNodegroup": [EksNodegroup().request(HERE, it) for it in (GROUP, SHARE)],
    "UpdateNodegroupConfig": [configuration(BARE, it) for it in (GROUP, SHARE)],
    "UpdateNodegroupVersion": [rolling(BARE, it) for it in (GROUP, SHARE)],
    "CreateAddon": [EksAddon().request(HERE, ADDON)],
    "CreatePodIdentityAssociation": [EksPodIdentityAssociation().request(HERE, IDENTITY)],
}
FIXED = {"kubernetesNetworkConfig.serviceIpv4Cidr", "kubernetesNetworkConfig.ipFamily"}
"""What the shape of an update has, and no update changes."""


@pytest.mark.parametrize("operation", SENT)
def test_every_field_that_eks_takes_can_be_declared(operation: str) -> None:
    model = botocore.session.get_session().get_service_model("eks").operation_model(operation)
    taken = {path for path in members(model.input_shape) if path.partition(".")[0] not in FRAMEWORKS}
    sent = {path for request in SENT[operation] for path in paths(request)}
    assert taken - sent - (FIXED if operation.startswith("Update") else set()) == set()


def members(shape: Shape | None, path: str = "") -> Iterator[str]:
    """Every plain field of a shape by its dotted path; lists and maps of plain values are one."""
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        yield from members(shape.member, path)
    elif isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}" if path else name)
    else:
        yield path


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every path of what is sent, those on the way too: a map's keys are nobody's fields."""
    if value is None:
        return
    yield path
    if isinstance(value, dict):
        for name, it in value.items():
            yield from paths(it, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for it in value:
            yield from paths(it, path)
