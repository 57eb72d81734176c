"""What is installed so that pods get GPUs and nodes come: exactly what the golden files show."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from seldon_infra import ClusterAutoscaler, GpuSoftware, Karpenter, NodePool
from seldon_infra.eks import render
from seldon_infra.eks.check import check
from seldon_infra.eks.gpu_software.render import configurations, pools, releases
from seldon_infra.eks.offers import gpu_labels
from tests.unit.eks.cases import GPU
from tests.unit.eks.gpu_software.cases import CASES, GOLDEN, MACHINES, golden, on

_MOST_OF_A_POLICY = 10_240
"""Characters of all policies that are a role's own, without spaces. Source: IAM's quotas."""


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_is_installed(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), "run: python -m tests.unit.eks.gpu_software.cases, then read the difference"


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_is_installed_belongs_to_a_cluster_that_is_right(name: str) -> None:
    assert check(CASES[name][1]) == []


def test_a_cluster_without_gpus_and_autoscaler_has_no_software_nor_one_with_somebody_else_s() -> None:
    assert releases(on()) == ()
    assert releases(on(GPU, gpu_software=GpuSoftware(existing=True))) == ()


@pytest.mark.parametrize("name", ["shared", "divided"])
def test_a_node_s_label_names_a_configuration_that_is_there(name: str) -> None:
    spec = CASES[name][1]
    chosen = {gpu_labels(it).get("nvidia.com/device-plugin.config") for it in spec.node_groups} - {None}
    assert chosen
    assert chosen <= set(configurations(spec))
    for text in configurations(spec).values():
        assert yaml.safe_load(text)["version"] == "v1"


def of_kind(spec: Any, kind: str) -> dict[str, Any]:
    return {part.name: part.inputs for part in render.cluster(spec).all if part.kind == kind}


def test_the_autoscaler_acts_in_aws_by_a_pod_identity_of_its_own() -> None:
    spec = on(GPU, autoscaler=ClusterAutoscaler())
    found = of_kind(spec, "EksPodIdentityAssociation")["kube-system.cluster-autoscaler"]
    (installed,) = [it for it in releases(spec) if it.name == "cluster-autoscaler"]
    assert installed.values["rbac"]["serviceAccount"]["name"] == found["service_account"]
    assert installed.namespace == found["namespace"]


def test_node_groups_tell_an_autoscaler_what_their_nodes_will_have_and_nobody_else() -> None:
    said = "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu"
    assert of_kind(on(GPU, autoscaler=ClusterAutoscaler()), "EksNodegroup")["gpu"]["tags"][said] == "1"
    assert said not in of_kind(on(GPU), "EksNodegroup")["gpu"]["tags"]


def test_the_image_of_the_autoscaler_follows_kubernetes() -> None:
    (installed,) = releases(on(version="1.35", autoscaler=ClusterAutoscaler()))
    assert installed.values["image"] == {"tag": "v1.35.0"}


def test_karpenter_hears_of_interruptions_by_a_queue_that_one_rule_alone_fills() -> None:
    spec = on(autoscaler=CASES["karpenter"][1].autoscaler, account="123456789012")
    queue, rule = of_kind(spec, "SqsQueue")["interruptions"], of_kind(spec, "EventRule")["interruptions"]
    send, closed = queue["policy"]["Statement"]
    named = f"arn:aws:events:eu-west-1:123456789012:rule/{rule['name']}-*"
    assert send["Condition"] == {"ArnLike": {"aws:SourceArn": named}}
    assert {it["Resource"] for it in (send, closed)} == {f"arn:aws:sqs:eu-west-1:123456789012:{queue['name']}-*"}
    assert (send["Effect"], closed["Effect"]) == ("Allow", "Deny")
    assert rule["pattern"]["source"] == ["aws.ec2", "aws.health"]
    assert len(rule["pattern"]["detail-type"]) == 5
    assert rule["targets"]["queue"].output == "arn"


def test_a_queue_that_is_named_is_read_and_none_is_made() -> None:
    named = CASES["karpenter"][1].autoscaler.model_copy(update={"interruption_queue": "notices"})
    spec = on(autoscaler=named)
    assert (of_kind(spec, "SqsQueue"), of_kind(spec, "EventRule")) == ({}, {})
    (installed,) = [it for it in releases(spec) if it.name == "karpenter"]
    assert installed.values["settings"]["interruptionQueue"] == "notices"
    (own,) = [it["policies"]["own"] for it in of_kind(spec, "IamRole").values() if it.get("policies")]
    read = [it["Resource"] for it in own["Statement"] if "sqs:ReceiveMessage" in it["Action"]]
    assert read == ["arn:aws:sqs:eu-west-1:*:notices"]


@pytest.mark.parametrize("name", ["cluster-autoscaler", "karpenter"])
def test_rights_are_short_enough_for_a_role_even_with_the_longest_name(name: str) -> None:
    spec = CASES[name][1].model_copy(update={"name": "c" * 100})
    policies = [it["policies"] for it in of_kind(spec, "IamRole").values() if it.get("policies")]
    assert len(policies) == 1
    assert len(json.dumps(policies[0], separators=(",", ":"))) < _MOST_OF_A_POLICY


def test_a_pool_of_types_that_are_not_known_is_taken_for_one_of_gpus() -> None:
    pool = NodePool(name="new", instance_types=("g99.xlarge",), maximum=3)
    _, made = pools(on(autoscaler=Karpenter(pools=(pool,))), MACHINES)
    assert made["spec"]["limits"] == {"nvidia.com/gpu": 3}
    assert made["spec"]["template"]["spec"]["taints"][0]["key"] == "nvidia.com/gpu"
