"""The table of instance types says what EC2 says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from seldon_infra.eks import aws_session
from seldon_infra.eks.ask_types import ask
from seldon_infra.eks.images import architecture
from seldon_infra.eks.instance_types import InstanceType, table
from seldon_infra.eks.instance_types import described as read

NOT_RECORDED = {"p3.2xlarge", "p3.8xlarge", "p3.16xlarge"}
"""Types that moto does not know; those that are new to a later moto may leave this set."""


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(aws_session, "READ_SECONDS", 240)
    aws_session.forget()
    yield
    aws_session.forget()


@pytest.fixture(scope="module")
def described(moto: str) -> dict[str, Any]:
    """All types that moto knows."""
    ec2 = boto3.client("ec2", "eu-west-1", endpoint_url=moto, aws_access_key_id="test", aws_secret_access_key="test")
    pages = ec2.get_paginator("describe_instance_types").paginate()
    return {each["InstanceType"]: each for page in pages for each in page["InstanceTypes"]}


def test_every_type_but_a_few_is_one_of_ec2(described: dict[str, Any]) -> None:
    assert set(table()) - set(described) == NOT_RECORDED


def test_each_row_is_what_ec2_says(described: dict[str, Any]) -> None:
    known = {name: found for name, found in table().items() if name in described}
    assert {name: said(found) for name, found in known.items()} == {name: says(described[name]) for name in known}


def test_a_gpu_has_no_more_memory_than_ec2_says_and_nearly_all_of_it(described: dict[str, Any]) -> None:
    for name, found in table().items():
        if name in described and found.gpu:
            there = described[name]["GpuInfo"]["Gpus"][0]["MemoryInfo"]["SizeInMiB"]
            assert 0.9 * there < found.gpu.memory_mib <= there, name


def test_every_family_of_whole_nvidia_gpus_is_in_the_table(described: dict[str, Any]) -> None:
    gpus = {name: each.get("GpuInfo", {}).get("Gpus", []) for name, each in described.items()}
    whole = {
        name for name, found in gpus.items() if any(it["Manufacturer"] == "NVIDIA" and it["Count"] for it in found)
    }
    assert whole <= set(table())


def test_what_ec2_says_is_read_as_the_table_has_it(described: dict[str, Any]) -> None:
    assert [name for name, found in table().items() if name in described and found != read(described[name])] == []


def test_ec2_is_asked_about_types_that_the_table_does_not_have(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENDPOINT_URL": moto, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    found = ask("eu-west-1", ("i7i.large", "g99.xlarge"))
    assert {name: (it.vcpus, it.gpus) for name, it in found.items()} == {"i7i.large": (2, 0)}


def test_without_an_answer_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    assert ask("eu-west-1", ("i7i.large",)) == {}


def said(found: InstanceType) -> tuple[Any, ...]:
    images = {"x86_64": "x86_64", "ARM_64": "arm64"}[architecture(found.name)]
    assert images == found.architecture, f"images.py takes {found.name} for {images}"
    gpu = found.gpu.name if found.gpu else None
    return found.vcpus, found.memory_mib, found.architecture, found.efa, found.gpus, gpu, found.pods


def says(each: dict[str, Any]) -> tuple[Any, ...]:
    network = each["NetworkInfo"]
    cards, gpu = network["NetworkCards"], next(iter(each.get("GpuInfo", {}).get("Gpus", [])), {})
    return (
        each["VCpuInfo"]["DefaultVCpus"],
        each["MemoryInfo"]["SizeInMiB"],
        *each["ProcessorInfo"]["SupportedArchitectures"],
        network["EfaSupported"],
        gpu.get("Count", 0),
        gpu.get("Name"),
        cards[network["DefaultNetworkCardIndex"]]["MaximumNetworkInterfaces"]
        * (network["Ipv4AddressesPerInterface"] - 1)
        + 2,
    )
