"""Every rule about AWS: a cluster and facts that break it, what is said, and those next to them that keep it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from seldon_infra.clusters.facts import Skipped
from seldon_infra.eks.aws.check import RULES, check_aws, skipped_in_words
from seldon_infra.eks.aws.facts import AwsFacts, Caller, Denied, Role
from seldon_infra.eks.spec import AccessEntry, EksCluster, ExistingNetwork, NewVpc, PodIdentity, Scaling
from tests.unit.eks.aws.account import (
    ACCOUNT,
    FACTS,
    GPU_IMAGE,
    POD_ROLE,
    SUBNETS,
    TRUST,
    TYPES,
    VPC,
    ZONES,
    A,
    B,
    G,
    P,
    cluster,
    existing,
    facts,
    gpus,
    group,
)

OTHER = Caller("210987654321", "arn:aws:sts::210987654321:assumed-role/ci/run")
PODS = (PodIdentity(namespace="models", service_account="fraud", role_arn=POD_ROLE),)
ANN = "arn:aws:iam::123456789012:user/ann"


class Row(NamedTuple):
    """A cluster that AWS as it is can't hold, what is said, and a cluster or facts that go."""

    severity: str
    cluster: EksCluster
    wrong: AwsFacts
    said: str
    right: AwsFacts | EksCluster


def offered(**zones: Any) -> dict[str, frozenset[str]]:
    """Offers by type, with some changed: ``g5_xlarge``."""
    changed = {kind.replace("_", ".", 1): frozenset(places) for kind, places in zones.items()}
    return {**(FACTS.offered or {}), **changed}


def free(count: int) -> AwsFacts:
    """Subnets with so many free addresses each."""
    return facts(subnets={id: replace(it, free=count) for id, it in SUBNETS.items()})


def trusting(**change: Any) -> AwsFacts:
    """The pods' role with another statement."""
    return facts(roles={POD_ROLE: Role(POD_ROLE, {"Statement": [{**TRUST["Statement"][0], **change}]})})


ROWS = {
    "account": Row(
        "error",
        cluster(account=ACCOUNT),
        facts(caller=OTHER),
        "cluster 'prod': account 123456789012, but the credentials are of 210987654321 ("
        "arn:aws:sts::210987654321:assumed-role/ci/run), must be credentials of account 123456789012; log in there "
        "(such as by AWS_PROFILE), or write account='210987654321' if that is where it belongs",
        FACTS,
    ),
    "no account": Row("error", cluster(account=ACCOUNT), facts(caller=OTHER), "account", cluster()),
    "denied": Row(
        "error",
        cluster(),
        facts(denied=(Denied("ec2:CreateVpc", True), Denied("iam:PassRole", True))),
        f"cluster 'prod': ec2:CreateVpc, iam:PassRole are denied, must be allowed to {ANN}; take them out of the "
        "statement with Effect Deny (a policy, a boundary or an organization's policy)",
        FACTS,
    ),
    "not allowed": Row(
        "warning",
        cluster(),
        facts(denied=(Denied("ec2:CreateVpc", False),)),
        f"cluster 'prod': ec2:CreateVpc are not allowed, must be allowed to {ANN}; add them to a policy of that role "
        "or user; the page about clusters on AWS has a whole one",
        facts(denied=None),
    ),
    "role of pods is gone": Row(
        "error",
        cluster(pod_identities=PODS),
        facts(roles={POD_ROLE: Role(POD_ROLE, None)}),
        f"cluster 'prod': role '{POD_ROLE}' does not exist, must be there, in account 123456789012; make it, or "
        "correct its ARN",
        facts(roles={POD_ROLE: None}),
    ),
    "role of people is gone": Row(
        "warning",
        cluster(access=(AccessEntry(principal=POD_ROLE),)),
        facts(roles={POD_ROLE: Role(POD_ROLE, None)}),
        f"cluster 'prod': role '{POD_ROLE}' does not exist, must be there, in account 123456789012; make it, or "
        "correct its ARN",
        FACTS,
    ),
    "trust of EC2": Row(
        "error",
        cluster(pod_identities=PODS),
        trusting(Principal={"Service": "ec2.amazonaws.com"}),
        "cluster 'prod': role 'models' does not trust pods.eks.amazonaws.com with sts:AssumeRole and sts:TagSession, "
        'must, so that pods get it by pod identity; add to its trust policy: {"Effect": "Allow", "Principal": '
        '{"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}',
        trusting(Principal={"Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"]}),
    ),
    "trust without tags": Row(
        "error",
        cluster(pod_identities=PODS),
        trusting(Action="sts:AssumeRole"),
        "with sts:TagSession, must",
        trusting(Action="sts:*"),
    ),
    "version that is no more": Row(
        "error",
        cluster(version="1.29"),
        FACTS,
        "cluster 'prod': version '1.29', must be one that EKS runs in eu-west-1: 1.31, 1.32, 1.33; write "
        "version='1.33'",
        facts(versions=None),
    ),
    "extended support": Row(
        "error",
        cluster(version="1.31"),
        FACTS,
        "cluster 'prod': version '1.31' has only extended support since 2025-11-26, must have standard support with "
        "upgrade_policy='standard'; write version='1.33', or upgrade_policy='extended'",
        cluster(),
    ),
    "extended support that is wanted": Row(
        "warning",
        cluster(version="1.31", upgrade_policy="extended"),
        FACTS,
        "cluster 'prod': version '1.31' has only extended support since 2025-11-26, costs six times as much as one "
        "with standard support; write version='1.33'",
        cluster(upgrade_policy="extended"),
    ),
    "support ends": Row(
        "warning",
        cluster(version="1.32"),
        FACTS,
        "cluster 'prod': version '1.32' has standard support until 2026-12-20 (25 days), must be newer by then, or EKS "
        "upgrades it by itself; plan the upgrade",
        facts(today=FACTS.today.replace(month=9)),
    ),
    "no images": Row(
        "error",
        cluster(),
        facts(images={**FACTS.images, GPU_IMAGE: False}),
        "cluster 'prod' → GPU nodes 'gpu': ami_type 'AL2023_x86_64_NVIDIA', must be a kind of image that EKS has for "
        "version 1.33 in eu-west-1; write another ami_type, or another version",
        facts(images={**FACTS.images, GPU_IMAGE: None}),
    ),
    "unknown type": Row(
        "error",
        cluster(group(), gpus(instance_types=("g99.xlarge", "g5.xlarge"))),
        FACTS,
        "cluster 'prod' → GPU nodes 'gpu': instance type 'g99.xlarge', must be a type that eu-west-1 has; remove it",
        facts(types=None, offered=None),
    ),
    "no GPU": Row(
        "error",
        cluster(group(), gpus(instance_types=("m5.large",))),
        FACTS,
        "cluster 'prod' → GPU nodes 'gpu': instance type 'm5.large', must have GPUs of NVIDIA's; write NodeGroup, or "
        "another type",
        cluster(),
    ),
    "zone without the type": Row(
        "error",
        cluster(),
        facts(offered=offered(g5_xlarge=ZONES[:1])),
        "cluster 'prod' → GPU nodes 'gpu': none of g5.xlarge is offered in eu-west-1b, must be in every zone of the "
        "group; write zones=('eu-west-1a',)",
        cluster(group(), gpus(zones=ZONES[:1])),
    ),
    "subnets without the type": Row(
        "error",
        existing(),
        facts(offered=offered(g5_xlarge=("eu-west-1c",))),
        "is offered in eu-west-1a, eu-west-1b, must be in every zone of the group; use zones of eu-west-1c in the "
        "network",
        facts(offered=offered(g5_xlarge=("eu-west-1c",)), subnets=None),
    ),
    "region without the type": Row(
        "error",
        cluster(),
        facts(offered=offered(g5_xlarge=())),
        "choose another type or region: eu-west-1 offers it nowhere",
        facts(offered=None),
    ),
    "one of two types": Row(
        "warning",
        cluster(group(), gpus(instance_types=("g5.xlarge", "g5.4xlarge"))),
        facts(offered=offered(g5_4xlarge=ZONES[:1])),
        "cluster 'prod' → GPU nodes 'gpu': instance type 'g5.4xlarge' is not offered in eu-west-1b, must be, to be "
        "used there; leave it to the others, or write zones=('eu-west-1a',)",
        FACTS,
    ),
    "architecture": Row(
        "error",
        cluster(group(instance_types=("m6g.large",), ami_type="AL2023_x86_64_STANDARD")),
        FACTS,
        "cluster 'prod' → node group 'system': ami_type 'AL2023_x86_64_STANDARD', must be for arm64, which "
        "'m6g.large' is; write an ami_type of it, or leave ami_type out",
        cluster(group(instance_types=("m6g.large",))),
    ),
    "driver without a GPU": Row(
        "error",
        cluster(group(ami_type="AL2023_x86_64_NVIDIA")),
        FACTS,
        "must be one without NVIDIA's driver: 'm5.large' has no GPU of theirs",
        cluster(),
    ),
    "not one node": Row(
        "error",
        cluster(group(), gpus(instance_types=("p5.48xlarge",))),
        facts(quotas={**FACTS.quotas, P: 96}),
        "cluster 'prod' → GPU nodes 'gpu': quota 'Running On-Demand P instances' (L-417A185B) is 96 vCPUs, must hold "
        "one node of 192 vCPUs at least; ask for 768 or more under Service Quotas",
        facts(quotas={**FACTS.quotas, P: 768}),
    ),
    "minimum": Row(
        "error",
        cluster(group(), gpus(scaling=Scaling(minimum=3, maximum=4))),
        facts(quotas={**FACTS.quotas, G: 16}, used={G: 8}),
        "cluster 'prod' → GPU nodes 'gpu': 'gpu' at their minimum take 12 vCPUs, and 8 of 16 are in use, must fit "
        "into quota 'Running On-Demand G and VT instances' (L-DB2E81BA); ask for 20 under Service Quotas, or declare "
        "fewer or smaller nodes",
        facts(quotas={**FACTS.quotas, G: 24}, used={G: 8}),
    ),
    "maximum of two groups": Row(
        "warning",
        cluster(group(), gpus(), gpus(name="large", instance_types=("g5.4xlarge",))),
        FACTS,
        "cluster 'prod': 'gpu', 'large' at their maximum take 80 vCPUs, and 0 of 64 are in use",
        facts(quotas={**FACTS.quotas, G: 80}),
    ),
    "largest at spot prices": Row(
        "warning",
        cluster(group(), gpus(instance_types=("g5.xlarge", "g5.4xlarge"), capacity="spot")),
        facts(quotas={**FACTS.quotas, "L-3819A6DF": 63}),
        "'gpu' at their maximum take 64 vCPUs, and 0 of 63 are in use, must fit into quota 'All G and VT Spot Instance "
        "Requests' (L-3819A6DF)",
        FACTS,
    ),
    "zone that is not there": Row(
        "error",
        cluster(network=NewVpc(zones=(*ZONES, "eu-west-1f"))),
        facts(offered=None),
        "cluster 'prod' → network: zones has 'eu-west-1f', must be zones of eu-west-1 that the account may use: "
        "eu-west-1a, eu-west-1b, eu-west-1c; write 'eu-west-1c' instead",
        cluster(),
    ),
    "subnet that is not there": Row(
        "error",
        existing(),
        facts(subnets={A: SUBNETS[A]}),
        f"cluster 'prod' → network: subnet '{B}' does not exist, must be there, in eu-west-1; correct subnet_ids",
        FACTS,
    ),
    "subnet of another network": Row(
        "error",
        existing(),
        facts(subnets={A: SUBNETS[A], B: replace(SUBNETS[B], vpc="vpc-2")}),
        f"subnet '{B}' is in 'vpc-2', must be in '{VPC}'; correct subnet_ids, or write vpc_id='vpc-2'",
        FACTS,
    ),
    "one zone": Row(
        "error",
        existing(),
        facts(subnets={A: SUBNETS[A], B: replace(SUBNETS[B], zone=ZONES[0])}),
        "all subnets are in zone eu-west-1a, must be in two zones at least; add a subnet of another zone",
        FACTS,
    ),
    "control plane": Row(
        "error",
        existing(group(scaling=Scaling(minimum=1, maximum=1))),
        free(5),
        f"cluster 'prod' → network: subnet '{A}' has 5 free addresses, must have 6 for the control plane; free some, "
        "or name another subnet",
        free(6),
    ),
    "nodes": Row(
        "error",
        existing(group(scaling=Scaling(minimum=15, maximum=15))),
        free(7),
        "cluster 'prod' → node group 'system': its subnets have 14 free addresses, and 15 nodes are to come, must "
        "have one for each node; name larger subnets",
        replace(free(7), own={"system-0123456789": 15}),
    ),
    "pods": Row(
        "warning",
        existing(group(scaling=Scaling(minimum=2, maximum=4))),
        free(15),
        "its subnets have 30 free addresses, and up to 4 nodes are to come with 10 each, must have them, or pods "
        "find no address when the group grows; name larger subnets, or lower scaling.maximum",
        free(20),
    ),
}


def said(of: EksCluster, known: AwsFacts) -> str:
    return "\n".join(f"{it.severity}: {it.problem}" for it in check_aws(of, known))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_rule_says_what_breaks_it_and_nothing_next_to_it(row: Row) -> None:
    found = said(row.cluster, row.wrong)
    assert row.said in found
    assert f"{row.severity}: " in found
    right = row.right if isinstance(row.right, AwsFacts) else row.wrong
    other = row.right if isinstance(row.right, EksCluster) else row.cluster
    assert row.said not in said(other, right)


def test_every_rule_has_a_row() -> None:
    broken = {rule for row in ROWS.values() for rule in RULES if list(rule(row.cluster, row.wrong))}
    assert broken == set(RULES)


def test_an_account_that_has_everything_says_nothing() -> None:
    assert not check_aws(cluster(), FACTS)
    assert not check_aws(existing(), FACTS)


def test_where_nothing_is_known_nothing_is_said() -> None:
    nothing = AwsFacts("eu-west-1", FACTS.today)
    assert not check_aws(cluster(account=ACCOUNT), nothing)
    assert not check_aws(existing(), nothing)


def test_values_of_later_are_passed_over() -> None:
    class Later:
        def apply(self) -> None: ...

    network: Any = ExistingNetwork(vpc_id=Later(), subnet_ids=(Later(), A))
    assert not check_aws(cluster(network=network), FACTS)


def test_errors_come_first_and_each_names_its_group() -> None:
    found = check_aws(
        cluster(group(), gpus(instance_types=("g5.xlarge", "g5.4xlarge", "g99.xlarge"))),
        facts(offered=offered(g5_4xlarge=ZONES[:1]), types={"m5.large": TYPES["m5.large"]}),
    )
    assert [it.severity for it in found] == sorted(it.severity for it in found)
    assert {it.group for it in found} == {"gpu"}


def test_what_is_skipped_is_one_line_by_its_reason() -> None:
    assert skipped_in_words(FACTS) is None
    skipped = (Skipped("vCPU quotas", "no right to servicequotas:GetServiceQuota"),) * 2
    line = skipped_in_words(
        facts(skipped=(*skipped, Skipped("permissions", "no right to iam:SimulatePrincipalPolicy")))
    )
    assert line == (
        "not checked in AWS, region eu-west-1: vCPU quotas (no right to servicequotas:GetServiceQuota); permissions "
        "(no right to iam:SimulatePrincipalPolicy)"
    )
    nobody = skipped_in_words(facts(skipped=(Skipped("", "no credentials for AWS (NoCredentialsError)"),)))
    assert nobody == (
        "checks of AWS in eu-west-1 are skipped, all of them: no credentials for AWS (NoCredentialsError)"
    )
