"""The actions that are asked for are those that the plugin calls."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest

from seldon_infra import Karpenter, NodePool
from seldon_infra.eks.aws.permissions import actions, asked
from seldon_infra.eks.spec import NewVpc, PodIdentity
from tests.unit.eks.aws.account import ZONES, cluster, existing

PLUGIN = Path(__file__).parents[4] / "seldon_infra/provider/aws"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::models/*"]}
KARPENTER = Karpenter(pools=(NodePool(name="l4", instance_types=("g6.xlarge",), maximum=4),))
EVERYTHING = cluster(
    pod_identities=(PodIdentity(namespace="n", service_account="s", statements=(READ,)),), autoscaler=KARPENTER
)
SERVICES = ("ec2", "eks", "events", "iam", "kms", "sqs")
OF_OTHERS = {"ec2:RunInstances", "iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant"}
"""What AWS asks of a caller who lets EKS act."""


def api(service: str) -> dict[str, str]:
    """A service's actions by boto3's names of them."""
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    return dict(client.meta.method_to_api_mapping)


@pytest.mark.parametrize("service", SERVICES)
def test_every_action_is_one_of_aws(service: str) -> None:
    known = set(api(service).values())
    unknown = {it for it in actions(EVERYTHING) if it.startswith(f"{service}:")} - {f"{service}:{it}" for it in known}
    assert unknown <= OF_OTHERS


def test_whatever_the_plugin_makes_is_asked_for() -> None:
    text = "\n".join(file.read_text() for file in PLUGIN.rglob("*.py"))
    made = set(
        re.findall(
            r'"(create_[a-z_]+|put_rule|put_targets|allocate_address|attach_[a-z_]+|associate_route_table)"', text
        )
    )
    asked = {it.partition(":")[2] for it in actions(EVERYTHING)}
    calls = {method: name for service in SERVICES for method, name in api(service).items()}
    missing = {f"{calls[it]}" for it in made if calls[it] not in asked}
    assert missing == {"CreateSecurityGroup"}, "a cluster declares no security group of its own"


def test_a_smaller_cluster_takes_fewer() -> None:
    assert "ec2:CreateVpc" in actions(cluster())
    assert "ec2:CreateVpc" not in actions(existing())
    assert "ec2:CreateVpcEndpoint" not in actions(cluster(network=NewVpc(zones=ZONES, s3_endpoint=False)))
    assert "kms:CreateKey" not in actions(cluster(secrets_key=KEY))
    assert {"kms:CreateGrant", "kms:DescribeKey"} <= set(actions(cluster(secrets_key=KEY)))
    assert "iam:PutRolePolicy" not in actions(cluster())
    named = KARPENTER.model_copy(update={"interruption_queue": "notices"})
    assert {"sqs:CreateQueue", "events:PutRule"} <= set(actions(cluster(autoscaler=KARPENTER)))
    assert not {"sqs:CreateQueue", "events:PutRule"} & set(actions(cluster(autoscaler=named)))


def test_the_policy_of_the_page_allows_all_of_it_on_its_resources() -> None:
    """Who takes the page's policy is warned of nothing."""
    page = (PLUGIN.parents[2] / "docs/eks_cluster.md").read_text()
    (text,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    statements = json.loads(text)["Statement"]
    for group in asked(EVERYTHING, "123456789012"):
        for action in group.actions:
            assert any(_allows(it, action, group.resource) for it in statements), (action, group.resource)


def _allows(statement: dict[str, Any], action: str, resource: str) -> bool:
    actions, resources = (it if isinstance(it, list) else [it] for it in (statement["Action"], statement["Resource"]))
    return any(fnmatchcase(action, it) for it in actions) and any(fnmatchcase(resource, it) for it in resources)
