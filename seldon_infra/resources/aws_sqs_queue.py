"""``seldon:aws:SqsQueue``: messages that wait for whoever fetches them."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, PolicyDocument
from seldon_infra.resources.model import Outputs, ResourceType


class SqsQueueInputs(AwsInputs):
    """How long messages wait, and who may put and fetch them."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,63}$",
        description="What its name begins with, seventeen more characters follow; a change replaces.",
    )
    retention_seconds: int = Field(
        default=345_600, ge=60, le=1_209_600, description="How long a message waits to be fetched, in seconds."
    )
    visibility_seconds: int = Field(
        default=30, ge=0, le=43_200, description="How long a fetched message is hidden from others, in seconds."
    )
    encrypted: bool = Field(default=True, description="Whether messages are encrypted with a key of SQS's own.")
    policy: PolicyDocument | None = Field(
        default=None, description="Who may do what with it, beside its account; AWS's default leaves all to IAM."
    )


class SqsQueueOutputs(SqsQueueInputs, Outputs):
    """What others refer to."""

    arn: str = Field(description="Its ARN.")
    queue_name: str = Field(description="Its whole name.")
    url: str = Field(description="Its URL.")


SQS_QUEUE = ResourceType("seldon:aws:SqsQueue", SqsQueueInputs, SqsQueueOutputs)
