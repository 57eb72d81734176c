"""What tests share that need an AWS account: moto once a session, the loopback and an empty account for each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config

from tests.aws.loopback.neighbours import beside
from tests.aws.loopback.server import REGION, Loopback

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(scope="session")
def moto_address(moto: str) -> str:
    """The address of the moto server: host and port."""
    return moto.removeprefix("http://")


@contextmanager
def empty_account(moto_address: str) -> Iterator[Loopback]:
    """An AWS account with nothing in it."""
    urlopen(Request(f"http://{moto_address}/moto-api/reset", method="POST"), timeout=240).close()
    with Loopback(moto_address) as aws:
        yield aws


@pytest.fixture
def loopback(moto_address: str) -> Iterator[Loopback]:
    """An AWS account with nothing in it."""
    with empty_account(moto_address) as aws:
        yield aws


def client(aws: Loopback, service: str, tries: int = 1) -> Any:
    """A boto3 client of the account, that tries a call as often as this."""
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": tries, "mode": "standard"}),
    )


def until_active(eks: Any, name: str = "c") -> None:
    """Poll a cluster until it is active."""
    while eks.describe_cluster(name=name)["cluster"]["status"] != "ACTIVE":
        pass


@dataclass(frozen=True)
class Surroundings:
    """What a cluster needs around it."""

    vpc: str
    subnets: list[str]
    groups: list[str]
    cluster_role: str
    node_role: str
    pod_role: str
    other_role: str
    keys: list[str]


@pytest.fixture
def around(loopback: Loopback) -> Surroundings:
    """A network of three subnets, two security groups, roles and keys."""
    return surroundings(loopback)


def surroundings(aws: Loopback) -> Surroundings:
    """Make what a cluster needs around it."""
    ec2, iam, kms = (beside(it, aws.behind, REGION) for it in ("ec2", "iam", "kms"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for number, zone in enumerate("abc")
    ]
    groups = [ec2.create_security_group(GroupName=it, Description=it, VpcId=vpc)["GroupId"] for it in ("one", "two")]
    made = [iam.create_role(RoleName=it, AssumeRolePolicyDocument=TRUST) for it in ("cluster", "node", "pod", "other")]
    roles = [it["Role"]["Arn"] for it in made]
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    return Surroundings(vpc, [it["Subnet"]["SubnetId"] for it in subnets], groups, *roles, keys)
