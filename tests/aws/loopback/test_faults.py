"""Each fault does what it says, to what is served here and to what moto serves behind it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import client

pytestmark = pytest.mark.aws

MAKE_A_VPC = """
import boto3
boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
"""


def vpcs(aws: Loopback) -> int:
    """How many networks there are beside the default one."""
    return len([it for it in client(aws, "ec2").describe_vpcs()["Vpcs"] if not it["IsDefault"]])


@pytest.mark.parametrize(
    ("service", "call", "codes"),
    [
        ("eks", "list_clusters", ("ThrottlingException", "ExpiredTokenException", "AccessDeniedException")),
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", "RequestExpired", "UnauthorizedOperation")),
        ("iam", "list_roles", ("Throttling", "ExpiredToken", "AccessDenied")),
        ("ssm", "describe_parameters", ("ThrottlingException", "ExpiredTokenException", "AccessDeniedException")),
    ],
)
def test_each_service_refuses_in_its_own_words(
    loopback: Loopback, service: str, call: str, codes: tuple[str, ...]
) -> None:
    seen = []
    for fault in (lambda: loopback.faults.throttle(1), loopback.faults.expire_credentials,
                  lambda: loopback.faults.deny(f"{service}.*")):  # fmt: skip
        fault()
        with pytest.raises(ClientError) as failure:
            getattr(client(loopback, service), call)()
        seen.append(failure.value.response["Error"]["Code"])
        loopback.faults.clear()
    assert tuple(seen) == codes
    getattr(client(loopback, service), call)()


def test_throttling_meets_its_rate_and_boto3_gets_over_it(loopback: Loopback) -> None:
    loopback.faults.throttle(0.3)
    eks = client(loopback, "eks", tries=20)
    for _ in range(50):
        eks.list_clusters()
    assert 60 <= len(loopback.calls) <= 90


def test_a_refusal_counts_its_calls(loopback: Loopback) -> None:
    loopback.faults.refuse("eks.ListClusters", "ServerException", "out of order", times=2)
    eks = client(loopback, "eks")
    for _ in range(2):
        with pytest.raises(ClientError, match="out of order") as failure:
            eks.list_clusters()
        assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert eks.list_clusters()["clusters"] == []


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_leaves_open_whether_the_call_took_effect(
    loopback: Loopback, moment: str, made: int
) -> None:
    loopback.faults.drop("ec2.CreateVpc", moment)  # type: ignore[arg-type]
    with pytest.raises(ConnectionClosedError):
        client(loopback, "ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert vpcs(loopback) == made


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_whoever_is_held_may_be_killed_and_before_its_effect_there_is_none(
    loopback: Loopback, moment: str, made: int
) -> None:
    with loopback.faults.hold("ec2.CreateVpc", moment) as held:  # type: ignore[arg-type]
        running = subprocess.Popen([sys.executable, "-c", MAKE_A_VPC], env=os.environ | loopback.environment)
        assert held.wait() == running.pid
        running.kill()
        running.wait()
    assert vpcs(loopback) == made


def test_the_nth_call_is_held_and_goes_on_when_released(loopback: Loopback) -> None:
    eks = client(loopback, "eks")
    with loopback.faults.hold("eks.List*", "after", nth=2) as held:
        eks.list_clusters()
        assert not held.reached.is_set()
        second = threading.Thread(target=eks.list_clusters)
        second.start()
        assert held.wait() == os.getpid()
    second.join()


def test_quotas_and_image_parameters_are_there_and_other_parameters_are_motos(loopback: Loopback) -> None:
    loopback.quotas().values["ec2", "L-DB2E81BA"] = 8
    quotas, ssm = client(loopback, "service-quotas"), client(loopback, "ssm")
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-DB2E81BA")["Quota"]["Value"] == 8
    assert quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-DB2E81BA")["Quota"]["Value"] == 64
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-0")
    image = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/nvidia/recommended/image_id"
    assert ssm.get_parameter(Name=image)["Parameter"]["Value"].startswith("ami-")
    ssm.put_parameter(Name="mine", Value="1", Type="String")
    assert ssm.get_parameter(Name="mine")["Parameter"]["Value"] == "1"
