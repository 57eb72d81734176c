"""What AWS's answers say, read as facts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pytest

from seldon_infra.eks.aws import read
from seldon_infra.eks.aws.facts import Denied, Version


def result(action: str, decision: str, *missing: str) -> dict[str, Any]:
    return {"EvalActionName": action, "EvalDecision": decision, "MissingContextValues": list(missing)}


def machine(kind: str, **more: Any) -> dict[str, Any]:
    return {"InstanceType": kind, **more}


def running(*machines: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Reservations": [{"Instances": list(machines)}]}]


def tagged(cluster: str, group: str) -> dict[str, Any]:
    return {"Tags": [{"Key": "eks:cluster-name", "Value": cluster}, {"Key": "eks:nodegroup-name", "Value": group}]}


def test_what_hangs_on_unknown_conditions_is_not_called_denied() -> None:
    results = [
        result("ec2:CreateVpc", "allowed"),
        result("iam:CreateServiceLinkedRole", "implicitDeny", "iam:AWSServiceName"),
        result("eks:CreateCluster", "explicitDeny"),
        result("kms:CreateKey", "implicitDeny"),
    ]
    assert read.denied([{"EvaluationResults": results}]) == (
        Denied("eks:CreateCluster", True),
        Denied("kms:CreateKey", False),
    )


def test_a_zone_that_the_account_has_not_opted_into_is_none() -> None:
    zones = [
        {"ZoneName": "a", "OptInStatus": "opt-in-not-required"},
        {"ZoneName": "b", "OptInStatus": "not-opted-in"},
        {"ZoneName": "c"},
    ]
    assert read.zones({"AvailabilityZones": zones}) == {"a", "c"}


def test_vcpus_in_use_are_counted_by_quota_without_the_clusters_own() -> None:
    answers = running(
        machine("g5.xlarge", CpuOptions={"CoreCount": 2, "ThreadsPerCore": 2}),
        machine("g5.2xlarge", InstanceLifecycle="spot", CpuOptions={"CoreCount": 4, "ThreadsPerCore": 2}),
        machine("m5.large"),
        machine("u-6tb1.metal"),
        machine("g5.xlarge", **tagged("prod", "gpu-0123456789")),
        machine("g5.xlarge", CpuOptions={"CoreCount": 2, "ThreadsPerCore": 2}, **tagged("dev", "gpu-0123456789")),
    )
    assert read.used(answers, "prod", {"m5.large": 2}) == {"L-DB2E81BA": 8, "L-3819A6DF": 8, "L-1216C47A": 2}
    assert read.own_nodes(answers, "prod") == {"gpu-0123456789": 1}


@pytest.mark.parametrize(
    ("found", "version"),
    [
        ({"versionStatus": "STANDARD_SUPPORT"}, Version("1.33", "standard")),
        ({"status": "extended-support"}, Version("1.33", "extended")),
        ({"versionStatus": "UNSUPPORTED"}, Version("1.33", "unsupported")),
        (
            {"versionStatus": "STANDARD_SUPPORT", "endOfStandardSupportDate": datetime(2026, 7, 29, tzinfo=UTC)},
            Version("1.33", "standard", date(2026, 7, 29)),
        ),
    ],
)
def test_a_version_has_its_support_and_its_end(found: dict[str, Any], version: Version) -> None:
    assert read.versions([{"clusterVersions": [{"clusterVersion": "1.33", **found}]}]) == {"1.33": version}


def test_a_trust_policy_is_read_quoted_or_not() -> None:
    policy = {"Statement": [{"Effect": "Allow"}]}
    for document in (policy, json.dumps(policy), quote(json.dumps(policy))):
        assert read.trust({"Role": {"AssumeRolePolicyDocument": document}}) == policy


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::123456789012:role/team/models", "models"),
        ("arn:aws:sts::123456789012:assumed-role/ci/run-7", "ci"),
    ],
)
def test_a_role_is_known_by_its_name(arn: str, name: str) -> None:
    assert read.role_name(arn) == name
