"""Kill -9 of the plugin just before and just after each call that changes AWS: nothing is orphaned or made twice."""

from __future__ import annotations

import pytest

from tests.aws.account import Account
from tests.aws.declared import ALL
from tests.aws.facts import differing
from tests.aws.loopback.march import march
from tests.aws.test_life import expected, updated, updates

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

MADE = {
    *("ec2.CreateVpc", "ec2.ModifyVpcAttribute", "ec2.CreateSubnet", "ec2.ModifySubnetAttribute"),
    *("ec2.CreateInternetGateway", "ec2.AttachInternetGateway", "ec2.AllocateAddress", "ec2.CreateNatGateway"),
    *("ec2.CreateRouteTable", "ec2.CreateRoute", "ec2.AssociateRouteTable", "ec2.CreateVpcEndpoint"),
    *("ec2.CreateSecurityGroup", "ec2.AuthorizeSecurityGroupIngress", "ec2.AuthorizeSecurityGroupEgress"),
    *("ec2.RevokeSecurityGroupEgress", "ec2.CreateLaunchTemplate", "ec2.CreateTags"),
    *("iam.CreateRole", "iam.PutRolePolicy", "iam.AttachRolePolicy", "iam.TagRole"),
    *("iam.CreateOpenIDConnectProvider", "iam.TagOpenIDConnectProvider"),
    *("kms.CreateKey", "kms.CreateAlias", "kms.EnableKeyRotation", "kms.TagResource"),
    *("sqs.CreateQueue", "sqs.TagQueue", "events.PutRule", "events.PutTargets", "events.TagResource"),
}
THERE = {"vpc": 1, "subnet": 2, "igw": 1, "nat": 1, "address": 1, "table": 2, "endpoint": 2, "group": 1} | {
    **{"interface": 2, "role": 1, "oidc": 1, "key": 1, "alias": 1, "template": 1, "queue": 1, "rule": 1}
}
REMOVED = {
    *("ec2.DeleteVpc", "ec2.DeleteSubnet", "ec2.DetachInternetGateway", "ec2.DeleteInternetGateway"),
    *("ec2.DeleteNatGateway", "ec2.ReleaseAddress", "ec2.DisassociateRouteTable", "ec2.DeleteRouteTable"),
    *("ec2.DeleteVpcEndpoints", "ec2.DeleteSecurityGroup", "ec2.DeleteLaunchTemplate"),
    *("iam.DetachRolePolicy", "iam.DeleteRolePolicy", "iam.DeleteRole", "iam.DeleteOpenIDConnectProvider"),
    *("kms.DeleteAlias", "kms.ScheduleKeyDeletion"),
    *("sqs.DeleteQueue", "events.RemoveTargets", "events.DeleteRule"),
}


CHANGED = {
    *("ec2.ModifyVpcAttribute", "ec2.ModifySubnetAttribute", "ec2.ModifyVpcEndpoint", "ec2.CreateTags"),
    *("ec2.CreateRoute", "ec2.DeleteRoute", "ec2.ReplaceRoute"),
    *("ec2.AuthorizeSecurityGroupIngress", "ec2.RevokeSecurityGroupIngress", "ec2.RevokeSecurityGroupEgress"),
    *("ec2.UpdateSecurityGroupRuleDescriptionsIngress", "ec2.CreateLaunchTemplateVersion"),
    *("ec2.ModifyLaunchTemplate", "iam.UpdateAssumeRolePolicy", "iam.UpdateRole", "iam.PutRolePermissionsBoundary"),
    *("iam.PutRolePolicy", "iam.DeleteRolePolicy", "iam.AttachRolePolicy", "iam.DetachRolePolicy", "iam.TagRole"),
    *("iam.AddClientIDToOpenIDConnectProvider", "iam.RemoveClientIDFromOpenIDConnectProvider"),
    *("iam.UpdateOpenIDConnectProviderThumbprint", "iam.TagOpenIDConnectProvider", "kms.CreateAlias"),
    *("kms.DeleteAlias", "kms.DisableKeyRotation", "kms.UpdateKeyDescription", "kms.PutKeyPolicy"),
    *("kms.TagResource", "kms.DisableKey", "sqs.SetQueueAttributes", "sqs.TagQueue"),
    *("events.PutRule", "events.PutTargets", "events.RemoveTargets", "events.TagResource"),
}
MOVED = {"ec2.ReplaceRouteTableAssociation", "ec2.AssociateRouteTable", "ec2.DisassociateRouteTable"}
"""How a subnet goes from one table to another, whichever of them comes first."""


def test_all_is_made_and_removed_through_kills_at_each_call(account: Account) -> None:
    account.declare(ALL)
    made = march(account.engine, account.aws, "up")
    assert made.names == MADE
    assert (made.repeated, made.once) == ([], set())
    assert differing(account, expected(account)) == {}
    assert {kind: len(ids) for kind, ids in account.inventory().items()} == THERE
    assert account.drifted() == {}

    removed = march(account.engine, account.aws, "destroy")
    assert removed.names == REMOVED
    assert (removed.repeated, removed.once) == ([], set())
    assert account.inventory() == {}


def test_all_is_changed_through_kills_at_each_call(account: Account) -> None:
    account.declare(ALL)
    account.up()
    account.declare(ALL, **updates(account))
    changed = march(account.engine, account.aws, "up")
    assert changed.names - MOVED == CHANGED
    assert changed.once <= MOVED
    assert differing(account, updated(account)) == {}
    assert {kind: len(ids) for kind, ids in account.inventory().items()} == THERE
    assert account.drifted() == {}
