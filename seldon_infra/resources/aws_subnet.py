"""``seldon:aws:Subnet``: a part of a network in one zone."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, Cidr
from seldon_infra.resources.model import Outputs, ResourceType


class SubnetInputs(AwsInputs):
    """Where it is and who gets a public address in it."""

    vpc_id: str = Field(description="The network; a change replaces.")
    availability_zone: str = Field(description="Zone, such as eu-west-1a; a change replaces.")
    cidr: Cidr = Field(description="IPv4 addresses out of the network's; a change replaces.")
    public_addresses: bool = Field(default=False, description="Whether what starts in it gets a public address.")


class SubnetOutputs(SubnetInputs, Outputs):
    """What others refer to."""

    subnet_id: str = Field(description="subnet-…")
    availability_zone_id: str = Field(description="The zone's id, the same in every account.")


SUBNET = ResourceType("seldon:aws:Subnet", SubnetInputs, SubnetOutputs)
