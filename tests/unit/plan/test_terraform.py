"""The plan as Terraform writes one: every type of ours, what changes, and what is not known yet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seldon_infra.core.changes import Action
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.eks.kinds import KINDS
from seldon_infra.plan.terraform.document import terraform_plan
from seldon_infra.plan.terraform.types import TYPES
from tests.unit.drift.steps import step


def of(kind: str, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> Step:
    sides = (None if it is None else {"region": "eu-west-1", **it} for it in (old, new))
    return step(*sides, kind=f"seldon:aws:{kind}", name=name, **more)


def changes(*steps: Step) -> dict[str, Any]:
    """Changes by their addresses."""
    return {it["address"]: it["change"] for it in json.loads(terraform_plan(steps))["resource_changes"]}


def values(*steps: Step) -> dict[str, Any]:
    """What is planned, by addresses."""
    planned = json.loads(terraform_plan(steps))["planned_values"]["root_module"]["resources"]
    return {it["address"]: it["values"] for it in planned}


VPC = {"cidr": "10.0.0.0/16", "dnsSupport": True, "tags": {"Name": "prod", "costCentre": "7"}}
ROLE = {
    "name": "nodes",
    "trust": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]},
    "policyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
    "policies": {"read": {"Statement": []}},
}


def test_every_type_of_a_cluster_is_a_type_of_terraforms() -> None:
    assert set(KINDS) - set(TYPES) == {"EksEmptied"}  # which stands for nothing in AWS


@pytest.mark.parametrize(
    ("old", "new", "more", "actions"),
    [
        (None, VPC, {}, ["create"]),
        (VPC, VPC, {}, ["no-op"]),
        (VPC, {**VPC, "dnsSupport": False}, {}, ["update"]),
        (VPC, {**VPC, "cidr": "10.1.0.0/16"}, {"action": Action.REPLACE}, ["create", "delete"]),
        (VPC, None, {}, ["delete"]),
    ],
)
def test_a_step_is_terraforms_action(old: Any, new: Any, more: Any, actions: list[str]) -> None:
    change = changes(of("Vpc", "vpc", old, new, **more))["aws_vpc.vpc"]
    assert change["actions"] == actions
    assert (change["before"] is None, change["after"] is None) == (old is None, new is None)


def test_a_tag_keeps_its_own_spelling() -> None:
    assert values(of("Vpc", "vpc", None, VPC))["aws_vpc.vpc"]["tags"] == {"Name": "prod", "costCentre": "7"}


def test_what_is_not_known_or_a_secret_is_marked_and_left_out() -> None:
    subnet = {"vpcId": UNKNOWN, "availabilityZone": "eu-west-1a", "cidr": "10.0.0.0/24", "tags": {"key": HIDDEN}}
    change = changes(of("Subnet", "public-eu-west-1a", None, subnet))["aws_subnet.public-eu-west-1a"]
    assert change["after_unknown"] == {"vpc_id": True, "tags": {"key": True}}
    assert "vpc_id" not in change["after"]
    assert change["after"]["tags"] == {}


def test_a_role_is_several_resources_and_one_that_comes_is_a_create() -> None:
    more = {**ROLE, "policyArns": [*ROLE["policyArns"], "arn:aws:iam::aws:policy/ReadOnlyAccess"]}
    found = changes(of("IamRole", "nodes", ROLE, more))
    assert {address: it["actions"] for address, it in found.items()} == {
        "aws_iam_role.nodes": ["no-op"],
        "aws_iam_role_policy_attachment.nodes-AmazonEKSWorkerNodePolicy": ["no-op"],
        "aws_iam_role_policy_attachment.nodes-ReadOnlyAccess": ["create"],
        "aws_iam_role_policy.nodes-read": ["no-op"],
    }
    assert json.loads(found["aws_iam_role.nodes"]["after"]["assume_role_policy"]) == ROLE["trust"]


def test_a_nat_gateway_refers_to_its_address() -> None:
    plan = json.loads(terraform_plan([of("NatGateway", "nat", None, {"subnetId": UNKNOWN})]))
    (gateway,) = (
        it for it in plan["configuration"]["root_module"]["resources"] if it["address"] == "aws_nat_gateway.nat"
    )
    assert gateway["expressions"] == {"allocation_id": {"references": ["aws_eip.nat.id", "aws_eip.nat"]}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"peer": "10.0.0.0/16", "ports": "443"}, {"from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"]}),
        ({"peer": "sg-1", "ports": "1-9"}, {"from_port": 1, "to_port": 9, "security_groups": ["sg-1"]}),
        ({"peer": "self", "protocol": "all"}, {"from_port": 0, "to_port": 0, "protocol": "-1", "self": True}),
        ({"peer": "::/0"}, {"from_port": 0, "to_port": 65535, "ipv6_cidr_blocks": ["::/0"], "cidr_blocks": []}),
        ({"peer": "pl-1"}, {"prefix_list_ids": ["pl-1"], "protocol": "tcp"}),
    ],
)
def test_a_rule_of_a_group_is_terraforms(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    group = {"name": "nodes", "vpcId": "vpc-1", "ingress": [rule]}
    (found,) = values(of("SecurityGroup", "group", None, group))["aws_security_group.group"]["ingress"]
    assert found.items() >= expected.items()


def test_what_is_not_of_aws_is_left_out() -> None:
    assert changes(step({"kind": "Service"}, None)) == {}
