"""``seldon:aws:SecurityGroup``: who may talk to what is in it, and whom that may talk to."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceModel, ResourceType

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


def _plain_ports(ports: str) -> str:
    """One way to write the same: `all`, `443` or `1025-65535`."""
    found = _PORTS.fullmatch(ports)
    if ports == "all" or ports == "0-65535":
        return "all"
    if not found or max(int(port) for port in found.groups() if port) > 65535:
        raise ValueError(f"{ports!r} are no ports: write all, 443 or 1025-65535")
    return found[1] if found[2] in (None, found[1]) else ports


class SecurityRule(ResourceModel):
    """One way through; a change makes the new one before it takes the old one away."""

    protocol: str = Field(
        default="tcp", pattern="^(all|tcp|udp|icmp|icmpv6|[0-9]{1,3})$", description="tcp, udp, all …"
    )
    ports: Annotated[str, AfterValidator(_plain_ports)] = Field(
        default="all", description="all, 443, 1025-65535; of icmp type-code."
    )
    peer: str = Field(
        min_length=4, description="CIDR, sg-… of others, pl-… of a prefix list, or self for its own members."
    )
    description: str = Field(default="", max_length=255, description="Why.")


class SecurityGroupInputs(AwsInputs):
    """Its rules; what is not named here is taken away."""

    vpc_id: str = Field(description="The network; a change replaces.")
    name: str = Field(
        pattern="^[A-Za-z0-9 ._\\-:/()#,@\\[\\]+=&;{}!$*]{1,200}$",
        description="What its name begins with, eight more characters follow; a change replaces.",
    )
    description: str = Field(
        default="managed by seldon_infra",
        min_length=1,
        max_length=255,
        description="What it is for; a change replaces.",
    )
    ingress: list[SecurityRule] = Field(default_factory=list, description="Who may talk to it, in any order.")
    egress: list[SecurityRule] = Field(default_factory=list, description="Whom it may talk to, in any order.")


class SecurityGroupOutputs(SecurityGroupInputs, Outputs):
    """What others refer to."""

    security_group_id: str = Field(description="sg-…")


SECURITY_GROUP = ResourceType("seldon:aws:SecurityGroup", SecurityGroupInputs, SecurityGroupOutputs)
