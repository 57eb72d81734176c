"""``seldon:aws:EksCluster``: an EKS control plane."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
AuthenticationMode = Literal["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]


class EksAutoMode(ResourceModel):
    """EKS Auto Mode: AWS runs the nodes, the block storage and the load balancers."""

    node_pools: list[Literal["general-purpose", "system"]] = Field(
        default_factory=list, description="Built-in pools; with none, only pools that are made in the cluster."
    )
    node_role_arn: str | None = Field(default=None, description="Role of the nodes of the built-in pools.")


class EksRemoteNetworks(ResourceModel):
    """Networks on premises whose machines join as hybrid nodes."""

    node_cidrs: list[str] = Field(min_length=1, description="Where the nodes are.")
    pod_cidrs: list[str] = Field(default_factory=list, description="Where their pods are.")


class EksOutpost(ResourceModel):
    """A control plane on an AWS Outpost."""

    arns: list[str] = Field(min_length=1, max_length=1, description="The Outpost.")
    control_plane_instance_type: str = Field(description="Instance type of the control plane's machines.")
    placement_group: str | None = Field(default=None, description="Placement group of those machines.")


class EksClusterInputs(AwsInputs):
    """A control plane; what can't change in place replaces it, and the preview says so."""

    name: str = Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$", description="Name, unique in account and region.")
    version: str = Field(pattern=r"^1\.\d{2}$", description="Kubernetes version; it moves up, one minor at a time.")
    role_arn: str = Field(pattern=r"^arn:[^:]+:iam::\d{12}:role/.+$", description="Role that EKS acts by.")
    subnet_ids: list[str] = Field(min_length=2, description="Subnets of the control plane, in two zones at least.")
    security_group_ids: list[str] = Field(default_factory=list, description="More groups of its network interfaces.")
    endpoint_private_access: bool = Field(default=True, description="Whether the API is reached from the VPC.")
    endpoint_public_access: bool = Field(default=False, description="Whether the API is reached from the internet.")
    public_access_cidrs: list[str] = Field(
        default_factory=list, description="Who on the internet; required with endpoint_public_access."
    )
    service_ipv4_cidr: str | None = Field(default=None, description="Addresses of services; AWS chooses by default.")
    ip_family: Literal["ipv4", "ipv6"] = Field(default="ipv4", description="Addresses of pods and services.")
    encryption_key_arn: str | None = Field(
        default=None, description="KMS key for secrets. It can be added in place, and never be taken away."
    )
    log_types: list[LogType] = Field(default_factory=list, description="Control plane logs that go to CloudWatch.")
    authentication_mode: AuthenticationMode = Field(
        default="API", description="How principals get in: access entries, the aws-auth ConfigMap, or both."
    )
    creator_is_admin: bool = Field(
        default=False, description="Whether who creates it becomes its admin; it counts at creation."
    )
    self_managed_addons: bool = Field(
        default=False, description="Whether EKS installs unmanaged networking add-ons; it counts at creation."
    )
    support_type: Literal["STANDARD", "EXTENDED"] = Field(
        default="STANDARD", description="What happens at the end of standard support: an upgrade, or a surcharge."
    )
    zonal_shift: bool = Field(default=False, description="Whether traffic may be shifted away from an impaired zone.")
    scaling_tier: Literal["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"] = Field(
        default="standard", description="Provisioned capacity of the control plane."
    )
    auto_mode: EksAutoMode | None = Field(default=None, description="EKS Auto Mode; None is off.")
    remote_networks: EksRemoteNetworks | None = Field(default=None, description="Networks of hybrid nodes.")
    outpost: EksOutpost | None = Field(default=None, description="An Outpost to run on.")
    deletion_protection: bool = Field(default=False, description="Whether AWS refuses to delete it.")
    made: bool = Field(default=True, description="Whether its creation succeeded; a refresh finds out.")


class EksClusterOutputs(EksClusterInputs, Outputs):
    """Where the control plane is."""

    arn: str = Field(description="ARN.")
    endpoint: str = Field(description="URL of the Kubernetes API.")
    certificate_authority: str = Field(description="Its CA, base64.")
    oidc_issuer: str = Field(description="URL that service account tokens are issued by.")
    vpc_id: str = Field(description="The VPC of its subnets.")
    cluster_security_group_id: str = Field(description="The security group that EKS has made for it and its nodes.")


EKS_CLUSTER = ResourceType("seldon:aws:EksCluster", EksClusterInputs, EksClusterOutputs)
