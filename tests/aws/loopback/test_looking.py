"""What a preview and a drift report ask besides the objects themselves, which moto does not answer."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import client

pytestmark = pytest.mark.aws

ME = "arn:aws:iam::123456789012:user/me"


def test_a_simulation_allows_all_but_what_a_test_says(loopback: Loopback) -> None:
    loopback.permissions.decisions["ec2:CreateVpc"] = "explicitDeny"
    asked = {"PolicySourceArn": ME, "ActionNames": ["ec2:CreateVpc", "eks:CreateCluster"]}
    answer = client(loopback, "iam").simulate_principal_policy(**asked)
    decisions = {it["EvalActionName"]: it["EvalDecision"] for it in answer["EvaluationResults"]}
    assert decisions == {"ec2:CreateVpc": "explicitDeny", "eks:CreateCluster": "allowed"}


def simulated(aws: Loopback, action: str) -> dict[str, str]:
    """What a simulation decides of an action."""
    answer = client(aws, "iam").simulate_principal_policy(PolicySourceArn=ME, ActionNames=[action])
    return {it["EvalActionName"]: it["EvalDecision"] for it in answer["EvaluationResults"]}


def test_an_answer_in_xml_is_held_against_the_model_too(loopback: Loopback) -> None:
    loopback.permissions.decisions["ec2:CreateVpc"] = "perhaps"  # type: ignore[assignment]
    with pytest.raises(ClientError):
        simulated(loopback, "ec2:CreateVpc")
    (said,) = loopback.broken
    assert "'perhaps' is none of allowed" in said
    loopback.broken.clear()


def test_prices_are_found_by_their_attributes(loopback: Loopback) -> None:
    filters = [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"},
        {"Type": "TERM_MATCH", "Field": "instanceType", "Value": "g5.xlarge"},
    ]
    (found,) = client(loopback, "pricing").get_products(ServiceCode="AmazonEC2", Filters=filters)["PriceList"]
    (term,) = json.loads(found)["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert (dimension["unit"], dimension["pricePerUnit"]) == ("Hrs", {"USD": "1.0000"})


def test_events_are_found_by_the_resource_newest_first(loopback: Loopback) -> None:
    loopback.trail.add("CreateVpc", "ann", "vpc-1")
    loopback.trail.add("ModifyVpcAttribute", "bob", "vpc-1")
    loopback.trail.add("DeleteVpc", "eve", "vpc-2")
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": "vpc-1"}]
    events = client(loopback, "cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    assert [(it["EventName"], it["Username"]) for it in events] == [("ModifyVpcAttribute", "bob"), ("CreateVpc", "ann")]


def test_versions_tell_until_when_they_are_supported(loopback: Loopback) -> None:
    known = client(loopback, "eks").describe_cluster_versions()["clusterVersions"]
    assert {it["clusterVersion"]: it["versionStatus"] for it in known if it["clusterVersion"] < "1.33"} == {
        "1.31": "EXTENDED_SUPPORT",
        "1.32": "STANDARD_SUPPORT",
    }
    assert all(it["endOfStandardSupportDate"].year > 2024 for it in known)


@pytest.mark.parametrize("variant", ["", "-nvidia"])
def test_bottlerocket_has_parameters_too(loopback: Loopback, variant: str) -> None:
    name = f"/aws/service/bottlerocket/aws-k8s-1.33{variant}/x86_64/latest/image_version"
    assert client(loopback, "ssm").get_parameter(Name=name)["Parameter"]["Value"] == "1.50.0"
