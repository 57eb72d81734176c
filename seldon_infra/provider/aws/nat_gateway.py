"""``seldon:aws:NatGateway``: two objects of AWS, the gateway and its address, which live and go together.

The address is made first and taken away last, so that there may be an address alone: after a kill, after a gateway that
failed, or where someone deleted the gateway by hand. `find` and `read` show that as a gateway that stands nowhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api, client_token
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing, drop_when_free, filters
from seldon_infra.provider.framework import Context, Created, Failed, Instance
from seldon_infra.resources.aws_nat_gateway import NAT_GATEWAY, NatGatewayInputs, NatGatewayOutputs

Known = Instance[NatGatewayInputs, NatGatewayOutputs]
_OVER = ("deleted", "deleting", "failed")


class NatGateway(Ec2Thing[NatGatewayInputs, NatGatewayOutputs]):
    """How private subnets reach the internet."""

    type = NAT_GATEWAY
    replace_on = frozenset({"region", "subnet_id"})
    timeout = 900.0
    noun, question = "natgateway", ("describe_nat_gateways", "NatGateways")
    ids = ("NatGatewayIds", "NatGatewayId")

    def make(self, api: Api, inputs: NatGatewayInputs, tags: Mapping[str, str]) -> str:
        """Take an address, and make the gateway with it."""
        address = _address_of(api, tags) or self._allocate(api, tags)
        for number in itertools.count(1):
            made = api.call(
                "ec2",
                "create_nat_gateway",
                eventually=NOT_YET,
                SubnetId=inputs.subnet_id,
                AllocationId=address,
                ClientToken=client_token(tags[marking.TOKEN], f"nat gateway {number}"),
                TagSpecifications=self.tagged(tags),
            )["NatGateway"]
            if made.get("State") not in _OVER:  # an old token answers with the gateway that it made, gone or not
                return str(made["NatGatewayId"])
        raise AssertionError("unreachable")

    def _allocate(self, api: Api, tags: Mapping[str, str]) -> str:
        marks = [{"ResourceType": "elastic-ip", "Tags": marking.pairs(tags)}]
        return str(api.call("ec2", "allocate_address", Domain="vpc", TagSpecifications=marks)["AllocationId"])

    def ready(self, api: Api, id: str) -> Answer | None:
        """Available after a minute or two; a failed one says why."""
        seen = self._by_id(api, id) or {}
        if seen.get("State") == "failed":
            raise Failed(f"{id} failed: {seen.get('FailureCode')}: {seen.get('FailureMessage')}")
        return seen if seen.get("State") == "available" else None

    def is_gone(self, seen: Answer) -> bool:
        """A gateway stays visible for an hour after its end."""
        return seen.get("State") in ("deleted", "deleting")

    def describe(self, api: Api, id: str) -> Answer | None:
        """A gateway, or an address that has none."""
        if id.startswith("eipalloc-"):
            return _address(api, id)
        seen = super().describe(api, id)
        return None if seen is None or seen.get("State") == "failed" else seen

    def read(self, id: str, last: Known | None, context: Context) -> Known | None:
        """The gateway; where it is gone and its address is not, one that stands nowhere."""
        found = super().read(id, last, context)
        if found or last is None:
            return found
        seen = _address(Api(last.inputs.region, context), last.outputs.allocation_id)
        if seen is None or marking.from_pairs(seen.get("Tags", ())).get(marking.OWNER) != context.owner:
            return None
        return Instance(id, last.inputs.model_copy(update={"subnet_id": ""}), last.outputs)

    def find(self, inputs: NatGatewayInputs, context: Context) -> list[Known]:
        """Gateways, and addresses that a killed run has made no gateway for."""
        api, gateways = Api(inputs.region, context), super().find(inputs, context)
        used = {it.outputs.allocation_id for it in gateways}
        found = [it for it in _addresses(api) if it["AllocationId"] not in used and not it.get("AssociationId")]
        bare = [self._instance(api, it, inputs) for it in found if _owner(it) == context.owner]
        return [*gateways, *(it for it in bare if not it.settled)]

    def is_whole(self, id: str) -> bool:
        """An address alone is not."""
        return id.startswith("nat-")

    def resume(self, found: Known, inputs: NatGatewayInputs, context: Context) -> Created[NatGatewayOutputs]:
        """Wait for the gateway; make it first where there is only its address."""
        if not self.is_whole(found.id):
            return self.create(inputs, context)
        return super().resume(found, inputs, context)

    def id_of(self, seen: Answer) -> str:
        """The gateway's id, or that of an address that has none."""
        return str(seen.get("NatGatewayId") or seen["AllocationId"])

    def inputs_of(self, api: Api, seen: Answer, declared: NatGatewayInputs | None) -> NatGatewayInputs:
        """What is described."""
        return NatGatewayInputs(**self.common(seen, api), subnet_id=seen.get("SubnetId", ""))

    def outputs_of(self, api: Api, seen: Answer, inputs: NatGatewayInputs) -> NatGatewayOutputs:
        """Its ids and its address."""
        address = next(iter(seen.get("NatGatewayAddresses", ())), seen)
        return NatGatewayOutputs(
            **dict(inputs),
            nat_gateway_id=seen.get("NatGatewayId", ""),
            allocation_id=address.get("AllocationId", ""),
            public_ip=address.get("PublicIp", ""),
        )

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Tag the gateway and its address alike."""
        ids = self._both(api, id)
        api.call("ec2", "create_tags", Resources=ids, Tags=marking.pairs(tags), eventually=NOT_YET)

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags off both."""
        api.call("ec2", "delete_tags", Resources=self._both(api, id), Tags=[{"Key": key} for key in keys])

    def _both(self, api: Api, id: str) -> list[str]:
        addresses = (self._by_id(api, id) or {}).get("NatGatewayAddresses", ()) if id.startswith("nat-") else ()
        return [id, *(it["AllocationId"] for it in addresses if it.get("AllocationId"))]

    def remove(self, api: Api, id: str, last: Known) -> None:
        """Remove the gateway, wait until it has let go of its address, and release that."""
        allocation = last.outputs.allocation_id
        if id.startswith("nat-") and not _is_over(api.fresh("ec2"), id):
            api.drop("ec2", "delete_nat_gateway", NatGatewayId=id)
            api.context.progress(f"waiting until {id} is gone")
            api.context.wait_for(f"{id} to be gone", lambda: _is_over(api.fresh("ec2"), id), every=2.0)
        if allocation:
            drop_when_free(api, allocation, lambda: [id], "release_address", AllocationId=allocation)


def _is_over(api: Api, id: str) -> bool:
    found = (api.look("ec2", "describe_nat_gateways", NatGatewayIds=[id]) or {}).get("NatGateways", [])
    return all(it["State"] in ("deleted", "failed") for it in found)


def _address(api: Api, id: str) -> Answer | None:
    found = (api.look("ec2", "describe_addresses", AllocationIds=[id]) or {}).get("Addresses", []) if id else []
    return next(iter(found), None)


def _addresses(api: Api) -> list[Answer]:
    """All addresses that carry our mark."""
    return api.every("ec2", "describe_addresses", "Addresses", Filters=filters(("tag-key", marking.OWNER)))


def _owner(seen: Answer) -> str:
    return marking.from_pairs(seen.get("Tags", ())).get(marking.OWNER, "")


def _address_of(api: Api, tags: Mapping[str, str]) -> str:
    """The address that an earlier, killed run of this very create has made."""
    mine = [it for it in _addresses(api) if marking.from_pairs(it["Tags"]).get(marking.TOKEN) == tags[marking.TOKEN]]
    return next((str(it["AllocationId"]) for it in mine if _owner(it) == tags[marking.OWNER]), "")
