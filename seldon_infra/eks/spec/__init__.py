"""What a cluster on AWS is, as a stack declares it."""

from seldon_infra.eks.spec.access import AccessEntry, AccessLevel, PodIdentity, ServiceAccountRole
from seldon_infra.eks.spec.cluster import (
    Addon,
    ControlPlaneLog,
    ControlPlaneTier,
    EksCluster,
    ExistingCluster,
    NodePreference,
    Scheduling,
    UpgradePolicy,
)
from seldon_infra.eks.spec.network import ExistingNetwork, NatGateways, Network, NewVpc
from seldon_infra.eks.spec.nodes import (
    AmiType,
    Capacity,
    GpuNodes,
    NodeCondition,
    NodeGroup,
    NodeRepair,
    RepairAction,
    RepairOverride,
    Scaling,
    Taint,
    TaintEffect,
    UpdateStrategy,
)

__all__ = [
    "AccessEntry",
    "AccessLevel",
    "Addon",
    "AmiType",
    "Capacity",
    "ControlPlaneLog",
    "ControlPlaneTier",
    "EksCluster",
    "ExistingCluster",
    "ExistingNetwork",
    "GpuNodes",
    "NatGateways",
    "Network",
    "NewVpc",
    "NodeCondition",
    "NodeGroup",
    "NodePreference",
    "NodeRepair",
    "PodIdentity",
    "RepairAction",
    "RepairOverride",
    "Scaling",
    "Scheduling",
    "ServiceAccountRole",
    "Taint",
    "TaintEffect",
    "UpdateStrategy",
    "UpgradePolicy",
]
