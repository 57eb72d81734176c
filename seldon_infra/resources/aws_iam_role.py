"""``seldon:aws:IamRole``: what somebody may do in the account, and who that is."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, PolicyDocument
from seldon_infra.resources.model import Outputs, ResourceType


class IamRoleInputs(AwsInputs):
    """Who takes the role and what it may; policies that are not named here are taken away."""

    name: str = Field(
        pattern=r"^[\w+=,.@-]{1,46}$",
        description="What its name begins with, sixteen more characters follow; a change replaces.",
    )
    path: str = Field(default="/", pattern="^/(?:[!-~]{1,509}/)?$", description="Its path; a change replaces.")
    trust: PolicyDocument = Field(description="The trust policy: who may take the role, and when.")
    description: str = Field(default="", max_length=1000, description="What it is for.")
    max_session_seconds: int = Field(default=3600, ge=3600, le=43200, description="Longest session, in seconds.")
    permissions_boundary: str | None = Field(default=None, description="ARN of the policy that bounds it.")
    policy_arns: list[str] = Field(default_factory=list, description="Managed policies, in any order.")
    policies: dict[str, PolicyDocument] = Field(default_factory=dict, description="Policies of its own, by name.")


class IamRoleOutputs(IamRoleInputs, Outputs):
    """What others refer to."""

    arn: str = Field(description="Its ARN.")
    role_name: str = Field(description="Its whole name.")
    role_id: str = Field(description="Its unique id, AROA…")


IAM_ROLE = ResourceType("seldon:aws:IamRole", IamRoleInputs, IamRoleOutputs)
