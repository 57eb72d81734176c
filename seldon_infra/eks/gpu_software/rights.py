"""What autoscalers may do in AWS, by pod identity.

Sources: the IAM policies of kubernetes/autoscaler (cluster-autoscaler/cloudprovider/aws/README.md, full features) and
of Karpenter 1.14 (cloudformation.yaml of its getting-started guide), here in fewer statements. What changes something
is bound to the cluster's tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_infra.eks.gpu_software.spec import ClusterAutoscaler, Karpenter
from seldon_infra.eks.spec import EksCluster, PodIdentity

NAMESPACE = "kube-system"
AUTOSCALER, KARPENTER = "cluster-autoscaler", "karpenter"
Statement = dict[str, Any]


def identities(cluster: EksCluster, part: str, role: str, made_queue: str) -> tuple[PodIdentity, ...]:
    """Rights of the cluster's autoscaler; none where there is none.

    Args:
        cluster: what is declared.
        part: the part of AWS that it is in, as ARNs name it.
        role: what the name of its nodes' role begins with.
        made_queue: what the name of the queue begins with that the stack makes where none is named.
    """
    match cluster.autoscaler:
        case ClusterAutoscaler():
            return (_identity(AUTOSCALER, _autoscaler(cluster)),)
        case Karpenter() as karpenter:
            queue = karpenter.interruption_queue or f"{made_queue}*"
            rights = [*_karpenter(cluster, part, role), _queue(cluster, part, queue)]
            return (_identity(KARPENTER, rights),)
    return ()


def _identity(account: str, statements: Sequence[Statement]) -> PodIdentity:
    return PodIdentity(namespace=NAMESPACE, service_account=account, statements=statements)


def _autoscaler(cluster: EksCluster) -> list[Statement]:
    reads = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    ]
    changes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    # EKS puts this tag onto the scaling groups of its node groups.
    ours = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster.name}": "owned"}}
    return [_allow(reads, "*"), _allow(changes, "*", ours)]


def _karpenter(cluster: EksCluster, part: str, role: str) -> list[Statement]:
    region, name = cluster.region, cluster.name
    owned = f"kubernetes.io/cluster/{name}"
    tagged = {"StringEquals": {f"aws:RequestTag/{owned}": "owned"}, "StringLike": _pool("Request")}
    ours = {"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}, "StringLike": _pool("Resource")}
    ec2 = f"arn:{part}:ec2:{region}:*"
    made = [f"{ec2}:{kind}/*" for kind in _MADE]
    given = [f"arn:{part}:ec2:{region}::{kind}/*" for kind in ("image", "snapshot")]
    given += [f"{ec2}:{kind}/*" for kind in ("security-group", "subnet", "capacity-reservation", "placement-group")]
    start = ["ec2:RunInstances", "ec2:CreateFleet"]
    profiles = f"arn:{part}:iam::*:instance-profile/*"
    return [
        _allow(_READS, "*", {"StringEquals": {"aws:RequestedRegion": region}}),
        _allow(["pricing:GetProducts", "iam:ListInstanceProfiles"], "*"),
        _allow(["ssm:GetParameter"], f"arn:{part}:ssm:{region}::parameter/aws/service/*"),
        _allow(["eks:DescribeCluster"], f"arn:{part}:eks:{region}:*:cluster/{name}"),
        _allow(start, given),
        _allow(start, f"{ec2}:launch-template/*", ours),
        _allow([*start, "ec2:CreateLaunchTemplate", "ec2:CreateTags"], made, tagged),
        _allow(["ec2:CreateTags"], f"{ec2}:instance/*", ours),
        _allow(
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [f"{ec2}:instance/*", f"{ec2}:launch-template/*"],
            ours,
        ),
        _allow(
            ["iam:PassRole"],
            f"arn:{part}:iam::*:role/{role}*",
            {"StringEquals": {"iam:PassedToService": _services(part)}},
        ),
        _allow(["iam:GetInstanceProfile"], profiles),
        _allow(
            ["iam:CreateInstanceProfile", "iam:TagInstanceProfile"],
            profiles,
            {"StringEquals": {f"aws:RequestTag/{owned}": "owned"}},
        ),
        _allow(
            ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
            profiles,
            {"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}},
        ),
    ]


def _queue(cluster: EksCluster, part: str, name: str) -> Statement:
    """What hearing of interruptions takes. Source: AllowInterruptionQueueActions of Karpenter's own policy."""
    actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    return _allow(actions, f"arn:{part}:sqs:{cluster.region}:*:{name}")


_MADE = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
_READS = [
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
]


def _pool(whose: str) -> dict[str, str]:
    return {f"aws:{whose}Tag/karpenter.sh/nodepool": "*"}


def _services(part: str) -> list[str]:
    return ["ec2.amazonaws.com.cn" if part == "aws-cn" else "ec2.amazonaws.com"]


def _allow(
    actions: Sequence[str], resources: str | Sequence[str], condition: Mapping[str, object] | None = None
) -> Statement:
    said: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    return said if condition is None else {**said, "Condition": condition}
