"""The whole life of every type, through the real engine: made as declared, changed, replaced, imported, removed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import pytest

from tests.aws.account import Account
from tests.aws.declared import ALL, LIST, REGION
from tests.aws.facts import differing
from tests.aws.test_page import allowed

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

OURS, OPS = {"team": "ml"}, {"team": "ops", "cost": "7"}
EKS = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
OPEN_TO_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "123456789012"},
            "Action": ["kms:Put*", "kms:Get*", "kms:Describe*"],
            "Resource": "*",
        }
    ],
}
OTHER_QUEUE = f"arn:aws:sqs:{REGION}:123456789012:other"
OPEN_QUEUE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:ReceiveMessage", "Resource": "*"}
    ],
}
S3_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def expected(account: Account) -> dict[str, dict[str, Any]]:
    """What AWS has to say about what `declared.ALL` declares."""
    id = account.id
    ecr = {"service": (f"com.amazonaws.{REGION}.ecr.api", "Interface"), "tables": [], "dns": True}
    return {
        "vpc": {"cidr": "10.0.0.0/16", "dns": (True, True), "tags": OURS},
        "public": {"cidr": "10.0.0.0/24", "zone": f"{REGION}a", "vpc": id("vpc"), "public": True, "tags": OURS},
        "private": {"cidr": "10.0.1.0/24", "zone": f"{REGION}a", "vpc": id("vpc"), "public": False, "tags": OURS},
        "gateway": {"vpc": [id("vpc")], "tags": OURS},
        "nat": {"subnet": id("public"), "state": "available", "tags": (OURS, OURS)},
        "out": {"routes": {"0.0.0.0/0": id("gateway")}, "subnets": [id("public")], "tags": OURS},
        "behind": {"routes": {"0.0.0.0/0": id("nat")}, "subnets": [id("private")], "tags": OURS},
        "s3": {
            "service": (f"com.amazonaws.{REGION}.s3", "Gateway"),
            "tables": [id("behind")],
            "subnets": [],
            "groups": [],
            "dns": True,  # moto says so of gateways too
            "actions": ["*"],
            "tags": OURS,
        },
        "ecr": {**ecr, "subnets": [id("private")], "groups": [id("group")], "actions": ["*"], "tags": OURS},
        "group": {
            "name": "nodes",
            "description": "GPU nodes",
            "in": ["-1 None-None self among themselves", "tcp 443-443 10.0.0.0/16 the network"],
            "out": ["tcp 1025-65535 0.0.0.0/0", "udp 53-53 10.0.0.2/32"],
            "tags": OURS,
        },
        "role": {
            "name": "node",
            "path": "/",
            "trust": {"Service": "ec2.amazonaws.com"},
            "description": "GPU nodes",
            "session": 7200,
            "boundary": None,
            "attached": ["AmazonEKSWorkerNodePolicy"],
            "inline": {"read": "s3:GetObject"},
            "tags": OURS,
        },
        "issuer": {
            "url": "oidc.example.com/id/1",
            "clients": ["sts.amazonaws.com"],
            "thumbprints": ["a" * 40],
            "tags": OURS,
        },
        "key": {
            "description": "secrets",
            "state": "Enabled",
            "rotation": True,
            "alias": ["alias/secrets"],
            "allowed": "kms:*",
            "tags": OURS,
        },
        "template": template(),
        "queue": {
            "name": "notices",
            "seconds": ("300", "30"),
            "encrypted": "true",
            "allowed": "sqs:SendMessage",
            "tags": OURS,
        },
        "events": {
            "name": "spot",
            "description": "machines that go",
            "state": "ENABLED",
            "kinds": ["EC2 Spot Instance Interruption Warning"],
            "targets": {"queue": f"arn:aws:sqs:{REGION}:123456789012:{id('queue').rpartition('/')[2]}"},
            "tags": OURS,
        },
    }


def template(**other: Any) -> dict[str, Any]:
    """What AWS has to say about the launch template."""
    name = [{"Key": "Name", "Value": "gpu"}]
    disk = {"VolumeSize": 100, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    found = {
        "name": "gpu",
        "versions": (1, 1),
        "image": "ami-12345678",
        "type": "g5.xlarge",
        "user data": "#!/bin/sh\necho hello\n",
        "disks": [("/dev/xvda", {**disk, "Encrypted": True, "DeleteOnTermination": True})],
        "metadata": ("required", 1),
        "monitoring": False,
        "groups": [],
        "tagged": [("instance", name), ("volume", name)],
        "market": None,
        "reservation": None,
        "tags": OURS,
    }
    return found | other


def updates(account: Account) -> dict[str, dict[str, Any]]:
    """A new value for every input that is changed in place."""
    gateway, private, public = account.id("gateway"), account.id("private"), account.id("public")
    tagged = {"tags": OPS}
    return {
        "vpc": {"dns_support": True, "dns_hostnames": False, **tagged},
        "public": {"public_addresses": False, **tagged},
        "private": {"public_addresses": True, **tagged},
        "gateway": tagged,
        "nat": tagged,
        "out": {"routes": {"10.9.0.0/16": gateway}, "subnet_ids": [private, public], **tagged},
        "behind": {"routes": {"0.0.0.0/0": gateway}, "subnet_ids": [], **tagged},
        "s3": {"route_table_ids": [account.id("out")], "policy": S3_POLICY, **tagged},
        "ecr": {"subnet_ids": [private, public], "private_dns": False, **tagged},
        "group": {
            "ingress": [
                {"ports": "443", "peer": "10.0.0.0/16", "description": "renamed"},
                {"protocol": "icmp", "peer": "10.0.0.0/8"},
            ],
            "egress": [],
            **tagged,
        },
        "role": {
            "trust": OPEN_TO_LAMBDA,
            "description": "changed",
            "max_session_seconds": 3600,
            "permissions_boundary": EKS,
            "policy_arns": [EKS],
            "policies": {"list": LIST},
            **tagged,
        },
        "issuer": {"client_ids": ["other"], "thumbprints": ["b" * 40], **tagged},
        "key": {
            "description": "changed",
            "alias": "alias/renamed",
            "rotation": False,
            "policy": KEY_POLICY,
            "enabled": False,
            **tagged,
        },
        "template": {
            "image_id": "ami-87654321",
            "instance_type": "g5.2xlarge",
            "user_data": "#!/bin/sh\n",
            "disks": [{"size_gib": 200, "device": "/dev/sda1"}],
            "metadata_hops": 2,
            "metadata_tokens": "optional",
            "detailed_monitoring": True,
            "instance_tags": {},
            "market": "capacity-block",
            "capacity_reservation_id": "cr-1",
            "security_group_ids": [account.id("group")],
            **tagged,
        },
        "queue": {
            "retention_seconds": 600,
            "visibility_seconds": 60,
            "encrypted": False,
            "policy": OPEN_QUEUE,
            **tagged,
        },
        "events": {
            "description": "changed",
            "pattern": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
            "enabled": False,
            "targets": {"other": OTHER_QUEUE},
            **tagged,
        },
    }


def updated(account: Account) -> dict[str, dict[str, Any]]:
    """What AWS has to say after all of these updates."""
    gateway, private, public = account.id("gateway"), account.id("private"), account.id("public")
    was = expected(account)
    changed = {
        "vpc": {"dns": (True, False)},
        "public": {"public": False},
        "private": {"public": True},
        "nat": {"tags": (OPS, OPS)},
        "out": {"routes": {"10.9.0.0/16": gateway}, "subnets": sorted([private, public])},
        "behind": {"routes": {"0.0.0.0/0": gateway}, "subnets": []},
        "s3": {"tables": [account.id("out")], "actions": ["s3:GetObject"]},
        "ecr": {"subnets": [private, public], "dns": False},
        "group": {"in": ["icmp -1--1 10.0.0.0/8", "tcp 443-443 10.0.0.0/16 renamed"], "out": []},
        "role": {
            "trust": {"Service": "lambda.amazonaws.com"},
            "description": "changed",
            "session": 3600,
            "boundary": EKS,
            "attached": ["AmazonEKS_CNI_Policy"],
            "inline": {"list": ["s3:ListBucket"]},
        },
        "issuer": {"clients": ["other"], "thumbprints": ["b" * 40]},
        "key": {
            "description": "changed",
            "alias": ["alias/renamed"],
            "rotation": False,
            "allowed": ["kms:Put*", "kms:Get*", "kms:Describe*"],
            "state": "Disabled",
        },
        "template": template(
            versions=(2, 2),
            image="ami-87654321",
            type="g5.2xlarge",
            disks=[
                (
                    "/dev/sda1",
                    {"VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True},
                )
            ],
            metadata=("optional", 2),
            monitoring=True,
            tagged=[],
            market="capacity-block",
            reservation={"CapacityReservationId": "cr-1"},
            groups=[account.id("group")],
            tags=OPS,
        )
        | {"user data": "#!/bin/sh\n"},
        "queue": {"seconds": ("600", "60"), "encrypted": "false", "allowed": "sqs:ReceiveMessage"},
        "events": {
            "description": "changed",
            "state": "DISABLED",
            "kinds": ["AWS Health Event"],
            "targets": {"other": OTHER_QUEUE},
        },
    }
    return {name: {**old, "tags": OPS, **changed.get(name, {})} for name, old in was.items()}


REPLACED: dict[str, dict[str, Any]] = {
    "vpc": {"cidr": "10.0.0.0/17"},
    "public": {"cidr": "10.0.2.0/24"},
    "private": {"availability_zone": f"{REGION}b"},
    "nat": {"subnet_id": "subnet-other"},
    "out": {"vpc_id": "vpc-other"},
    "s3": {"service": "dynamodb"},
    "ecr": {"vpc_id": "vpc-other"},
    "group": {"description": "others"},
    "role": {"name": "other"},
    "issuer": {"url": "https://oidc.example.com/id/2"},
    "key": {"multi_region": True},
    "template": {"name": "other"},
    "queue": {"name": "other"},
    "events": {"name": "other"},
}


WAVES = (
    ("nat", "out", "s3", "ecr", "role", "issuer", "key", "template", "events"),
    ("public", "private", "group", "queue"),
    ("vpc",),
)
"""Who can be replaced in one preview without one being replaced because of another."""
DELETED = {
    "gateway",
    "nat",
    "out",
    "behind",
    "s3",
    "ecr",
    "group",
    "role",
    "issuer",
    "key",
    "template",
    "queue",
    "events",
}


class Life:
    """The stages of a stack of everything, each run when it is first asked for: many questions for a few runs."""

    def __init__(self, account: Account) -> None:
        self.account = account

    @cached_property
    def made(self) -> dict[str, Any]:
        """What AWS has otherwise than declared after the first `up`."""
        self.account.declare(ALL)
        self.account.up()
        return differing(self.account, expected(self.account))

    @cached_property
    def replacing(self) -> dict[str, tuple[str, set[str]]]:
        """What previews say about a change of what AWS cannot change."""
        assert self.made == {}
        told = {}
        for wave in WAVES:
            self.account.declare(ALL, **{name: REPLACED[name] for name in wave})
            plan = self.account.preview()
            told |= {name: plan[name] for name in wave}
        self.account.declare(ALL)
        return told

    @cached_property
    def missing(self) -> set[str]:
        """What a preview would make again, after much was deleted by hand."""
        assert self.replacing
        delete_by_hand(self.account)
        return {name for name, (op, _) in self.account.preview().items() if op != "update"}

    @cached_property
    def made_again(self) -> dict[str, Any]:
        """What AWS has otherwise than declared after that was made again."""
        assert self.missing
        self.account.up()
        return differing(self.account, expected(self.account))

    @cached_property
    def imported(self) -> dict[str, set[str]]:
        """Inputs that differ from what they were, after all was taken out of the state and imported."""
        assert self.made_again == {}
        was = self.account.state()
        self.account.engine.run("state", "delete", "--all", "--stack", "test", "--yes", "--force")
        self.account.import_([{"type": it["type"], "name": name, "id": import_id(it)} for name, it in was.items()])
        now = self.account.state()
        assert {name: it["id"] for name, it in now.items()} == {name: it["id"] for name, it in was.items()}
        return {name: _differing(it["inputs"], now[name]["inputs"]) for name, it in was.items()}

    @cached_property
    def planned(self) -> dict[str, tuple[str, set[str]]]:
        """What a preview says about a change of all that is changed in place, made after the import."""
        assert self.imported
        self.account.declare(ALL, **updates(self.account))
        return self.account.preview()

    @cached_property
    def changed(self) -> dict[str, Any]:
        """What AWS has otherwise than declared after that change."""
        assert self.planned
        self.ids = {name: it["id"] for name, it in self.account.state().items()}
        self.account.up()
        return differing(self.account, updated(self.account))

    @cached_property
    def destroyed(self) -> dict[str, list[str]]:
        """What there is after a `destroy`."""
        assert self.changed == {}
        self.account.engine.destroy()
        return self.account.inventory()


@pytest.fixture(scope="module")
def life(shared_account: Account) -> Life:
    """One life for the questions of this module."""
    return Life(shared_account)


def test_everything_is_made_as_declared(life: Life) -> None:
    assert life.made == {}


@pytest.mark.parametrize("name", REPLACED)
def test_what_aws_cannot_change_is_named_as_a_replacement(life: Life, name: str) -> None:
    op, fields = life.replacing[name]
    assert "replace" in op
    assert fields == {camel(field) for field in REPLACED[name]}


def test_what_was_deleted_by_hand_is_shown_as_made_again(life: Life) -> None:
    assert life.missing >= DELETED


def test_what_was_deleted_by_hand_is_made_again(life: Life) -> None:
    assert life.made_again == {}


def test_an_import_reads_what_was_declared(life: Life) -> None:
    only_a_deletion_tells = {"deletionDays"}
    assert {name: fields for name, fields in life.imported.items() if fields} == {"key": only_a_deletion_tells}


def test_what_changes_in_place_is_named_field_by_field(life: Life) -> None:
    changes = updates(life.account)
    fields = {name: {camel(field) for field in inputs} for name, inputs in changes.items()}
    fields["vpc"].remove("dnsSupport")
    fields["key"].add("deletionDays")
    assert life.planned == {name: ("update", fields[name]) for name in fields}


def test_what_changes_in_place_is_changed_and_stays_the_same_object(life: Life) -> None:
    assert life.changed == {}
    assert {name: it["id"] for name, it in life.account.state().items()} == life.ids


def test_nothing_drifts_after_a_change(life: Life) -> None:
    assert life.changed == {}
    assert life.account.drifted() == {}


def test_a_destroy_leaves_nothing(life: Life) -> None:
    assert life.destroyed == {}


def test_the_permissions_on_the_page_cover_a_whole_life(life: Life) -> None:
    assert life.destroyed == {}
    called = {name.partition(".")[2] for name in life.account.aws.calls}
    assert {name for name in called if not any(fnmatchcase(name, it) for it in allowed())} == set()


def import_id(resource: dict[str, Any]) -> str:
    """The id by which an object is imported."""
    return f"{REGION}/{resource['id']}"


def _differing(was: dict[str, Any], now: dict[str, Any]) -> set[str]:
    """The inputs that are not as they were."""
    return {key for key, value in was.items() if now.get(key) != value}


def delete_by_hand(account: Account) -> None:
    """Remove everything but the network and its subnets; the NAT gateway's address stays, as AWS does it."""
    ec2, iam, kms, id = account.ec2, account.client("iam"), account.client("kms"), account.id
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id("s3"), id("ecr")])
    ec2.delete_nat_gateway(NatGatewayId=id("nat"))
    for name in ("out", "behind"):
        (table,) = ec2.describe_route_tables(RouteTableIds=[id(name)])["RouteTables"]
        for association in table["Associations"]:
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        ec2.delete_route_table(RouteTableId=id(name))
    ec2.detach_internet_gateway(InternetGatewayId=id("gateway"), VpcId=id("vpc"))
    ec2.delete_internet_gateway(InternetGatewayId=id("gateway"))
    ec2.delete_security_group(GroupId=id("group"))
    ec2.delete_launch_template(LaunchTemplateId=id("template"))
    iam.detach_role_policy(RoleName=id("role"), PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
    iam.delete_role_policy(RoleName=id("role"), PolicyName="read")
    iam.delete_role(RoleName=id("role"))
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=id("issuer"))
    kms.delete_alias(AliasName="alias/secrets")
    kms.schedule_key_deletion(KeyId=id("key"), PendingWindowInDays=7)
    account.client("sqs").delete_queue(QueueUrl=id("queue"))
    events, rule = account.client("events"), id("events").rpartition("/")[2]
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)


KINDS = ("vpc", "role", "issuer", "key", "template", "group", "queue", "events")


def test_what_is_replaced_leaves_nothing_behind(account: Account) -> None:
    alone = "identity(); template(); messages(); vpc = declare(VPC, 'vpc', cidr='10.0.0.0/16'); security_group(vpc)"
    account.declare(alone)
    account.up()
    first = account.inventory()
    account.declare(alone, **{name: REPLACED[name] for name in KINDS})
    account.up()
    second = account.inventory()
    assert {kind: len(ids) for kind, ids in second.items()} == {kind: len(ids) for kind, ids in first.items()}
    assert second["alias"] == ["alias/secrets"]
    for kind in ("vpc", "group", "role", "oidc", "key", "template", "queue", "rule"):
        assert second[kind] != first[kind], kind
    assert account.drifted() == {}


def test_a_network_deleted_by_hand_is_made_again(account: Account) -> None:
    program = "vpc = declare(VPC, 'vpc', cidr='10.0.0.0/16'); declare(SUBNET, 'public', vpc_id=vpc.vpc_id, "
    program += "availability_zone=REGION + 'a', cidr='10.0.0.0/24')"
    account.declare(program)
    account.up()
    account.ec2.delete_subnet(SubnetId=account.id("public"))
    account.ec2.delete_vpc(VpcId=account.id("vpc"))
    assert set(account.preview()) == {"vpc", "public"}
    account.up()
    assert {kind: len(ids) for kind, ids in account.inventory().items()} == {"vpc": 1, "subnet": 1}
    assert account.drifted() == {}


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
