"""A cluster is held against its account before anything is made, through the real engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.eks.account import Account
from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import Surroundings, client

pytestmark = pytest.mark.aws

PROGRAM = """
import tests.engine.patient
from seldon_infra import AccessEntry, EksCluster, ExistingNetwork, GpuNodes, NewVpc, NodeGroup, PodIdentity, Scaling
from seldon_infra.eks.component import EksClusterComponent
from seldon_infra.targets.aws_checks import begin, require_room

zones = ("eu-west-1a", "eu-west-1b")
system = NodeGroup(name="system", instance_types=("m5.large",), scaling=Scaling(minimum=1, maximum=2))
gpu = GpuNodes(name="gpu", instance_types=("g5.xlarge",), scaling=Scaling(maximum=2))
given = dict(name="prod", region="eu-west-1", version="1.33", network=NewVpc(zones=zones), node_groups=(system, gpu))
cluster = EksCluster(**{**given, **dict(CHANGES)})
require_room(cluster, CHECKS, begin(cluster, CHECKS))
EksClusterComponent(cluster)
"""

OURS = {
    "sts.GetCallerIdentity": 1,
    "iam.SimulatePrincipalPolicy": 10,  # one for each resource
    "ec2.DescribeAvailabilityZones": 1,
    "ec2.DescribeInstanceTypes": 1,
    "ec2.DescribeInstanceTypeOfferings": 1,
    "ec2.DescribeInstances": 1,
    "service-quotas.GetServiceQuota": 2,  # machines of two families
    "ssm.GetParameter": 2,  # images of two kinds
    "eks.DescribeClusterVersions": 1,
    "pricing.GetProducts": 7,  # machines of two types; EKS, NAT, addresses, disks, keys
}


def preview(account: Account, changes: str = "", checks: str = "refuse") -> tuple[int, str]:
    """What a preview of a cluster ends with and says, in one line; nothing is changed by it."""
    account.engine.write_program(PROGRAM.replace("CHANGES", changes).replace("CHECKS", repr(checks)))
    done = account.engine.preview("--color", "never", check=False)
    assert not account.aws.changes()
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_a_cluster_that_fits_is_previewed_and_each_question_is_asked_once(account: Account) -> None:
    status, said = preview(account)
    assert status == 0, said
    assert "not checked" not in said
    assert "warning" not in said
    assert "cluster 'prod' costs USD 0.27 to 2.42 an hour" in said
    asked = account.aws.times()
    assert {name: asked[name] for name in OURS} == OURS


def test_credentials_of_another_account_are_refused_before_anything_else_is_asked(account: Account) -> None:
    for checks in ("refuse", "skip"):
        account.aws.calls.clear()
        status, said = preview(account, 'account="210987654321"', checks)
        assert status != 0
        assert "cluster 'prod': account 210987654321, but the credentials are of 123456789012" in said
        assert "nothing was changed" in said
        assert account.aws.calls == ["sts.GetCallerIdentity"]


def test_everything_that_does_not_fit_is_said_at_once_each_on_its_resource(account: Account) -> None:
    account.aws.quotas().values["ec2", "L-DB2E81BA"] = 3
    account.aws.permissions.decisions["eks:CreateCluster"] = "explicitDeny"
    status, said = preview(account, 'version="1.31"')
    assert status != 0
    assert "3 problems with AWS as it is now; nothing was changed" in said
    assert "eks:CreateCluster are denied" in said
    assert "version '1.31' has only extended support since 2025-11-26" in said
    assert "seldon:aws:EksNodegroup (gpu): error: cluster 'prod' → GPU nodes 'gpu': quota 'Running On-Demand G" in said


def test_what_does_not_fit_only_warns_where_the_stack_says_so(account: Account) -> None:
    account.aws.quotas().values["ec2", "L-DB2E81BA"] = 3
    status, said = preview(account, checks="warn")
    assert status == 0, said
    assert "warning: cluster 'prod' → GPU nodes 'gpu': quota" in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("iam.SimulatePrincipalPolicy", "permissions (no right to iam:SimulatePrincipalPolicy)"),
        ("service-quotas.*", "vCPU quotas (no right to servicequotas:GetServiceQuota)"),
        ("ec2.DescribeInstances", "vCPUs in use (no right to ec2:DescribeInstances)"),
        ("ec2.DescribeInstanceTypeOfferings", "instance types in zones (no right to"),
        ("eks.DescribeClusterVersions", "Kubernetes versions (no right to eks:DescribeClusterVersions)"),
        ("ssm.GetParameter", "images (no right to ssm:GetParameter)"),
    ],
)
def test_what_nobody_may_look_at_is_skipped_by_name(account: Account, call: str, said: str) -> None:
    account.aws.faults.deny(call)
    status, line = preview(account)
    assert status == 0, line
    assert f"not checked in AWS, region eu-west-1: {said}" in line


def test_an_account_that_does_not_answer_keeps_nobody_from_a_preview(account: Account) -> None:
    account.aws.faults.expire_credentials("sts.*")
    status, said = preview(account, checks="refuse")
    assert status == 0, said
    assert (
        "checks of AWS in eu-west-1 are skipped, all of them: AWS does not take the credentials (ExpiredToken)" in said
    )


def test_an_existing_network_has_its_subnets_looked_at(account: Account, around: Surroundings) -> None:
    ec2: Any = client(account.aws, "ec2")
    small = ec2.create_subnet(VpcId=around.vpc, CidrBlock="10.0.9.0/28", AvailabilityZone="eu-west-1b")
    id = small["Subnet"]["SubnetId"]
    for number in range(8):
        ec2.create_network_interface(SubnetId=id, Description=str(number))
    account.aws.calls.clear()
    network = f'network=ExistingNetwork(vpc_id="{around.vpc}", subnet_ids=("{around.subnets[0]}", "{id}"))'
    status, said = preview(account, network)
    assert status != 0
    assert f"cluster 'prod' → network: subnet '{id}' has 3 free addresses, must have 6 for the control plane" in said


def test_roles_of_pods_have_to_trust_them(account: Account, around: Surroundings) -> None:
    identity = f'PodIdentity(namespace="models", service_account="fraud", role_arn="{around.pod_role}")'
    status, said = preview(account, f"pod_identities=({identity},)")
    assert status != 0
    assert "role 'pod' does not trust pods.eks.amazonaws.com with sts:AssumeRole and sts:TagSession" in said


def test_machines_that_run_count_against_the_quota(account: Account, loopback: Loopback) -> None:
    ec2: Any = client(loopback, "ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, InstanceType="g5.xlarge", MinCount=12, MaxCount=12)
    loopback.calls.clear()
    loopback.quotas().values["ec2", "L-DB2E81BA"] = 52
    status, said = preview(account)
    assert status == 0, said
    assert "'gpu' at their maximum take 8 vCPUs, and 48 of 52 are in use" in said


def test_without_a_price_it_is_said_that_there_is_none(account: Account) -> None:
    account.aws.faults.deny("pricing.*")
    status, said = preview(account)
    assert status == 0, said
    assert "cluster 'prod': what it costs is not known: NO PRICE of " in said
    assert "(no right to pricing:GetProducts)" in said
