"""``seldon:aws:KmsKey``: a key that encrypts secrets and disks."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from seldon_infra.resources.aws import AwsInputs, PolicyDocument
from seldon_infra.resources.model import Outputs, ResourceType


def _not_of_aws(alias: str) -> str:
    if alias.startswith("alias/aws/"):
        raise ValueError(f"{alias!r} is among the names that AWS keeps for itself: choose one without aws/")
    return alias


Alias = Annotated[str, AfterValidator(_not_of_aws)]


class KmsKeyInputs(AwsInputs):
    """What it is called, who may use it, and how long it can be had back."""

    description: str = Field(default="", max_length=8192, description="What it is for.")
    alias: Alias | None = Field(
        default=None, pattern="^alias/[a-zA-Z0-9/_-]{1,250}$", description="Its name, alias/…; moves to a new key."
    )
    enabled: bool = Field(default=True, description="Whether it can be used.")
    rotation: bool = Field(default=True, description="Whether AWS renews it every year.")
    policy: PolicyDocument | None = Field(default=None, description="Who may use it; None leaves that to IAM policies.")
    multi_region: bool = Field(default=False, description="Whether it can have copies elsewhere; a change replaces.")
    deletion_days: int = Field(default=30, ge=7, le=30, description="Days in which a deletion can be taken back.")


class KmsKeyOutputs(KmsKeyInputs, Outputs):
    """What others refer to."""

    arn: str = Field(description="Its ARN.")
    key_id: str = Field(description="Its id.")


KMS_KEY = ResourceType("seldon:aws:KmsKey", KmsKeyInputs, KmsKeyOutputs)
