"""An account that has everything for a cluster, as facts, to be made to lack one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from seldon_infra.eks.aws.facts import AwsFacts, Caller, InstanceType, Role, Subnet, Version
from seldon_infra.eks.spec import EksCluster, ExistingNetwork, GpuNodes, NewVpc, NodeGroup, Scaling

ACCOUNT = "123456789012"
ZONES = ("eu-west-1a", "eu-west-1b")
STANDARD, G, P = "L-1216C47A", "L-DB2E81BA", "L-417A185B"
AMI = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023"
PLAIN_IMAGE, GPU_IMAGE = (f"{AMI}/x86_64/{kind}/recommended/release_version" for kind in ("standard", "nvidia"))
VPC, A, B = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"
POD_ROLE = f"arn:aws:iam::{ACCOUNT}:role/models"
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ]
}
SYSTEM = NodeGroup(name="system", instance_types=("m5.large",), scaling=Scaling(minimum=2, maximum=4))
GPUS = GpuNodes(name="gpu", instance_types=("g5.xlarge",), scaling=Scaling(minimum=0, maximum=4))


def group(**fields: Any) -> NodeGroup:
    """A CPU group that differs in some fields."""
    return SYSTEM.model_copy(update=fields)


def gpus(**fields: Any) -> GpuNodes:
    """A GPU group that differs in some fields."""
    return GPUS.model_copy(update=fields)


def cluster(*groups: NodeGroup, **fields: Any) -> EksCluster:
    """A cluster of these groups; by default a CPU and a GPU group in a new network."""
    given = {"name": "prod", "region": "eu-west-1", "version": "1.33", "network": NewVpc(zones=ZONES), **fields}
    return EksCluster(node_groups=groups or (SYSTEM, GPUS), **given)


def existing(*groups: NodeGroup, **fields: Any) -> EksCluster:
    """The same in a network that is there."""
    return cluster(*groups, network=ExistingNetwork(vpc_id=VPC, subnet_ids=(A, B)), **fields)


def machine(
    name: str, vcpus: int, *architectures: str, nvidia: bool = False, addresses: int | None = 10
) -> InstanceType:
    return InstanceType(name, vcpus, frozenset(architectures or ("x86_64",)), nvidia, addresses)


TYPES = {
    it.name: it
    for it in (
        machine("m5.large", 2),
        machine("m5.4xlarge", 16),
        machine("m6g.large", 2, "arm64"),
        machine("g5.xlarge", 4, nvidia=True),
        machine("g5.4xlarge", 16, nvidia=True),
        machine("p5.48xlarge", 192, nvidia=True),
    )
}
SUBNETS = {A: Subnet(A, VPC, ZONES[0], 200), B: Subnet(B, VPC, ZONES[1], 200)}
FACTS = AwsFacts(
    "eu-west-1",
    date(2026, 11, 25),
    Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ann"),
    denied=(),
    zones=frozenset((*ZONES, "eu-west-1c")),
    types=TYPES,
    offered=dict.fromkeys(TYPES, frozenset((*ZONES, "eu-west-1c"))),
    quotas={STANDARD: 64, G: 64, P: 384, "L-34B43A08": 64, "L-3819A6DF": 64},
    used={},
    subnets=SUBNETS,
    versions={
        "1.31": Version("1.31", "extended", date(2025, 11, 26)),
        "1.32": Version("1.32", "standard", date(2026, 12, 20)),
        "1.33": Version("1.33", "standard", date(2027, 7, 29)),
    },
    images={PLAIN_IMAGE: True, GPU_IMAGE: True},
    roles={POD_ROLE: Role(POD_ROLE, TRUST)},
)


def facts(**fields: Any) -> AwsFacts:
    """The account, but for some facts."""
    return replace(FACTS, **fields)
