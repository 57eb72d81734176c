"""The resource types that parts of a cluster are registered as."""

from __future__ import annotations

from typing import Any, Final

from seldon_infra.eks.parts import Kind
from seldon_infra.resources.aws_eks_access_entry import EKS_ACCESS_ENTRY
from seldon_infra.resources.aws_eks_addon import EKS_ADDON
from seldon_infra.resources.aws_eks_cluster import EKS_CLUSTER
from seldon_infra.resources.aws_eks_emptied import EKS_EMPTIED
from seldon_infra.resources.aws_eks_nodegroup import EKS_NODEGROUP
from seldon_infra.resources.aws_eks_pod_identity import EKS_POD_IDENTITY_ASSOCIATION
from seldon_infra.resources.aws_event_rule import EVENT_RULE
from seldon_infra.resources.aws_iam_role import IAM_ROLE
from seldon_infra.resources.aws_internet_gateway import INTERNET_GATEWAY
from seldon_infra.resources.aws_kms_key import KMS_KEY
from seldon_infra.resources.aws_launch_template import LAUNCH_TEMPLATE
from seldon_infra.resources.aws_nat_gateway import NAT_GATEWAY
from seldon_infra.resources.aws_oidc_provider import OIDC_PROVIDER
from seldon_infra.resources.aws_route_table import ROUTE_TABLE
from seldon_infra.resources.aws_sqs_queue import SQS_QUEUE
from seldon_infra.resources.aws_subnet import SUBNET
from seldon_infra.resources.aws_vpc import VPC
from seldon_infra.resources.aws_vpc_endpoint import VPC_ENDPOINT
from seldon_infra.resources.model import ResourceType

KINDS: Final[dict[Kind, ResourceType[Any, Any]]] = {
    "Vpc": VPC,
    "Subnet": SUBNET,
    "InternetGateway": INTERNET_GATEWAY,
    "NatGateway": NAT_GATEWAY,
    "RouteTable": ROUTE_TABLE,
    "VpcEndpoint": VPC_ENDPOINT,
    "IamRole": IAM_ROLE,
    "KmsKey": KMS_KEY,
    "OidcProvider": OIDC_PROVIDER,
    "LaunchTemplate": LAUNCH_TEMPLATE,
    "SqsQueue": SQS_QUEUE,
    "EventRule": EVENT_RULE,
    "EksCluster": EKS_CLUSTER,
    "EksNodegroup": EKS_NODEGROUP,
    "EksAddon": EKS_ADDON,
    "EksAccessEntry": EKS_ACCESS_ENTRY,
    "EksPodIdentityAssociation": EKS_POD_IDENTITY_ASSOCIATION,
    "EksEmptied": EKS_EMPTIED,
}
