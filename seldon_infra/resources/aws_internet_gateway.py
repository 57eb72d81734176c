"""``seldon:aws:InternetGateway``: a network's door to the internet."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType


class InternetGatewayInputs(AwsInputs):
    """Which network it is attached to; a change moves it."""

    vpc_id: str = Field(description="The network.")


class InternetGatewayOutputs(InternetGatewayInputs, Outputs):
    """What routes refer to."""

    internet_gateway_id: str = Field(description="igw-…")


INTERNET_GATEWAY = ResourceType("seldon:aws:InternetGateway", InternetGatewayInputs, InternetGatewayOutputs)
