"""``seldon:aws:SecurityGroup``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seldon_infra.provider.aws import blockers
from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.ec2 import NOT_YET, Ec2Thing
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Instance
from seldon_infra.resources.aws_security_group import (
    SECURITY_GROUP,
    SecurityGroupInputs,
    SecurityGroupOutputs,
    SecurityRule,
)

_PEERS = {"sg-": ("UserIdGroupPairs", "GroupId"), "pl-": ("PrefixListIds", "PrefixListId")}
_IPV4, _IPV6 = ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")
_SIDES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class SecurityGroup(Ec2Thing[SecurityGroupInputs, SecurityGroupOutputs]):
    """Who may talk to what is in it, and whom that may talk to."""

    type = SECURITY_GROUP
    replace_on = frozenset({"region", "vpc_id", "name", "description"})
    unordered = frozenset({"ingress", "egress"})
    timeout = 900.0
    noun, ids = "security-group", ("GroupIds", "GroupId")
    question = ("describe_security_groups", "SecurityGroups")

    def make(self, api: Api, inputs: SecurityGroupInputs, tags: Mapping[str, str]) -> str:
        """Make the group; AWS lets it talk to all, which its shape takes back."""
        made = api.call(
            "ec2",
            "create_security_group",
            eventually=NOT_YET,
            GroupName=f"{inputs.name}-{tags[marking.TOKEN][:8]}",
            Description=inputs.description,
            VpcId=inputs.vpc_id,
            TagSpecifications=self.tagged(tags),
        )
        return str(made["GroupId"])

    def shape(self, api: Api, id: str, now: SecurityGroupInputs, wanted: SecurityGroupInputs) -> None:
        """Bring the rules of both sides to what is declared, new ones first."""
        for side in _SIDES:
            _bring(api, id, side, getattr(now, side), getattr(wanted, side))

    def inputs_of(self, api: Api, seen: Answer, declared: SecurityGroupInputs | None) -> SecurityGroupInputs:
        """What is described, each peer of each permission as a rule of its own."""
        token = self.tags_of(api, seen).get(marking.TOKEN, "")
        rules: dict[str, Any] = {side: _rules(seen["GroupId"], seen.get(key, ())) for side, key in _SIDES.items()}
        return SecurityGroupInputs(
            **self.common(seen, api),
            vpc_id=seen["VpcId"],
            name=seen["GroupName"].removesuffix(f"-{token[:8]}"),
            description=seen["Description"],
            **rules,
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: SecurityGroupInputs) -> SecurityGroupOutputs:
        """Its id."""
        return SecurityGroupOutputs(**dict(inputs), security_group_id=seen["GroupId"])

    def remove(self, api: Api, id: str, last: Instance[SecurityGroupInputs, SecurityGroupOutputs]) -> None:
        """Remove it once nobody is in it and no other group refers to it."""
        self.drop(api, id, "delete_security_group", GroupId=id)

    def blockers(self, api: Api, id: str) -> Iterable[str]:
        """Whoever is in it, and the groups that refer to it."""
        return blockers.of_group(api, id)


def _bring(api: Api, id: str, side: str, now: Sequence[SecurityRule], wanted: Sequence[SecurityRule]) -> None:
    """One side's rules from what they are to what they shall be."""
    before, after = {_key(it): it for it in now}, {_key(it): it for it in wanted}
    if new := [rule for key, rule in after.items() if key not in before]:
        _change(api, f"authorize_security_group_{side}", id, new)
    if renamed := [rule for key, rule in after.items() if key in before and before[key] != rule]:
        _change(api, f"update_security_group_rule_descriptions_{side}", id, renamed)
    if old := [rule for key, rule in before.items() if key not in after]:
        _change(api, f"revoke_security_group_{side}", id, old)


def _change(api: Api, operation: str, id: str, rules: Sequence[SecurityRule]) -> None:
    """One call about some rules; where one of them is there, or gone, already, one call for each."""
    try:
        permissions = [_permission(id, rule) for rule in rules]
        api.call("ec2", operation, eventually=NOT_YET, GroupId=id, IpPermissions=permissions)
    except AwsError as error:
        if not error.says("InvalidPermission.Duplicate", "InvalidPermission.NotFound"):
            raise
        for rule in rules if len(rules) > 1 else ():
            _change(api, operation, id, [rule])


def _key(rule: SecurityRule) -> tuple[str, str, str]:
    return rule.protocol, rule.ports, rule.peer


def _permission(id: str, rule: SecurityRule) -> dict[str, Any]:
    """A rule as EC2 takes it."""
    peer = id if rule.peer == "self" else rule.peer
    kind, name = _PEERS.get(peer[:3], _IPV6 if ":" in peer else _IPV4)
    who = {name: peer, **({"Description": rule.description} if rule.description else {})}
    return {"IpProtocol": "-1" if rule.protocol == "all" else rule.protocol, **_span(rule), kind: [who]}


def _span(rule: SecurityRule) -> dict[str, int]:
    """A rule's ports as EC2 takes them."""
    if rule.protocol == "all":
        return {}
    every = "-1,-1" if rule.protocol.startswith("icmp") else "0,65535"
    first, _, last = (every if rule.ports == "all" else rule.ports.replace("-", ",")).partition(",")
    return {"FromPort": int(first), "ToPort": int(last or first)}


def _rules(id: str, permissions: Iterable[Answer]) -> list[SecurityRule]:
    return [rule for permission in permissions for rule in _of(id, permission)]


def _of(id: str, permission: Answer) -> Iterator[SecurityRule]:
    """The rules that one permission stands for."""
    protocol = "all" if permission["IpProtocol"] == "-1" else permission["IpProtocol"]
    first, last = permission.get("FromPort", -1), permission.get("ToPort", -1)
    ports = "all" if protocol == "all" or first == -1 else f"{first}-{last}"
    for kind, name in (*_PEERS.values(), _IPV4, _IPV6):
        for who in permission.get(kind, ()):
            peer = "self" if who.get(name) == id else who[name]
            yield SecurityRule(protocol=protocol, ports=ports, peer=peer, description=who.get("Description", ""))
