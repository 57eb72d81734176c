"""``seldon:aws:VpcEndpoint``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.provider.aws import policies
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api, client_token
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing
from seldon_infra.provider.framework import Context, Failed, Instance, Problem, Refused
from seldon_infra.resources.aws_vpc_endpoint import VPC_ENDPOINT, VpcEndpointInputs, VpcEndpointOutputs

_LISTS = {"route_table_ids": "RouteTableIds", "subnet_ids": "SubnetIds", "security_group_ids": "SecurityGroupIds"}
_OF_THE_OTHER = {"Gateway": ("subnet_ids", "security_group_ids", "private_dns"), "Interface": ("route_table_ids",)}
_OPEN = {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


class VpcEndpoint(Ec2Thing[VpcEndpointInputs, VpcEndpointOutputs]):
    """A way to a service of AWS that does not leave AWS's network."""

    type = VPC_ENDPOINT
    replace_on = frozenset({"region", "vpc_id", "service", "kind"})
    unordered = frozenset(_LISTS)
    delete_before_replace = True  # a table can lead to a service by one endpoint alone
    timeout = 900.0
    noun, ids = "vpc-endpoint", ("VpcEndpointIds", "VpcEndpointId")
    question = ("describe_vpc_endpoints", "VpcEndpoints")

    def check(self, inputs: VpcEndpointInputs, context: Context) -> VpcEndpointInputs:
        """Each kind has settings that the other has not."""
        others = _OF_THE_OTHER[inputs.kind]
        wrong = [Problem(it, f"is not for an endpoint of kind {inputs.kind}") for it in others if getattr(inputs, it)]
        if wrong:
            raise Refused(*wrong)
        return inputs

    def make(self, api: Api, inputs: VpcEndpointInputs, tags: Mapping[str, str]) -> str:
        """Make it with all its settings."""
        lists = {name: getattr(inputs, field) for field, name in _LISTS.items() if getattr(inputs, field)}
        policy = {"PolicyDocument": policies.text(inputs.policy)} if inputs.policy else {}
        private = {"PrivateDnsEnabled": inputs.private_dns} if inputs.kind == "Interface" else {}
        made = api.call(
            "ec2",
            "create_vpc_endpoint",
            eventually=NOT_YET,
            VpcId=inputs.vpc_id,
            ServiceName=f"com.amazonaws.{inputs.region}.{inputs.service}",
            VpcEndpointType=inputs.kind,
            ClientToken=client_token(tags[marking.TOKEN], "endpoint"),
            TagSpecifications=self.tagged(tags),
            **{**lists, **policy, **private},
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def ready(self, api: Api, id: str) -> Answer | None:
        """Available within a minute or two."""
        seen = self.describe(api, id) or {}
        state = str(seen.get("State", "")).lower()
        if state in ("failed", "rejected", "expired", "partial"):
            raise Failed(f"{id} is {state}: {(seen.get('LastError') or {}).get('Message', 'AWS does not say why')}")
        return seen if state == "available" else None

    def shape(self, api: Api, id: str, now: VpcEndpointInputs, wanted: VpcEndpointInputs) -> None:
        """Change what differs, all in one call."""
        changes: dict[str, object] = {}
        for field, name in _LISTS.items():
            before, after = set(getattr(now, field)), set(getattr(wanted, field))
            changes |= {f"Add{name}": sorted(after - before)} if after - before else {}
            changes |= {f"Remove{name}": sorted(before - after)} if before - after else {}
        if now.private_dns != wanted.private_dns:
            changes["PrivateDnsEnabled"] = wanted.private_dns
        if now.policy != wanted.policy:
            changes["PolicyDocument"] = policies.text(wanted.policy or _OPEN)
        if changes:
            settings = {"VpcEndpointId": id, **changes}
            api.call("ec2", "modify_vpc_endpoint", eventually=NOT_YET, **settings)

    def inputs_of(self, api: Api, seen: Answer, declared: VpcEndpointInputs | None) -> VpcEndpointInputs:
        """What is described."""
        lists: dict[str, Any] = {
            "route_table_ids": seen.get("RouteTableIds", []),
            "subnet_ids": seen.get("SubnetIds", []),
            "security_group_ids": [group["GroupId"] for group in seen.get("Groups", ())],
        }
        return VpcEndpointInputs(
            **self.common(seen, api),
            vpc_id=seen["VpcId"],
            service=seen["ServiceName"].removeprefix(f"com.amazonaws.{api.region}."),
            kind=seen["VpcEndpointType"],
            private_dns=seen["VpcEndpointType"] == "Interface" and bool(seen.get("PrivateDnsEnabled")),
            policy=_policy(seen.get("PolicyDocument"), declared),
            **lists,
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: VpcEndpointInputs) -> VpcEndpointOutputs:
        """Its id."""
        return VpcEndpointOutputs(**dict(inputs), vpc_endpoint_id=seen["VpcEndpointId"])

    def remove(self, api: Api, id: str, last: Instance[VpcEndpointInputs, VpcEndpointOutputs]) -> None:
        """Remove it and wait until its addresses are free."""
        if _is_gone(api.fresh("ec2"), id):
            return
        api.context.progress(f"waiting until {id} is gone")
        api.context.wait_for(f"{id} to be gone", lambda: _is_gone(api.fresh("ec2"), id), every=2.0)


def _is_gone(api: Api, id: str) -> bool:
    """Whether it is gone; its end is asked for where it has not begun."""
    found = (api.look("ec2", "describe_vpc_endpoints", VpcEndpointIds=[id]) or {}).get("VpcEndpoints", [])
    states = {it["State"].lower() for it in found}
    if not states <= {"deleting", "deleted"}:
        _delete(api, id)
        return False
    return "deleting" not in states


def _delete(api: Api, id: str) -> None:
    """Ask for its end; a refusal stands in the answer, not in an error."""
    for refused in api.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[id]).get("Unsuccessful", ()):
        error = refused.get("Error", {})
        if "NotFound" not in error.get("Code", ""):
            raise Failed(f"AWS refused to remove {id}: {error.get('Code')}: {error.get('Message')}")


def _policy(found: object, declared: VpcEndpointInputs | None) -> dict[str, object] | None:
    """The policy; None where it lets all and no other is declared."""
    wanted = declared.policy if declared else None
    document = policies.kept(wanted, found)
    wide = policies.same({**document, "Version": _OPEN["Version"]}, _OPEN)
    return None if (wide or not document) and not wanted else document
