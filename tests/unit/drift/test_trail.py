"""Who changed an object of AWS last, by what CloudTrail has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import Step
from seldon_infra.drift.owners import Manager
from seldon_infra.drift.trail import LookUp, last_change, look_up


def of(kind: str, id: str, region: str = "eu-west-1") -> Step:
    return Step(f"urn::{kind}::x", f"seldon:aws:{kind}", Action.UPDATE, {"region": region}, {"region": region}, id=id)


def event(name: str, who: str = "bob", hour: int = 12, **details: Any) -> dict[str, Any]:
    return {
        "EventName": name,
        "Username": who,
        "ReadOnly": "true" if name.startswith("Describe") else "false",
        "EventTime": datetime(2026, 11, 20, hour, tzinfo=UTC),
        "CloudTrailEvent": json.dumps(details),
    }


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        (of("Vpc", "vpc-1"), LookUp("eu-west-1", "ResourceName", "vpc-1")),
        (of("IamRole", "node-abc"), LookUp("us-east-1", "ResourceName", "node-abc")),
        (of("IamRole", "node-abc", "cn-northwest-1"), LookUp("cn-north-1", "ResourceName", "node-abc")),
        (of("EksCluster", "eu-west-1/prod"), LookUp("eu-west-1", "EventSource", "eks.amazonaws.com")),
        (Step("urn", "kubernetes:core/v1:Service", Action.UPDATE, id="a/b"), None),
    ],
)
def test_each_kind_is_looked_up_where_its_events_are(step: Step, asked: LookUp | None) -> None:
    assert look_up(step) == asked


def test_the_newest_event_that_changed_something_counts() -> None:
    events = [event("DescribeVpcs", hour=14), event("CreateTags", "eve", 11), event("ModifyVpcAttribute", hour=13)]
    assert last_change(of("Vpc", "vpc-1"), events) == Manager(
        "bob (ModifyVpcAttribute)", "ModifyVpcAttribute", "2026-11-20T13:00:00Z"
    )


def test_the_stacks_own_calls_are_nobodys_change_by_hand() -> None:
    ours = event("ModifyVpcAttribute", "ci", 13, userAgent="Boto3/1.44 md/Botocore seldon-infra")
    assert last_change(of("Vpc", "vpc-1"), [ours]) is None
    assert last_change(of("Vpc", "vpc-1"), []) is None


def test_who_was_refused_has_changed_nothing() -> None:
    events = [
        event("ModifyVpcAttribute", "eve", 13, errorCode="Client.UnauthorizedOperation"),
        event("ModifyVpcAttribute", "bob", 12),
    ]
    found = last_change(of("Vpc", "vpc-1"), events)
    assert found is not None
    assert found.name == "bob (ModifyVpcAttribute)"


@pytest.mark.parametrize(
    ("id", "who"),
    [
        ("eu-west-1/prod", "ann (TagResource)"),
        ("eu-west-1/prod/gpu-1", "bob (UntagResource)"),
        ("eu-west-1/prod/arn:aws:iam::123456789012:role/viewers", "eve (TagResource)"),
        ("eu-west-1/prod/gpu-2", None),
    ],
)
def test_who_set_a_tag_of_an_object_of_eks_is_known_by_its_arn(id: str, who: str | None) -> None:
    start = "arn:aws:eks:eu-west-1:123456789012"
    events = [
        event("TagResource", "ann", 10, requestParameters={"resourceArn": f"{start}:cluster/prod"}),
        event("UntagResource", "bob", 11, requestParameters={"resourceArn": f"{start}:nodegroup/prod/gpu-1/ab12"}),
        event("TagResource", "eve", 12, requestParameters={
            "resourceArn": f"{start}:access-entry/prod/role/123456789012/viewers/ab12"}),
        event("TagResource", "eve", 13, requestParameters={"resourceArn": f"{start}:cluster/dev"}),
    ]  # fmt: skip
    found = last_change(of("EksCluster", id), events)
    assert (found and found.name) == who


def test_who_has_no_name_is_known_by_the_arn() -> None:
    nameless = {**event("ModifyVpcAttribute", userIdentity={"arn": "arn:aws:sts::1:assumed-role/ops/ann"})}
    del nameless["Username"]
    found = last_change(of("Vpc", "vpc-1"), [nameless])
    assert found is not None
    assert found.name == "ann (ModifyVpcAttribute)"


def test_events_of_eks_are_told_apart_by_what_they_were_about() -> None:
    events = [
        event("UpdateClusterConfig", "ann", 10, requestParameters={"name": "prod"}),
        event("UpdateNodegroupConfig", "bob", 11, requestParameters={"name": "prod", "nodegroupName": "gpu-1"}),
        event("UpdateNodegroupConfig", "eve", 12, requestParameters={"clusterName": "prod", "nodegroupName": "cpu-1"}),
        event("UpdateClusterConfig", "eve", 13, requestParameters={"name": "dev"}),
    ]
    names = {
        id: found.name
        for id in ("eu-west-1/prod", "eu-west-1/prod/gpu-1", "eu-west-1/prod/none")
        if (found := last_change(of("EksCluster", id), events))
    }
    assert names == {
        "eu-west-1/prod": "ann (UpdateClusterConfig)",
        "eu-west-1/prod/gpu-1": "bob (UpdateNodegroupConfig)",
    }


def test_what_cannot_be_read_is_passed_over() -> None:
    broken = {**event("UpdateClusterConfig"), "CloudTrailEvent": "{"}
    assert last_change(of("EksCluster", "eu-west-1/prod"), [broken]) is None
