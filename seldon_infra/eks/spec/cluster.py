"""A cluster on AWS, and one that is there.

Sources: EKS's API (CreateCluster, UpdateClusterVersion, CreateAddon) and user guide; the EKS best practices guide for
what is on by default.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from seldon_infra.core.model import JsonObject, Later, Many, Spec
from seldon_infra.eks.gpu_software.spec import ClusterAutoscaler, GpuSoftware, Karpenter
from seldon_infra.eks.spec.access import AccessEntry, PodIdentity, ServiceAccountRole
from seldon_infra.eks.spec.network import ExistingNetwork, NewVpc
from seldon_infra.eks.spec.nodes import GpuNodes, NodeGroup

UpgradePolicy: TypeAlias = Literal["standard", "extended"]
"""What happens when standard support of the version ends: AWS upgrades it, or asks six times the price."""
ControlPlaneLog: TypeAlias = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
"""Logs of the control plane, which go to CloudWatch."""
ControlPlaneTier: TypeAlias = Literal["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"]
"""Capacity of the control plane: as it grows by itself, or so much from the beginning, for a price by the hour."""
NodePreference: TypeAlias = Literal["emptiest", "fullest"]
"""Which of the nodes that have room the scheduler prefers."""

NEEDED_ADDONS = ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")
"""Add-ons that a cluster does not work without, or that pod identities need."""


_IN_FORCE: Mapping[str, Mapping[str, str]] = {"vpc-cni": {"enableNetworkPolicy": "true"}}
"""Settings of the default add-ons. Source: the EKS user guide, "Limit Pod traffic with Kubernetes network policies"."""


class Addon(Spec):
    """Software that EKS installs and updates in the cluster."""

    noun: ClassVar[str] = "add-on"

    name: str
    """Its name at EKS: ``vpc-cni``, ``coredns``, ``aws-ebs-csi-driver``."""
    version: str | None = None
    """Its version, ``v1.20.4-eksbuild.1``. Default: None takes EKS's default for the cluster's version."""
    configuration: JsonObject = Field(default_factory=dict)
    """Settings, by the add-on's own schema. Default: none."""
    service_account: str | None = None
    """Service account that gets the policies, where the add-on acts in AWS. Default: none."""
    policies: Many[str] = ()
    """ARNs of managed policies of that service account's role, by pod identity. Default: none."""
    before_nodes: bool | None = None
    """Whether it is there before the nodes. Default: None is True of what runs on every node (``vpc-cni``,
    ``kube-proxy``, ``eks-pod-identity-agent``) and False of the rest, which is not healthy without nodes."""


class Scheduling(Spec):
    """Which node Kubernetes' own scheduler gives a pod to, of those that have room."""

    noun: ClassVar[str] = "scheduling"

    prefer: NodePreference
    """``"fullest"`` fills one node before the next, so that an autoscaler can take empty ones away and a model that
    asks for several GPUs finds them on one node; ``"emptiest"`` spreads."""
    weights: Mapping[str, int] = {}
    """What counts as full, and how much, 1 to 100: ``{"nvidia.com/gpu": 5, "cpu": 1}``. Default: none is EKS's own,
    which knows nothing of GPUs."""


class EksCluster(Spec):
    """An EKS cluster that the stack makes, with its network, nodes and rights."""

    noun: ClassVar[str] = "cluster"

    name: str
    """Name, unique in account and region: 1 to 100 letters, digits, ``-`` and ``_``. A change replaces the cluster."""
    region: str
    """Region, ``eu-west-1``. A change replaces everything."""
    version: str
    """Kubernetes version, ``"1.34"``: it moves up one minor at a time, control plane, then add-ons and node groups."""
    network: NewVpc | ExistingNetwork
    """Where it has its addresses."""
    account: str | None = None
    """Account that it has to be in, 12 digits: credentials of another one are an error. Default: None takes any."""
    upgrade_policy: UpgradePolicy = "standard"
    """What happens at the end of standard support. Default: ``"standard"``: AWS upgrades, and never asks more."""
    private_access: bool = True
    """Whether nodes and what is in the network reach the API without the internet. Default: True."""
    public_access_cidrs: Many[str] = ()
    """Who reaches the API over the internet: CIDRs, none is nobody. Default: none, so this program must run where it
    reaches the network: a VPN, a peered network, a runner inside."""
    security_group_ids: Many[Later[str]] = ()
    """Groups of the control plane's addresses in the network beside EKS's own, at most 5: they let in who is no node, a
    runner or a VPN. Default: none."""
    secrets_key: Later[str] | None = None
    """ARN of the KMS key that encrypts Kubernetes' secrets. It can't be taken away. Default: None makes one."""
    logs: Many[ControlPlaneLog] = ("api", "audit", "authenticator", "controllerManager", "scheduler")
    """Logs that are kept. Default: all five."""
    access: Many[AccessEntry] = ()
    """Who may use the cluster's API. Default: nobody but who applies the stack."""
    deployer: Later[str] | None = None
    """ARN of the IAM role or user that applies the stack: it gets an access entry as cluster admin, without which
    nothing could be put on the cluster. Default: None leaves that to EKS, which makes whoever creates the cluster its
    admin, whoever else applies the stack later."""
    pod_identities: Many[PodIdentity] = ()
    """What pods may do in AWS. Default: nothing."""
    service_account_roles: Many[ServiceAccountRole] = ()
    """Roles by the OIDC issuer, where pod identity won't do. Default: none."""
    addons: Many[Addon] = Field(
        default_factory=lambda: tuple(Addon(name=name, configuration=_IN_FORCE.get(name, {})) for name in NEEDED_ADDONS)
    )
    """Add-ons. Default: the four that every cluster of ours needs, in EKS's default versions, with network policies in
    force: without that setting of ``vpc-cni`` those of deployments would be there and do nothing."""
    node_groups: Many[NodeGroup | GpuNodes]
    """Nodes: one group at least that is never empty, for what the cluster itself runs."""
    gpu_software: GpuSoftware | None = None
    """What makes GPUs known to Kubernetes. Default: None is ``GpuSoftware()`` where there are GPU nodes."""
    autoscaler: ClusterAutoscaler | Karpenter | None = None
    """What adds and takes away nodes. Default: None leaves each group at its size."""
    force_upgrade: bool = False
    """Whether a new version comes though EKS's readiness checks speak against it. Default: False."""
    control_plane_tier: ControlPlaneTier = "standard"
    """Capacity of the control plane. Default: ``"standard"``, which grows by itself and costs nothing more. Others cost
    by the hour, and their price is not in the bill: a preview says so."""
    zonal_shift: bool = False
    """Whether AWS may lead traffic away from a zone in trouble, by itself (zonal autoshift). Default: False: what is
    left has to carry everything, so have pods in all zones first."""
    scheduling: Scheduling | None = None
    """Which node a pod gets. Default: None leaves that to EKS, which spreads pods, or as it was set before."""
    hpa_sync_period: str | None = None
    """How often autoscalers of pods look, in one unit: ``"15s"``, ``"1m"``. Default: None leaves that to EKS,
    or as it was set before."""
    deletion_protection: bool = True
    """Whether AWS refuses to delete the control plane. Default: True; set False and apply before a destroy."""
    service_cidr: str | None = None
    """Addresses of services, /12 to /24 of private space outside of the network. A change replaces the cluster.
    Default: None lets AWS choose."""
    tags: Mapping[str, str] = {}
    """Tags of everything in AWS that the stack makes for the cluster. Default: none."""


class ExistingCluster(Spec):
    """A cluster that something else has made: by a context, a kubeconfig, or its name at EKS."""

    noun: ClassVar[str] = "existing cluster"

    context: str | None = None
    """Context of the kubeconfig. Default: None takes its current one."""
    kubeconfig: Later[str] | None = None
    """Path of a kubeconfig, or its text. Default: None takes ``KUBECONFIG``'s."""
    eks_name: Later[str] | None = None
    """Name of a cluster at EKS: the kubeconfig is made from it, without the AWS CLI. Default: none."""
    region: str | None = None
    """Region of the cluster at EKS. Default: None takes the credentials' own."""
    account: str | None = None
    """Account that the cluster at EKS has to be in, 12 digits. Default: None takes any."""


__all__ = [
    "Addon",
    "ControlPlaneLog",
    "ControlPlaneTier",
    "EksCluster",
    "ExistingCluster",
    "NodePreference",
    "Scheduling",
    "UpgradePolicy",
]
