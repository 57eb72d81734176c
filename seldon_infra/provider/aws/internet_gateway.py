"""``seldon:aws:InternetGateway``."""

from __future__ import annotations

from collections.abc import Mapping

from seldon_infra.provider.aws import blockers
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing, drop_when_free
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_internet_gateway import (
    INTERNET_GATEWAY,
    InternetGatewayInputs,
    InternetGatewayOutputs,
)


class InternetGateway(Ec2Thing[InternetGatewayInputs, InternetGatewayOutputs]):
    """A network's door to the internet."""

    type = INTERNET_GATEWAY
    replace_on = frozenset({"region"})
    timeout = 600.0
    noun, ids = "internet-gateway", ("InternetGatewayIds", "InternetGatewayId")
    question = ("describe_internet_gateways", "InternetGateways")

    def make(self, api: Api, inputs: InternetGatewayInputs, tags: Mapping[str, str]) -> str:
        """Make the gateway, attached to nothing."""
        made = api.call("ec2", "create_internet_gateway", TagSpecifications=self.tagged(tags))
        return str(made["InternetGateway"]["InternetGatewayId"])

    def shape(self, api: Api, id: str, now: InternetGatewayInputs, wanted: InternetGatewayInputs) -> None:
        """Attach it to its network, and to no other."""
        if now.vpc_id == wanted.vpc_id:
            return
        self._detach(api, id, now.vpc_id)
        api.call("ec2", "attach_internet_gateway", eventually=NOT_YET, InternetGatewayId=id, VpcId=wanted.vpc_id)

    def inputs_of(self, api: Api, seen: Answer, declared: InternetGatewayInputs | None) -> InternetGatewayInputs:
        """What is described; attached to nothing is an empty id."""
        attached = [it["VpcId"] for it in seen.get("Attachments", ()) if it.get("State") != "detached"]
        return InternetGatewayInputs(**self.common(seen, api), vpc_id=next(iter(attached), ""))

    def outputs_of(self, api: Api, seen: Answer, inputs: InternetGatewayInputs) -> InternetGatewayOutputs:
        """Its id."""
        return InternetGatewayOutputs(**dict(inputs), internet_gateway_id=seen["InternetGatewayId"])

    def remove(self, api: Api, id: str, last: Instance[InternetGatewayInputs, InternetGatewayOutputs]) -> None:
        """Detach it from wherever it is, and remove it."""
        if seen := self.describe(api.fresh("ec2"), id):
            self._detach(api, id, self.inputs_of(api, seen, None).vpc_id)
        self.drop(api, id, "delete_internet_gateway", InternetGatewayId=id)

    def _detach(self, api: Api, id: str, vpc_id: str) -> None:
        """Detach it once nothing in the network has a public address."""
        if vpc_id:
            addresses = lambda: blockers.public_addresses(api.fresh("ec2"), vpc_id)  # noqa: E731
            drop_when_free(api, id, addresses, "detach_internet_gateway", InternetGatewayId=id, VpcId=vpc_id)
