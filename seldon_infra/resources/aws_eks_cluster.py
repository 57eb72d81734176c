"""``seldon:aws:EksCluster``: an EKS control plane."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
AuthenticationMode = Literal["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
EgressMode = Literal["AWS_MANAGED", "CUSTOMER_ROUTED", "CUSTOMER_ISOLATED"]
Spread = Literal["host", "rack"]
_DURATION = r"^[1-9]\d*[smh]$"


class EksAutoMode(ResourceModel):
    """EKS Auto Mode: AWS runs the nodes, the block storage and the load balancers."""

    node_pools: list[Literal["general-purpose", "system"]] = Field(
        default_factory=list, description="Built-in pools; with none, only pools that are made in the cluster."
    )
    node_role_arn: str | None = Field(default=None, description="Role of the nodes of the built-in pools.")
    gateway_api: bool = Field(default=False, description="Whether EKS keeps the Gateway API's kinds in the cluster.")


class EksRemoteNetworks(ResourceModel):
    """Networks on premises whose machines join as hybrid nodes."""

    node_cidrs: list[str] = Field(min_length=1, description="Where the nodes are.")
    pod_cidrs: list[str] = Field(default_factory=list, description="Where their pods are.")


class EksOutpost(ResourceModel):
    """A control plane on an AWS Outpost."""

    arns: list[str] = Field(min_length=1, max_length=1, description="The Outpost.")
    control_plane_instance_type: str = Field(description="Instance type of the control plane's machines.")
    placement_group: str | None = Field(default=None, description="Placement group of those machines.")
    spread: Spread | None = Field(default=None, description="What no two of those machines share.")
    etcd_instance_type: str | None = Field(default=None, description="Instance type of etcd's machines.")
    etcd_spread: Spread | None = Field(default=None, description="What no two of etcd's machines share.")


class EksComponents(ResourceModel):
    """Settings of Kubernetes' own programs; one that is left out stays as AWS has it."""

    event_ttl: str | None = Field(
        default=None, pattern=_DURATION, description="How long events are kept, in one unit: 30m or 1h."
    )
    node_ports: str | None = Field(
        default=None, pattern=r"^\d{1,5}-\d{1,5}$", description="Ports of NodePort services, such as 30000-32767."
    )
    scoring: Literal["LeastAllocated", "MostAllocated"] | None = Field(
        default=None,
        description="Which nodes the scheduler prefers: MostAllocated fills one GPU node before it begins another.",
    )
    scoring_weights: dict[str, Annotated[int, Field(ge=1, le=100)]] = Field(
        default_factory=dict, description="What counts in it, and how much: {'nvidia.com/gpu': 5, 'cpu': 1}."
    )
    terminated_pods: int | None = Field(
        default=None, ge=1, le=1_000_000, description="How many ended pods are kept before the oldest are deleted."
    )
    hpa_sync_period: str | None = Field(
        default=None, pattern=_DURATION, description="How often autoscalers of pods look, in one unit: 15s or 1m."
    )


class EksClusterInputs(AwsInputs):
    """A control plane; what can't change in place replaces it, and the preview says so."""

    name: str = Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$", description="Name, unique in account and region.")
    version: str = Field(pattern=r"^1\.\d{2}$", description="Kubernetes version; it moves up, one minor at a time.")
    force_update: bool = Field(
        default=False, description="Whether a new version comes though AWS's readiness checks speak against it."
    )
    role_arn: str = Field(pattern=r"^arn:[^:]+:iam::\d{12}:role/.+$", description="Role that EKS acts by.")
    subnet_ids: list[str] = Field(min_length=2, description="Subnets of the control plane, in two zones at least.")
    security_group_ids: list[str] = Field(default_factory=list, description="More groups of its network interfaces.")
    endpoint_private_access: bool = Field(default=True, description="Whether the API is reached from the VPC.")
    endpoint_public_access: bool = Field(default=False, description="Whether the API is reached from the internet.")
    public_access_cidrs: list[str] = Field(
        default_factory=list, description="Who on the internet; required with endpoint_public_access."
    )
    egress_mode: EgressMode = Field(
        default="AWS_MANAGED",
        description="Which way the control plane takes out: AWS's, or your subnets', from which none leads back.",
    )
    service_ipv4_cidr: str | None = Field(
        default=None, description="Addresses of services, /12 to /24 of private space; AWS chooses by default."
    )
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
    components: EksComponents | None = Field(default=None, description="Settings of Kubernetes' own programs.")
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
