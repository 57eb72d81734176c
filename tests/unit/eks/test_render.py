"""What a cluster is made of: exactly what the golden files show."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest

from seldon_infra import EksCluster
from seldon_infra.eks import render
from seldon_infra.eks.check import check
from seldon_infra.eks.images import ami_type
from seldon_infra.eks.kinds import KINDS
from seldon_infra.eks.parts import Built, Part, Ref
from seldon_infra.eks.render.network import subnets_of
from seldon_infra.eks.render.policies import managed
from seldon_infra.resources.model import UNKNOWN
from tests.unit.eks.cases import CASES, GOLDEN, GPU, SYSTEM, cluster, golden, group

LONG = cluster(
    name="c" * 100,
    node_groups=(SYSTEM.model_copy(update={"name": "g" * 52}), GPU.model_copy(update={"name": "h" * 52})),
)
SPECS = [*(spec for _, spec in CASES.values()), LONG]


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_a_cluster_is_made_of(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), f"run: python -m tests.unit.eks.cases, then read the difference of {name}"


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_rendered_is_right_and_its_types_take_it(spec: EksCluster) -> None:
    assert check(spec) == []
    for part in render.cluster(spec).all:
        KINDS[part.kind].inputs.model_validate({name: unknown(value) for name, value in part.inputs.items()})


@pytest.mark.parametrize("spec", SPECS)
def test_a_part_comes_after_what_it_needs_and_takes_what_that_gives(spec: EksCluster) -> None:
    seen: list[Part] = []
    for part in render.cluster(spec).all:
        for ref in refs(part.inputs):
            assert ref.part in seen
            assert ref.output in KINDS[ref.part.kind].outputs.model_fields
        assert set(part.after) <= set(seen)
        seen.append(part)
    named = [(part.kind, part.name) for part in seen]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("zones", range(2, 8))
@pytest.mark.parametrize("prefix", range(16, 23))
def test_subnets_lie_in_the_network_side_by_side(zones: int, prefix: int) -> None:
    private, public = subnets_of(f"10.0.0.0/{prefix}", zones)
    networks = [ipaddress.IPv4Network(each) for each in (*private, *public)]
    assert len(networks) == 2 * zones
    assert all(each.subnet_of(ipaddress.IPv4Network(f"10.0.0.0/{prefix}")) for each in networks)
    assert all(each.prefixlen <= 28 for each in networks)
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]


def test_a_third_zone_moves_none_of_the_others() -> None:
    two, three = subnets_of("10.0.0.0/16", 2), subnets_of("10.0.0.0/16", 3)
    assert [subnets[:2] for subnets in three] == list(two)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (group(), "AL2023_x86_64_STANDARD"),
        (group(instance_types=("m7g.large",)), "AL2023_ARM_64_STANDARD"),
        (group(instance_types=("inf2.xlarge",)), "AL2023_x86_64_NEURON"),
        (cluster(node_groups=(SYSTEM, GPU)), "AL2023_x86_64_NVIDIA"),
        (
            cluster(node_groups=(SYSTEM, GPU.model_copy(update={"instance_types": ("g5g.xlarge",)}))),
            "AL2023_ARM_64_NVIDIA",
        ),
        (
            cluster(node_groups=(SYSTEM, GPU.model_copy(update={"instance_types": ("p5.48xlarge",)}))),
            "AL2023_x86_64_NVIDIA",
        ),
    ],
)
def test_the_image_follows_from_the_machines(spec: EksCluster, kind: str) -> None:
    assert ami_type(spec.node_groups[1]) == kind


def test_a_policy_of_aws_is_of_the_regions_partition() -> None:
    assert managed("cn-north-1", "A") == "arn:aws-cn:iam::aws:policy/A"
    assert managed("us-gov-west-1", "A") == "arn:aws-us-gov:iam::aws:policy/A"
    assert managed("eu-west-1", "A") == "arn:aws:iam::aws:policy/A"


def refs(value: object) -> Iterator[Ref]:
    match value:
        case Ref():
            yield value
        case Built():
            yield from value.of
        case Mapping():
            for each in value.values():
                yield from refs(each)
        case list() | tuple():
            for each in value:
                yield from refs(each)


def unknown(value: object) -> Any:
    match value:
        case Ref() | Built():
            return UNKNOWN
        case Mapping():
            return {key: unknown(each) for key, each in value.items()}
        case list() | tuple():
            return [unknown(each) for each in value]
    return value
