"""``seldon:aws:Vpc``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from seldon_infra.provider.aws import blockers
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_vpc import VPC, VpcInputs, VpcOutputs

_ATTRIBUTES = {"dns_support": "EnableDnsSupport", "dns_hostnames": "EnableDnsHostnames"}


class Vpc(Ec2Thing[VpcInputs, VpcOutputs]):
    """A network of its own."""

    type = VPC
    replace_on = frozenset({"region", "cidr"})
    timeout = 600.0
    noun, question, ids = "vpc", ("describe_vpcs", "Vpcs"), ("VpcIds", "VpcId")

    def make(self, api: Api, inputs: VpcInputs, tags: Mapping[str, str]) -> str:
        """Make the network; its attributes can only be set afterwards."""
        made = api.call("ec2", "create_vpc", CidrBlock=inputs.cidr, TagSpecifications=self.tagged(tags))
        return str(made["Vpc"]["VpcId"])

    def shape(self, api: Api, id: str, now: VpcInputs, wanted: VpcInputs) -> None:
        """Set attributes, one per call, support first: without it there are no hostnames."""
        for name, attribute in _ATTRIBUTES.items():
            if getattr(now, name) != (value := getattr(wanted, name)):
                setting = {"VpcId": id, attribute: {"Value": value}}
                api.call("ec2", "modify_vpc_attribute", eventually=NOT_YET, **setting)

    def questions(self, api: Api, id: str, declared: VpcInputs | None) -> Sequence[Callable[[], object]]:
        """Its attributes."""
        return [partial(_attribute, api, id, name) for name in _ATTRIBUTES.values()]

    def inputs_of(self, api: Api, seen: Answer, declared: VpcInputs | None) -> VpcInputs:
        """What is described, and two attributes that are not."""
        known: dict[str, Any] = {name: _attribute(api, seen["VpcId"], it) for name, it in _ATTRIBUTES.items()}
        return VpcInputs(**self.common(seen, api), cidr=seen["CidrBlock"], **known)

    def outputs_of(self, api: Api, seen: Answer, inputs: VpcInputs) -> VpcOutputs:
        """Its id and account."""
        return VpcOutputs(**dict(inputs), vpc_id=seen["VpcId"], account=seen["OwnerId"])

    def remove(self, api: Api, id: str, last: Instance[VpcInputs, VpcOutputs]) -> None:
        """Remove it once it is empty."""
        self.drop(api, id, "delete_vpc", VpcId=id)

    def blockers(self, api: Api, id: str) -> Iterable[str]:
        """Everything in it."""
        return blockers.in_network(api, id)


def _attribute(api: Api, id: str, name: str) -> bool:
    attribute = name[0].lower() + name[1:]
    return bool(api.ask("ec2", "describe_vpc_attribute", VpcId=id, Attribute=attribute)[name]["Value"])
