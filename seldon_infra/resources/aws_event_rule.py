"""``seldon:aws:EventRule``: which events of an account EventBridge sends on, and where to."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType


class EventRuleInputs(AwsInputs):
    """What is sent on from the account's default bus; targets that are not named here are taken away."""

    name: str = Field(
        pattern=r"^[\w.-]{1,47}$",
        description="What its name begins with, seventeen more characters follow; a change replaces.",
    )
    description: str = Field(default="", max_length=512, description="What it is for.")
    pattern: dict[str, object] = Field(
        description="Which events: fields of an event, each with the values it may have."
    )
    enabled: bool = Field(default=True, description="Whether it sends anything on.")
    targets: dict[str, str] = Field(
        default_factory=dict, max_length=5, description="ARNs of what events are sent to, by ids of your choice."
    )


class EventRuleOutputs(EventRuleInputs, Outputs):
    """What others refer to."""

    arn: str = Field(description="Its ARN.")
    rule_name: str = Field(description="Its whole name.")


EVENT_RULE = ResourceType("seldon:aws:EventRule", EventRuleInputs, EventRuleOutputs)
