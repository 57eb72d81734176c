"""What is known of EKS without asking: its versions, and what its add-ons need.

As of 2026-04-24. Sources: the EKS user guide, "Understand the Kubernetes version lifecycle on EKS" (1.30 to 1.35;
standard support of 1.33 ends on 2026-07-29) and "AWS add-ons" (service accounts and policies). AWS itself is asked
where it is reached: a newer version than these is no mistake.
"""

from __future__ import annotations

from dataclasses import dataclass

OLDEST_VERSION = "1.30"
OLDEST_STANDARD_VERSION = "1.33"
NEWEST_VERSION = "1.35"


@dataclass(frozen=True)
class AddonNeeds:
    """What an add-on of AWS needs around it."""

    service_account: str | None = None
    """Service account that acts in AWS."""
    policies: tuple[str, ...] = ()
    """Managed policies of AWS for that service account's role, by name."""
    before_nodes: bool = False
    """Whether it works without nodes, as what runs on each of them does."""
    namespace: str = "kube-system"
    """Namespace of the service account."""


ADDONS = {
    "vpc-cni": AddonNeeds("aws-node", ("AmazonEKS_CNI_Policy",), before_nodes=True),
    "kube-proxy": AddonNeeds(before_nodes=True),
    "eks-pod-identity-agent": AddonNeeds(before_nodes=True),
    "eks-node-monitoring-agent": AddonNeeds(before_nodes=True),
    "coredns": AddonNeeds(),
    "metrics-server": AddonNeeds(),
    "aws-ebs-csi-driver": AddonNeeds("ebs-csi-controller-sa", ("service-role/AmazonEBSCSIDriverPolicy",)),
    "aws-efs-csi-driver": AddonNeeds("efs-csi-controller-sa", ("service-role/AmazonEFSCSIDriverPolicy",)),
    "amazon-cloudwatch-observability": AddonNeeds(
        "cloudwatch-agent", ("CloudWatchAgentServerPolicy",), namespace="amazon-cloudwatch"
    ),
}
"""Add-ons by their names at EKS."""
