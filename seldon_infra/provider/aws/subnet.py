"""``seldon:aws:Subnet``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seldon_infra.provider.aws import blockers
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_subnet import SUBNET, SubnetInputs, SubnetOutputs


class Subnet(Ec2Thing[SubnetInputs, SubnetOutputs]):
    """A part of a network in one zone."""

    type = SUBNET
    replace_on = frozenset({"region", "vpc_id", "availability_zone", "cidr"})
    delete_before_replace = True  # two subnets can't have the same addresses, and zone alone may have changed
    timeout = 900.0
    noun, question, ids = "subnet", ("describe_subnets", "Subnets"), ("SubnetIds", "SubnetId")

    def make(self, api: Api, inputs: SubnetInputs, tags: Mapping[str, str]) -> str:
        """Make the subnet; whether it gives public addresses can only be set afterwards."""
        made = api.call(
            "ec2",
            "create_subnet",
            eventually=NOT_YET,
            VpcId=inputs.vpc_id,
            AvailabilityZone=inputs.availability_zone,
            CidrBlock=inputs.cidr,
            TagSpecifications=self.tagged(tags),
        )
        return str(made["Subnet"]["SubnetId"])

    def shape(self, api: Api, id: str, now: SubnetInputs, wanted: SubnetInputs) -> None:
        """Set whether it gives public addresses."""
        if now.public_addresses != wanted.public_addresses:
            setting = {"Value": wanted.public_addresses}
            api.call("ec2", "modify_subnet_attribute", eventually=NOT_YET, SubnetId=id, MapPublicIpOnLaunch=setting)

    def inputs_of(self, api: Api, seen: Answer, declared: SubnetInputs | None) -> SubnetInputs:
        """What is described."""
        return SubnetInputs(
            **self.common(seen, api),
            vpc_id=seen["VpcId"],
            availability_zone=seen["AvailabilityZone"],
            cidr=seen["CidrBlock"],
            public_addresses=seen["MapPublicIpOnLaunch"],
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: SubnetInputs) -> SubnetOutputs:
        """Its id and its zone's."""
        return SubnetOutputs(
            **dict(inputs), subnet_id=seen["SubnetId"], availability_zone_id=seen["AvailabilityZoneId"]
        )

    def remove(self, api: Api, id: str, last: Instance[SubnetInputs, SubnetOutputs]) -> None:
        """Remove it once nothing has an address in it."""
        self.drop(api, id, "delete_subnet", SubnetId=id)

    def blockers(self, api: Api, id: str) -> Iterable[str]:
        """Whatever has an address in it."""
        return blockers.interfaces(api, "subnet-id", id)
