"""The actions of AWS that a stack's cluster takes to make, by what it declares: IAM's names of the plugin's calls.

Each is asked on a resource that it will be about, so that a policy that names resources is judged as AWS will judge it.
Source of which resource an action is about: the Service Authorization Reference of EC2, EKS, IAM, KMS, SQS and
EventBridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from seldon_infra.core.model import known
from seldon_infra.eks.render.interruptions import makes_queue, name_of
from seldon_infra.eks.spec import EksCluster, NewVpc
from seldon_infra.resources.aws_words import partition

_ANY = "*"
_CLUSTER = (
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:CreateAddon",
    "eks:CreateCluster",
    "eks:CreateNodegroup",
    "eks:CreatePodIdentityAssociation",
    "eks:DescribeCluster",
    "eks:TagResource",
    "eks:UpdateClusterConfig",
    "eks:UpdateClusterVersion",
)
_NODEGROUP = ("eks:DescribeNodegroup", "eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion")
_ADDON = ("eks:DescribeAddon", "eks:UpdateAddon")
_ASSOCIATION = ("eks:DescribePodIdentityAssociation",)
_NODES = (
    "ec2:CreateLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateTags",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSubnets",
    "ec2:RunInstances",
)
"""RunInstances and PassRole are needed of who hands EKS a launch template and roles: EKS user guide, "Launch templates"
and "Cluster IAM role"."""
_ROLES = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:TagRole",
)
_OWN_POLICIES = ("iam:GetRolePolicy", "iam:PutRolePolicy")
_ISSUER = ("iam:CreateOpenIDConnectProvider", "iam:GetOpenIDConnectProvider", "iam:TagOpenIDConnectProvider")
_NEW_NETWORK = (
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:DescribeAddresses",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcs",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
)
_ENDPOINT = ("ec2:CreateVpcEndpoint", "ec2:DescribeVpcEndpoints")
_QUEUE = (
    "sqs:CreateQueue",
    "sqs:GetQueueAttributes",
    "sqs:ListQueueTags",
    "sqs:SetQueueAttributes",
    "sqs:TagQueue",
)
_EVENTS = (
    "events:DescribeRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:TagResource",
)
_LOOK_FOR_QUEUES = ("events:ListRules", "sqs:ListQueues")
_NEW_KEY = ("kms:CreateKey", "kms:ListAliases")
_OWN_KEY = (
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:TagResource",
)
_GIVEN_KEY = ("kms:CreateGrant", "kms:DescribeKey")
"""EKS grants itself the use of the key in the name of who names it: EKS user guide, "Encrypt Kubernetes secrets"."""


@dataclass(frozen=True)
class Asked:
    """Actions on one resource, under conditions that are known."""

    actions: tuple[str, ...]
    resource: str = _ANY
    context: tuple[tuple[str, str], ...] = field(default=())
    """Keys of conditions with what they will be."""


def asked(cluster: EksCluster, account: str) -> tuple[Asked, ...]:
    """Every action that making and changing this cluster takes, by what it is about.

    Args:
        cluster: what is declared.
        account: the account that it will be in.
    """
    return tuple(_asked(cluster, account))


def actions(cluster: EksCluster) -> tuple[str, ...]:
    """Every action that making and changing this cluster takes, in alphabetical order."""
    found = {action for group in _asked(cluster, "123456789012") for action in group.actions}
    return tuple(sorted(found))


def _asked(cluster: EksCluster, account: str) -> Iterator[Asked]:
    start, region, name = f"arn:{partition(cluster.region)}", cluster.region, cluster.name
    eks = f"{start}:eks:{region}:{account}"
    yield Asked(_anywhere(cluster))
    yield Asked(_CLUSTER, f"{eks}:cluster/{name}")
    yield Asked(_NODEGROUP, f"{eks}:nodegroup/{name}/{cluster.node_groups[0].name if cluster.node_groups else 'x'}/0")
    yield Asked(_ADDON, f"{eks}:addon/{name}/vpc-cni/0")
    yield Asked(_ASSOCIATION, f"{eks}:podidentityassociation/{name}/a-0")
    iam = f"{start}:iam::{account}"
    own = [*(it.statements for it in cluster.pod_identities), *(it.statements for it in cluster.service_account_roles)]
    yield Asked(_ROLES + (_OWN_POLICIES if any(own) else ()), f"{iam}:role/{name}-cluster-0")
    passed = (("iam:PassedToService", "eks.amazonaws.com"),)
    yield Asked(("iam:PassRole",), f"{iam}:role/{name}-cluster-0", passed)
    linked = f"{iam}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
    service = (("iam:AWSServiceName", "eks.amazonaws.com"),)
    yield Asked(("iam:CreateServiceLinkedRole",), linked, service)
    yield Asked(_ISSUER, f"{iam}:oidc-provider/oidc.eks.{region}.amazonaws.com/id/0")
    yield from _key(cluster, f"{start}:kms:{region}:{account}:key/0")
    if makes_queue(cluster):
        yield Asked(_QUEUE, f"{start}:sqs:{region}:{account}:{name_of(cluster)}-0")
        yield Asked(_EVENTS, f"{start}:events:{region}:{account}:rule/{name_of(cluster)}-0")


def _anywhere(cluster: EksCluster) -> tuple[str, ...]:
    """Actions that are about no one object, or about objects whose names only AWS gives."""
    key = _NEW_KEY if cluster.secrets_key is None else ()
    return _NODES + _network(cluster) + key + (_LOOK_FOR_QUEUES if makes_queue(cluster) else ())


def _network(cluster: EksCluster) -> tuple[str, ...]:
    if not isinstance(cluster.network, NewVpc):
        return ()
    return _NEW_NETWORK + (_ENDPOINT if cluster.network.s3_endpoint else ())


def _key(cluster: EksCluster, made: str) -> Iterator[Asked]:
    if cluster.secrets_key is None:
        yield Asked(_OWN_KEY, made)
    elif (given := known(cluster.secrets_key)) is not None:
        yield Asked(_GIVEN_KEY, given)
