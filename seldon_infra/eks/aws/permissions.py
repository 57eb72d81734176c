"""The actions of AWS that a stack's cluster takes to make, by what it declares: IAM's names of the plugin's calls."""

from __future__ import annotations

from seldon_infra.eks.spec import EksCluster, NewVpc

_ALWAYS = (
    "eks:CreateAccessEntry",
    "eks:AssociateAccessPolicy",
    "eks:CreateAddon",
    "eks:CreateCluster",
    "eks:CreateNodegroup",
    "eks:CreatePodIdentityAssociation",
    "eks:DescribeAddon",
    "eks:DescribeCluster",
    "eks:DescribeNodegroup",
    "eks:DescribePodIdentityAssociation",
    "eks:TagResource",
    "eks:UpdateClusterConfig",
    "eks:UpdateClusterVersion",
    "eks:UpdateNodegroupConfig",
    "eks:UpdateNodegroupVersion",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateTags",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSubnets",
    "ec2:RunInstances",
    "iam:AttachRolePolicy",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:GetOpenIDConnectProvider",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PassRole",
    "iam:TagOpenIDConnectProvider",
    "iam:TagRole",
)
"""RunInstances and PassRole are needed of who hands EKS a launch template and roles: EKS user guide, "Launch templates"
and "Cluster IAM role"."""
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
_OWN_KEY = (
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:CreateKey",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListResourceTags",
    "kms:TagResource",
)
_GIVEN_KEY = ("kms:CreateGrant", "kms:DescribeKey")
"""EKS grants itself the use of the key in the name of who names it: EKS user guide, "Encrypt Kubernetes secrets"."""
_OWN_POLICIES = ("iam:GetRolePolicy", "iam:PutRolePolicy")


def actions(cluster: EksCluster) -> tuple[str, ...]:
    """Every action that making and changing this cluster takes, in alphabetical order."""
    network = cluster.network
    wanted = {*_ALWAYS, *(_OWN_KEY if cluster.secrets_key is None else _GIVEN_KEY)}
    if isinstance(network, NewVpc):
        wanted |= {*_NEW_NETWORK, *(_ENDPOINT if network.s3_endpoint else ())}
    own = [*(it.statements for it in cluster.pod_identities), *(it.statements for it in cluster.service_account_roles)]
    if any(own):
        wanted |= set(_OWN_POLICIES)
    return tuple(sorted(wanted))
