"""``seldon:aws:EksAccessEntry``: who an IAM principal is in a cluster, and what it may do there."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType


class EksAccessPolicy(ResourceModel):
    """A policy of EKS for a whole cluster or some namespaces."""

    arn: str = Field(
        pattern=r"^arn:[^:]+:eks::aws:cluster-access-policy/.+$",
        description="Such as arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy.",
    )
    namespaces: list[str] = Field(default_factory=list, description="Where it counts; none is the whole cluster.")


class EksAccessEntryInputs(AwsInputs):
    """An access entry with its policies."""

    cluster_name: str = Field(description="Name of the cluster.")
    principal_arn: str = Field(pattern=r"^arn:[^:]+:iam::\d{12}:.+$", description="IAM role or user.")
    type: str = Field(default="STANDARD", description="STANDARD, or whose nodes it lets in, such as EC2_LINUX.")
    kubernetes_groups: list[str] = Field(default_factory=list, description="Kubernetes groups that it belongs to.")
    username: str | None = Field(default=None, description="Kubernetes user name; by default made from the ARN.")
    policies: list[EksAccessPolicy] = Field(default_factory=list, description="What it may do, by EKS's own policies.")


class EksAccessEntryOutputs(EksAccessEntryInputs, Outputs):
    """The entry in AWS."""

    arn: str = Field(description="ARN.")


EKS_ACCESS_ENTRY = ResourceType("seldon:aws:EksAccessEntry", EksAccessEntryInputs, EksAccessEntryOutputs)
