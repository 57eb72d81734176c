"""``seldon:aws:NatGateway``: how private subnets reach the internet, with its own public address."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType


class NatGatewayInputs(AwsInputs):
    """Where it stands."""

    subnet_id: str = Field(description="A public subnet; a change replaces it and its address.")


class NatGatewayOutputs(NatGatewayInputs, Outputs):
    """What routes and others' firewalls refer to."""

    nat_gateway_id: str = Field(description="nat-…")
    allocation_id: str = Field(description="eipalloc-…, which is released with it.")
    public_ip: str = Field(description="The address from which everything behind it comes.")


NAT_GATEWAY = ResourceType("seldon:aws:NatGateway", NatGatewayInputs, NatGatewayOutputs)
