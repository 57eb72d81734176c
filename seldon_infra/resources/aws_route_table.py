"""``seldon:aws:RouteTable``: the ways out of some subnets."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType

TARGETS = {
    "igw-": "GatewayId",
    "vgw-": "GatewayId",
    "nat-": "NatGatewayId",
    "tgw-": "TransitGatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "eni-": "NetworkInterfaceId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "vpce-": "VpcEndpointId",
}
"""What an id that a route leads to begins with, and EC2's name for it."""


def _known_target(target: str) -> str:
    if not target.startswith(tuple(TARGETS)):
        raise ValueError(f"{target!r} is no target of a route: it begins with one of {', '.join(TARGETS)}")
    return target


Target = Annotated[str, AfterValidator(_known_target)]


class RouteTableInputs(AwsInputs):
    """Its routes and its subnets; what is not named here is taken away, but for the routes that AWS keeps itself."""

    vpc_id: str = Field(description="The network; a change replaces.")
    routes: dict[str, Target] = Field(
        default_factory=dict, description="Destination (CIDR or prefix list pl-…) to the id that it leads to."
    )
    subnet_ids: list[str] = Field(default_factory=list, description="The subnets that use it, in any order.")


class RouteTableOutputs(RouteTableInputs, Outputs):
    """What gateway endpoints refer to."""

    route_table_id: str = Field(description="rtb-…")


ROUTE_TABLE = ResourceType("seldon:aws:RouteTable", RouteTableInputs, RouteTableOutputs)
