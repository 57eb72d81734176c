"""What tests' programs declare: every type of AWS with inputs that differ from their defaults."""

from __future__ import annotations

from typing import Any

from seldon_infra.resources.aws_event_rule import EVENT_RULE
from seldon_infra.resources.aws_iam_role import IAM_ROLE
from seldon_infra.resources.aws_internet_gateway import INTERNET_GATEWAY
from seldon_infra.resources.aws_kms_key import KMS_KEY
from seldon_infra.resources.aws_launch_template import LAUNCH_TEMPLATE
from seldon_infra.resources.aws_nat_gateway import NAT_GATEWAY
from seldon_infra.resources.aws_oidc_provider import OIDC_PROVIDER
from seldon_infra.resources.aws_route_table import ROUTE_TABLE
from seldon_infra.resources.aws_security_group import SECURITY_GROUP
from seldon_infra.resources.aws_sqs_queue import SQS_QUEUE
from seldon_infra.resources.aws_subnet import SUBNET
from seldon_infra.resources.aws_vpc import VPC
from seldon_infra.resources.aws_vpc_endpoint import VPC_ENDPOINT

REGION = "eu-west-1"
WHO = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [WHO]}
READ = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
LIST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["*"]}]}
OURS = {"team": "ml"}
_changes: dict[str, Any] = {}


def set_changes(changes: dict[str, Any]) -> None:
    _changes.clear()
    _changes.update(changes)


def declare(kind: Any, name: str, /, **inputs: Any) -> Any:
    """Register a resource with what a test changes about it."""
    inputs = {"region": REGION, "tags": OURS, **inputs, **_changes.get(name, {})}
    return kind.register(name, None, **inputs)


def network() -> Any:
    """A network with all that can be in one."""
    vpc = declare(VPC, "vpc", cidr="10.0.0.0/16")
    zone = {"vpc_id": vpc.vpc_id, "availability_zone": f"{REGION}a"}
    public = declare(SUBNET, "public", cidr="10.0.0.0/24", public_addresses=True, **zone)
    private = declare(SUBNET, "private", cidr="10.0.1.0/24", **zone)
    gateway = declare(INTERNET_GATEWAY, "gateway", vpc_id=vpc.vpc_id)
    nat = declare(NAT_GATEWAY, "nat", subnet_id=public.subnet_id)
    declare(
        ROUTE_TABLE,
        "out",
        vpc_id=vpc.vpc_id,
        routes={"0.0.0.0/0": gateway.internet_gateway_id},
        subnet_ids=[public.subnet_id],
    )
    table = declare(
        ROUTE_TABLE,
        "behind",
        vpc_id=vpc.vpc_id,
        routes={"0.0.0.0/0": nat.nat_gateway_id},
        subnet_ids=[private.subnet_id],
    )
    declare(VPC_ENDPOINT, "s3", vpc_id=vpc.vpc_id, service="s3", route_table_ids=[table.route_table_id])
    group = security_group(vpc)
    declare(
        VPC_ENDPOINT,
        "ecr",
        vpc_id=vpc.vpc_id,
        service="ecr.api",
        kind="Interface",
        subnet_ids=[private.subnet_id],
        security_group_ids=[group.security_group_id],
        private_dns=True,
    )
    return vpc


def security_group(vpc: Any) -> Any:
    return declare(
        SECURITY_GROUP,
        "group",
        vpc_id=vpc.vpc_id,
        name="nodes",
        description="GPU nodes",
        ingress=[
            {"protocol": "all", "peer": "self", "description": "among themselves"},
            {"ports": "443", "peer": "10.0.0.0/16", "description": "the network"},
        ],
        egress=[
            {"ports": "1025-65535", "peer": "0.0.0.0/0"},
            {"protocol": "udp", "ports": "53", "peer": "10.0.0.2/32"},
        ],
    )


def identity() -> Any:
    """Roles, keys and who is believed."""
    role = declare(
        IAM_ROLE,
        "role",
        name="node",
        trust=TRUST,
        description="GPU nodes",
        max_session_seconds=7200,
        policy_arns=["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
        policies={"read": READ},
    )
    declare(OIDC_PROVIDER, "issuer", url="https://oidc.example.com/id/1", thumbprints=["a" * 40])
    declare(KMS_KEY, "key", description="secrets", alias="alias/secrets", deletion_days=7)
    return role


def template() -> Any:
    """What nodes are started from."""
    return declare(
        LAUNCH_TEMPLATE,
        "template",
        name="gpu",
        image_id="ami-12345678",
        instance_type="g5.xlarge",
        user_data="#!/bin/sh\necho hello\n",
        disks=[{"size_gib": 100, "iops": 4000, "throughput": 250}],
        instance_tags={"Name": "gpu"},
    )


SEND = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
TO_ANY = {"Version": "2012-10-17", "Statement": [{**SEND, "Resource": f"arn:aws:sqs:{REGION}:*:notices-*"}]}


def messages() -> Any:
    """A queue, and events that are sent to it."""
    queue = declare(SQS_QUEUE, "queue", name="notices", retention_seconds=300, policy=TO_ANY)
    return declare(
        EVENT_RULE,
        "events",
        name="spot",
        description="machines that go",
        pattern={"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
        targets={"queue": queue.arn},
    )


ALL = "network(); identity(); template(); messages()"
