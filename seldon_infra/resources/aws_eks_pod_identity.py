"""``seldon:aws:EksPodIdentityAssociation``: the role that the pods of a service account have."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, PolicyDocument
from seldon_infra.resources.model import Outputs, ResourceType

_ROLE = r"^arn:[^:]+:iam::\d{12}:role/.+$"


class EksPodIdentityAssociationInputs(AwsInputs):
    """One service account and its role."""

    cluster_name: str = Field(description="Name of the cluster.")
    namespace: str = Field(description="Namespace of the service account.")
    service_account: str = Field(description="Name of the service account.")
    role_arn: str = Field(pattern=_ROLE, description="Role that the pods have.")
    target_role_arn: str | None = Field(default=None, pattern=_ROLE, description="Role that they assume from there.")
    policy: PolicyDocument | None = Field(
        default=None, description="What of the role's rights is left to the pods; with disable_session_tags alone."
    )
    disable_session_tags: bool = Field(default=False, description="Whether sessions carry no tags of pod and cluster.")


class EksPodIdentityAssociationOutputs(EksPodIdentityAssociationInputs, Outputs):
    """The association in AWS."""

    arn: str = Field(description="ARN.")
    association_id: str = Field(description="Id.")


EKS_POD_IDENTITY_ASSOCIATION = ResourceType(
    "seldon:aws:EksPodIdentityAssociation", EksPodIdentityAssociationInputs, EksPodIdentityAssociationOutputs
)
