"""What AWS does to those who call it: throttling, lost answers, late sight, refusals, things in the way."""

from __future__ import annotations

import pytest

from tests.aws.account import Account, Done
from tests.aws.declared import ALL
from tests.aws.facts import differing
from tests.aws.test_life import expected

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(600)]

VPC = "vpc = declare(VPC, 'vpc', cidr='10.0.0.0/16')\n"
SUBNET = VPC + "declare(SUBNET, 'public', vpc_id=vpc.vpc_id, availability_zone=REGION + 'a', cidr='10.0.0.0/24')\n"
TIMED = "pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete='4s'))"
IMPATIENT = f"""
import pulumi
vpc = VPC.register('vpc', {TIMED}, region=REGION, cidr='10.0.0.0/16')
zone = REGION + 'a'
subnet = SUBNET.register('s', {TIMED}, region=REGION, vpc_id=vpc.vpc_id, availability_zone=zone, cidr='10.0.0.0/24')
"""
LOST = [
    *("ec2.CreateVpc", "ec2.CreateSubnet", "ec2.CreateInternetGateway", "ec2.AllocateAddress", "ec2.CreateNatGateway"),
    *("ec2.CreateRouteTable", "ec2.CreateRoute", "ec2.AssociateRouteTable", "ec2.CreateVpcEndpoint", "ec2.CreateTags"),
    *("ec2.CreateSecurityGroup", "ec2.AuthorizeSecurityGroupIngress", "ec2.CreateLaunchTemplate"),
    *("iam.CreateRole", "iam.CreateOpenIDConnectProvider", "kms.CreateKey", "kms.CreateAlias"),
]
LATE = {
    "ec2.CreateSubnet": ("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist"),
    "ec2.CreateNatGateway": ("InvalidAllocationID.NotFound", "The allocation ID does not exist"),
    "ec2.CreateRoute": ("InvalidNatGatewayID.NotFound", "The natGateway ID does not exist"),
    "ec2.CreateTags": ("InvalidSubnetID.NotFound", "The subnet ID does not exist"),
    "iam.CreateRole": ("MalformedPolicyDocument", "Invalid principal in policy: AWS"),
    "iam.AttachRolePolicy": ("NoSuchEntity", "The role with name node cannot be found."),
    "kms.CreateAlias": ("NotFoundException", "Key does not exist"),
}


def said(done: Done) -> str:
    """What an engine's run said, in one line."""
    return " ".join((done.stdout + done.stderr).split())


def test_throttling_and_lost_answers_and_late_sight_go_unnoticed(account: Account) -> None:
    faults = account.aws.faults
    faults.throttle(0.3)
    for call in LOST:
        faults.drop(call, "after")
    for call, (code, message) in LATE.items():
        faults.refuse(call, code, message, times=2)
    account.declare(ALL)
    account.up()
    assert differing(account, expected(account)) == {}
    assert {kind: len(ids) for kind, ids in account.inventory().items() if len(ids) > 1} == {
        **{"subnet": 2, "table": 2, "endpoint": 2, "interface": 2}
    }
    assert account.preview() == {}
    account.engine.destroy()
    assert account.inventory() == {}


def test_what_is_refused_midway_says_what_to_do_and_the_next_up_goes_on(account: Account) -> None:
    faults = account.aws.faults
    account.declare(SUBNET)
    faults.deny("ec2.CreateSubnet")
    assert "allow the action ec2:CreateSubnet to the role you use" in said(account.up(check=False))
    faults.clear()
    faults.expire_credentials("ec2.CreateSubnet")
    assert "AWS does not take your credentials" in said(account.up(check=False))
    faults.clear()
    faults.refuse("ec2.CreateSubnet", "SubnetLimitExceeded", "The maximum number of subnets has been reached")
    assert "a quota of the account is used up" in said(account.up(check=False))
    account.up()
    assert account.preview() == {}
    assert {kind: len(ids) for kind, ids in account.inventory().items()} == {"vpc": 1, "subnet": 1}


def test_of_two_ups_at_once_one_is_refused_and_nothing_is_made_twice(account: Account) -> None:
    account.declare(VPC)
    with account.aws.faults.hold("ec2.CreateVpc", "before") as held:
        first = account.engine.start("up", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
        held.wait()
        assert "the stack is currently locked" in said(account.up(check=False))
    told, _ = first.communicate(timeout=240)
    assert first.returncode == 0, told
    assert len(account.inventory()["vpc"]) == 1
    assert account.preview() == {}


def test_a_destroy_waits_for_what_the_cluster_made_and_names_what_blocks_it(account: Account) -> None:
    account.declare(IMPATIENT)
    account.up()
    balancer = account.ec2.create_network_interface(SubnetId=account.id("s"), Description="ELB app/models/1")
    id = balancer["NetworkInterface"]["NetworkInterfaceId"]
    account.aws.faults.refuse("ec2.DeleteSubnet", "DependencyViolation", "The subnet has dependencies", times=1000)
    blocked = said(account.engine.destroy(check=False))
    assert f"can't be removed: it is still used by {id} (ELB app/models/1); remove that" in blocked
    account.aws.faults.clear()
    account.aws.faults.refuse("ec2.DeleteSubnet", "DependencyViolation", "The subnet has dependencies", times=1)
    account.ec2.delete_network_interface(NetworkInterfaceId=id)
    account.declare(IMPATIENT.replace(TIMED, "None"))  # the 4 s were for what is never free
    account.up()
    account.engine.destroy()
    assert account.inventory() == {}


def test_what_another_has_made_is_not_taken_over(account: Account) -> None:
    iam, kms = account.client("iam"), account.client("kms")
    iam.create_open_id_connect_provider(Url="https://oidc.example.com/id/1", ThumbprintList=["a" * 40])
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=other)
    account.declare(
        "declare(OIDC_PROVIDER, 'issuer', url='https://oidc.example.com/id/1'); "
        "declare(KMS_KEY, 'key', alias='alias/secrets')"
    )
    failed = said(account.up("--continue-on-error", check=False))
    assert "import it by eu-west-1/ and its ARN, or remove it" in failed
    assert f"alias/secrets is the name of another key, {other}" in failed


def test_a_preview_without_changes_asks_nothing_twice_and_changes_nothing(account: Account) -> None:
    account.declare(SUBNET)
    account.up()
    account.aws.calls.clear()
    account.declare(SUBNET, vpc={"tags": {"team": "ops"}})
    assert account.preview() == {"vpc": ("update", {"tags"})}
    assert account.aws.changes() == []
    asked = account.aws.times()
    assert {name for name, times in asked.items() if times > 1} <= {"ec2.DescribeVpcAttribute"}


def test_wrong_inputs_are_named_at_preview_without_a_call(account: Account) -> None:
    account.declare(VPC, vpc={"cidr": "10.0.0.1/16"})
    assert "write 10.0.0.0/16" in said(account.engine.preview(check=False))
    assert account.aws.calls == []
