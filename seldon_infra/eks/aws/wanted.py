"""What is worth knowing of AWS for one cluster: which types, subnets, quotas, images and roles it names."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.model import is_known
from seldon_infra.eks.aws import quotas
from seldon_infra.eks.aws.quotas import VcpuQuota
from seldon_infra.eks.images import INSTANCE_TYPE, ami_type, is_bottlerocket
from seldon_infra.eks.spec import AmiType, EksCluster, ExistingNetwork, NodeGroup

_VARIANTS = {"STANDARD": "standard", "NVIDIA": "nvidia", "NEURON": "neuron"}


def instance_types(cluster: EksCluster) -> tuple[str, ...]:
    """All instance types that have the form of one, each once."""
    named = (kind for group in cluster.node_groups for kind in group.instance_types)
    return tuple(dict.fromkeys(kind for kind in named if INSTANCE_TYPE.match(kind)))


def quota_of(group: NodeGroup, instance_type: str) -> VcpuQuota | None:
    """The quota that a group's machines of a type count against; a capacity block has been booked already."""
    match group.capacity:
        case "on_demand":
            return quotas.on_demand(instance_type)
        case "spot":
            return quotas.spot(instance_type)
    return None


def vcpu_quotas(cluster: EksCluster) -> tuple[VcpuQuota, ...]:
    """All quotas that the cluster's nodes count against."""
    found = (quota_of(group, kind) for group in cluster.node_groups for kind in group.instance_types)
    return tuple(dict.fromkeys(quota for quota in found if quota is not None))


def subnets(cluster: EksCluster) -> tuple[str, ...]:
    """Ids of the subnets of an existing network, as far as they are known."""
    if not isinstance(cluster.network, ExistingNetwork):
        return ()
    return tuple(it for it in cluster.network.subnet_ids if is_known(it))


def image_parameter(kind: AmiType, version: str) -> str:
    """The public SSM parameter that gives the latest image of a kind for a Kubernetes version.

    Sources: the EKS user guide, "Retrieve recommended Amazon Linux AMI IDs" and "… Bottlerocket AMI IDs".
    """
    machine = "arm64" if "ARM_64" in kind else "x86_64"
    if is_bottlerocket(kind):
        variant = "-nvidia" if kind.endswith("NVIDIA") else ""
        return f"/aws/service/bottlerocket/aws-k8s-{version}{variant}/{machine}/latest/image_version"
    variant = _VARIANTS[kind.rpartition("_")[2]]
    return f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{machine}/{variant}/recommended/release_version"


def image_parameters(cluster: EksCluster) -> tuple[str, ...]:
    """The parameters of all groups' images."""
    groups = (group for group in cluster.node_groups if group.instance_types)
    return tuple(dict.fromkeys(image_parameter(ami_type(group), cluster.version) for group in groups))


def roles(cluster: EksCluster) -> tuple[str, ...]:
    """ARNs of roles that something else has made and the cluster names."""
    return tuple(dict.fromkeys(_roles(cluster)))


def _roles(cluster: EksCluster) -> Iterator[str]:
    named = [it.role_arn for it in cluster.pod_identities]
    named += [it.principal for it in cluster.access] + [cluster.deployer]
    for arn in named:
        if is_known(arn) and ":role/" in arn:
            yield arn
