"""``seldon:aws:VpcEndpoint``: a way to a service of AWS that does not leave AWS's network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, PolicyDocument
from seldon_infra.resources.model import Outputs, ResourceType


class VpcEndpointInputs(AwsInputs):
    """Which service, and who reaches it."""

    vpc_id: str = Field(description="The network; a change replaces.")
    service: str = Field(description="The service's short name, such as s3 or ecr.api; a change replaces.")
    kind: Literal["Gateway", "Interface"] = Field(
        default="Gateway", description="Gateway (s3 and dynamodb, free) or Interface; a change replaces."
    )
    route_table_ids: list[str] = Field(default_factory=list, description="Of a gateway: tables that lead to it.")
    subnet_ids: list[str] = Field(default_factory=list, description="Of an interface: where it has addresses.")
    security_group_ids: list[str] = Field(default_factory=list, description="Of an interface: its firewall.")
    private_dns: bool = Field(
        default=False, description="Of an interface: whether the service's usual name leads to it."
    )
    policy: PolicyDocument | None = Field(default=None, description="Who may do what through it; None lets all.")


class VpcEndpointOutputs(VpcEndpointInputs, Outputs):
    """What policies refer to."""

    vpc_endpoint_id: str = Field(description="vpce-…")


VPC_ENDPOINT = ResourceType("seldon:aws:VpcEndpoint", VpcEndpointInputs, VpcEndpointOutputs)
