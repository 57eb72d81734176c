"""What a cluster on AWS is, as a stack declares it."""

from seldon_infra.eks.spec.access import AccessEntry, AccessLevel, PodIdentity, ServiceAccountRole
from seldon_infra.eks.spec.cluster import Addon, ControlPlaneLog, EksCluster, ExistingCluster, UpgradePolicy
from seldon_infra.eks.spec.network import ExistingNetwork, NatGateways, Network, NewVpc
from seldon_infra.eks.spec.nodes import AmiType, Capacity, GpuNodes, NodeGroup, Scaling, Taint, TaintEffect

__all__ = [
    "AccessEntry",
    "AccessLevel",
    "Addon",
    "AmiType",
    "Capacity",
    "ControlPlaneLog",
    "EksCluster",
    "ExistingCluster",
    "ExistingNetwork",
    "GpuNodes",
    "NatGateways",
    "Network",
    "NewVpc",
    "NodeGroup",
    "PodIdentity",
    "Scaling",
    "ServiceAccountRole",
    "Taint",
    "TaintEffect",
    "UpgradePolicy",
]
