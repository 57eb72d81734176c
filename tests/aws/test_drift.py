"""What somebody changes behind the stack's back is found by a drift preview, field by field, and mended by an up.

The engine adds nothing to one field among sixty, so the plugin's types are asked directly; it is asked once for a
change of each object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from seldon_infra.provider.aws import RESOURCES
from tests.aws.account import Account
from tests.aws.declared import ALL
from tests.aws.direct import Direct
from tests.aws.facts import differing
from tests.aws.test_life import OPEN_QUEUE, OPEN_TO_LAMBDA, OTHER_QUEUE, S3_POLICY, expected

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(1800)]

Mutation = Callable[[Account], Any]
CNI = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
TCP = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
INSIDE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
OUTSIDE = {"IpProtocol": "tcp", "FromPort": 1025, "ToPort": 65535, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _attribute(name: str) -> Mutation:
    return lambda it: it.ec2.modify_vpc_attribute(VpcId=it.id("vpc"), **{name: {"Value": False}})


def _tag(name: str) -> Mutation:
    return lambda it: it.ec2.create_tags(Resources=[it.id(name)], Tags=[{"Key": "team", "Value": "others"}])


def _more_tags(name: str) -> Mutation:
    return lambda it: it.ec2.create_tags(Resources=[it.id(name)], Tags=[{"Key": "new", "Value": "x"}])


def _fewer_tags(name: str) -> Mutation:
    return lambda it: it.ec2.delete_tags(Resources=[it.id(name)], Tags=[{"Key": "team"}])


def _public(name: str, value: bool) -> Mutation:
    return lambda it: it.ec2.modify_subnet_attribute(SubnetId=it.id(name), MapPublicIpOnLaunch={"Value": value})


def _detach(it: Account) -> None:
    it.ec2.detach_internet_gateway(InternetGatewayId=it.id("gateway"), VpcId=it.id("vpc"))


def _route(it: Account) -> None:
    it.ec2.create_route(RouteTableId=it.id("out"), DestinationCidrBlock="10.9.0.0/16", GatewayId=it.id("gateway"))


def _no_route(it: Account) -> None:
    it.ec2.delete_route(RouteTableId=it.id("behind"), DestinationCidrBlock="0.0.0.0/0")


def _elsewhere(it: Account) -> None:
    """The public subnet's table is taken off it."""
    (table,) = it.ec2.describe_route_tables(RouteTableIds=[it.id("out")])["RouteTables"]
    it.ec2.disassociate_route_table(AssociationId=table["Associations"][0]["RouteTableAssociationId"])


def _endpoint(name: str, **changes: Any) -> Mutation:
    return lambda it: it.ec2.modify_vpc_endpoint(VpcEndpointId=it.id(name), **changes)


def _no_table(it: Account) -> None:
    it.ec2.modify_vpc_endpoint(VpcEndpointId=it.id("s3"), RemoveRouteTableIds=[it.id("behind")])


def _another_subnet(it: Account) -> None:
    it.ec2.modify_vpc_endpoint(VpcEndpointId=it.id("ecr"), AddSubnetIds=[it.id("public")])


def _no_group(it: Account) -> None:
    it.ec2.modify_vpc_endpoint(VpcEndpointId=it.id("ecr"), RemoveSecurityGroupIds=[it.id("group")])


def _renamed_rule(it: Account) -> None:
    renamed = {**INSIDE, "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "renamed"}]}
    it.ec2.update_security_group_rule_descriptions_ingress(GroupId=it.id("group"), IpPermissions=[renamed])


def _group(operation: str, rule: dict[str, Any]) -> Mutation:
    return lambda it: getattr(it.ec2, operation)(GroupId=it.id("group"), IpPermissions=[rule])


def _role(operation: str, **changes: Any) -> Mutation:
    return lambda it: getattr(it.client("iam"), operation)(RoleName=it.id("role"), **changes)


def _described(it: Account) -> None:
    it.client("iam").update_role(RoleName=it.id("role"), Description="by hand", MaxSessionDuration=7200)


def _longer(it: Account) -> None:
    it.client("iam").update_role(RoleName=it.id("role"), Description="GPU nodes", MaxSessionDuration=36000)


def _issuer(operation: str, **changes: Any) -> Mutation:
    return lambda it: getattr(it.client("iam"), operation)(OpenIDConnectProviderArn=it.id("issuer"), **changes)


def _key(operation: str, **changes: Any) -> Mutation:
    return lambda it: getattr(it.client("kms"), operation)(KeyId=it.id("key"), **changes)


def _renamed_key(it: Account) -> None:
    kms = it.client("kms")
    kms.delete_alias(AliasName="alias/secrets")
    kms.create_alias(AliasName="alias/by-hand", TargetKeyId=it.id("key"))


def _queue(**attributes: str) -> Mutation:
    return lambda it: it.client("sqs").set_queue_attributes(QueueUrl=it.id("queue"), Attributes=attributes)


def _queue_tag(it: Account) -> None:
    it.client("sqs").tag_queue(QueueUrl=it.id("queue"), Tags={"team": "others"})


def _rule(it: Account) -> str:
    return it.id("events").rpartition("/")[2]


def _put_rule(**changes: str) -> Mutation:
    def mutate(it: Account) -> None:
        events = it.client("events")
        was = events.describe_rule(Name=_rule(it))
        kept = {key: was[key] for key in ("Name", "Description", "EventPattern", "State")}
        events.put_rule(**{**kept, **changes})

    return mutate


def _rule_tag(it: Account) -> None:
    it.client("events").tag_resource(ResourceARN=it.id("events"), Tags=[{"Key": "team", "Value": "others"}])


def _one_target_more(it: Account) -> None:
    it.client("events").put_targets(Rule=_rule(it), Targets=[{"Id": "other", "Arn": OTHER_QUEUE}])


def _no_target(it: Account) -> None:
    it.client("events").remove_targets(Rule=_rule(it), Ids=["queue"])


def _template(**changes: Any) -> Mutation:
    """A new default version that differs from the first one."""

    def mutate(it: Account) -> None:
        id = it.id("template")
        made = it.ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=["1"])
        data = {**made["LaunchTemplateVersions"][0]["LaunchTemplateData"], **changes}
        data["TagSpecifications"] = [it for it in data["TagSpecifications"] if it["ResourceType"] != "launch-template"]
        version = it.ec2.create_launch_template_version(
            LaunchTemplateId=id, LaunchTemplateData={key: value for key, value in data.items() if value is not None}
        )["LaunchTemplateVersion"]["VersionNumber"]
        it.ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion=str(version))

    return mutate


METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
RESERVED = {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}}
WIDE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CLOSED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
}

MUTATIONS: list[tuple[str, str, Mutation]] = [
    ("vpc", "dnsHostnames", _attribute("EnableDnsHostnames")),
    ("public", "publicAddresses", _public("public", False)),
    ("private", "publicAddresses", _public("private", True)),
    ("nat", "tags", _tag("nat")),
    ("out", "routes", _route),
    ("behind", "routes", _no_route),
    ("s3", "routeTableIds", _no_table),
    ("ecr", "subnetIds", _another_subnet),
    ("group", "ingress", _group("authorize_security_group_ingress", TCP)),
    ("role", "trust", _role("update_assume_role_policy", PolicyDocument=json.dumps(OPEN_TO_LAMBDA))),
    ("issuer", "clientIds", _issuer("add_client_id_to_open_id_connect_provider", ClientID="other")),
    ("key", "rotation", _key("disable_key_rotation")),
    ("template", "imageId", _template(ImageId="ami-87654321")),
    ("vpc", "dnsSupport", _attribute("EnableDnsSupport")),
    ("public", "tags", _more_tags("public")),
    ("gateway", "tags", _fewer_tags("gateway")),
    ("out", "subnetIds", _elsewhere),
    ("s3", "policy", _endpoint("s3", PolicyDocument=json.dumps(S3_POLICY))),
    ("ecr", "securityGroupIds", _no_group),
    ("group", "egress", _group("revoke_security_group_egress", OUTSIDE)),
    ("role", "policyArns", _role("attach_role_policy", PolicyArn=CNI)),
    ("issuer", "thumbprints", _issuer("update_open_id_connect_provider_thumbprint", ThumbprintList=["c" * 40])),
    ("key", "alias", _renamed_key),
    ("template", "instanceType", _template(InstanceType="t3.micro")),
    ("vpc", "tags", _tag("vpc")),
    ("private", "tags", _fewer_tags("private")),
    ("ecr", "privateDns", _endpoint("ecr", PrivateDnsEnabled=False)),
    ("group", "ingress", _renamed_rule),
    ("role", "policies", _role("put_role_policy", PolicyName="read", PolicyDocument=json.dumps(WIDE))),
    ("key", "description", _key("update_key_description", Description="by hand")),
    ("template", "metadataTokens", _template(MetadataOptions={**METADATA, "HttpTokens": "optional"})),
    ("issuer", "tags", _issuer("tag_open_id_connect_provider", Tags=[{"Key": "team", "Value": "others"}])),
    ("out", "tags", _more_tags("out")),
    ("s3", "tags", _tag("s3")),
    ("group", "tags", _tag("group")),
    ("role", "description", _described),
    ("key", "enabled", _key("disable_key")),
    ("template", "metadataHops", _template(MetadataOptions={**METADATA, "HttpPutResponseHopLimit": 3})),
    ("ecr", "tags", _fewer_tags("ecr")),
    ("role", "maxSessionSeconds", _longer),
    ("key", "policy", _key("put_key_policy", PolicyName="default", Policy=json.dumps(CLOSED))),
    ("template", "userData", _template(UserData="IyEvYmluL3NoCg==")),
    ("role", "permissionsBoundary", _role("put_role_permissions_boundary", PermissionsBoundary=CNI)),
    ("key", "tags", _key("tag_resource", Tags=[{"TagKey": "team", "TagValue": "others"}])),
    ("template", "detailedMonitoring", _template(Monitoring={"Enabled": True})),
    ("role", "policies", _role("put_role_policy", PolicyName="more", PolicyDocument=json.dumps(WIDE))),
    ("template", "disks", _template(BlockDeviceMappings=None)),
    ("issuer", "clientIds", _issuer("remove_client_id_from_open_id_connect_provider", ClientID="sts.amazonaws.com")),
    ("role", "policyArns", _role("detach_role_policy", PolicyArn=WORKER)),
    ("template", "securityGroupIds", _template(SecurityGroupIds=["sg-1"])),
    ("role", "tags", _role("untag_role", TagKeys=["team"])),
    ("template", "market", _template(InstanceMarketOptions={"MarketType": "capacity-block"})),
    ("template", "capacityReservationId", _template(CapacityReservationSpecification=RESERVED)),
    (
        "template",
        "instanceTags",
        _template(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "by hand"}]}]),
    ),
    ("template", "tags", _tag("template")),
    ("behind", "tags", _tag("behind")),
    ("queue", "policy", _queue(Policy=json.dumps(OPEN_QUEUE))),
    ("queue", "retentionSeconds", _queue(MessageRetentionPeriod="900")),
    ("queue", "visibilitySeconds", _queue(VisibilityTimeout="0")),
    ("queue", "encrypted", _queue(SqsManagedSseEnabled="false")),
    ("queue", "policy", _queue(Policy="")),
    ("queue", "tags", _queue_tag),
    ("events", "targets", _no_target),
    ("events", "targets", _one_target_more),
    ("events", "pattern", _put_rule(EventPattern='{"source": ["aws.s3"]}')),
    ("events", "enabled", _put_rule(State="DISABLED")),
    ("events", "description", _put_rule(Description="by hand")),
    ("events", "tags", _rule_tag),
]
FIRST = {name: (field, mutate) for name, field, mutate in reversed(MUTATIONS)}
"""One change of each object."""


@pytest.fixture(scope="module")
def made(shared_account: Account) -> Account:
    """An account with everything in it."""
    shared_account.declare(ALL)
    shared_account.up()
    return shared_account


@pytest.fixture(scope="module")
def direct(made: Account) -> Iterator[Direct]:
    """The plugin's types over that account."""
    with Direct.over(made) as direct:
        yield direct


ELSEWHERE = {("InternetGateway", "vpcId"), ("KmsKey", "deletionDays")}
"""A gateway that is detached has a test of its own; how long a key waits AWS learns when it is removed."""


def test_every_field_that_can_change_behind_the_stack_has_its_case(direct: Direct) -> None:
    kinds = {name: it["type"].rpartition(":")[2] for name, it in direct.state.items()}
    covered = {(kinds[name], field) for name, field, _ in MUTATIONS}
    mutable = {
        (kind, to_camel(field))
        for kind, resource in ((it.type.token.rpartition(":")[2], it) for it in RESOURCES)
        for field in set(resource.type.inputs.model_fields) - resource.replace_on - {"region"}
        if kind in kinds.values()
    }
    assert mutable - covered - ELSEWHERE == set()


@pytest.mark.parametrize(
    ("name", "field", "mutate"), MUTATIONS, ids=[f"{number} {it[0]} {it[1]}" for number, it in enumerate(MUTATIONS)]
)
def test_one_field_that_is_changed_behind_its_back_is_found_and_mended(
    made: Account, direct: Direct, name: str, field: str, mutate: Mutation
) -> None:
    mutate(made)
    assert direct.drifted() == {name: {field}}
    direct.mend(name)
    assert direct.drifted_of(name) == set()


def test_a_hundred_looks_at_what_nobody_changed_raise_no_alarm_in_whatever_order_aws_answers(direct: Direct) -> None:
    for _ in range(100):
        assert direct.drifted() == {}


def test_a_drift_preview_finds_and_an_up_mends_a_change_of_each_object(made: Account) -> None:
    for _, mutate in FIRST.values():
        mutate(made)
    assert made.drifted() == {name: {field} for name, (field, _) in FIRST.items()}
    made.up()
    assert {what for what in differing(made, expected(made)) if what != "template.versions"} == set()
    assert made.drifted() == {}


def test_a_gateway_that_was_detached_is_attached_again(account: Account) -> None:
    program = "vpc = declare(VPC, 'vpc', cidr='10.0.0.0/16'); declare(INTERNET_GATEWAY, 'gateway', vpc_id=vpc.vpc_id)"
    account.declare(program)
    account.up()
    _detach(account)
    assert account.drifted() == {"gateway": {"vpcId"}}
    account.up()
    assert account.drifted() == {}
