"""``seldon:aws:Vpc``: a network of its own."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs, Cidr
from seldon_infra.resources.model import Outputs, ResourceType


class VpcInputs(AwsInputs):
    """Its addresses, and how names are resolved in it."""

    cidr: Cidr = Field(description="IPv4 addresses, /16 to /28; a change replaces.")
    dns_support: bool = Field(default=True, description="Whether AWS resolves names; EKS needs it.")
    dns_hostnames: bool = Field(default=True, description="Whether public addresses get names; EKS needs it.")


class VpcOutputs(VpcInputs, Outputs):
    """What others refer to."""

    vpc_id: str = Field(description="vpc-…")
    account: str = Field(description="The account that it is in.")


VPC = ResourceType("seldon:aws:Vpc", VpcInputs, VpcOutputs)
