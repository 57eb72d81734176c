"""Where a pod may run, as Kubernetes' scheduler says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seldon_infra.clusters.facts import Taint
from seldon_infra.clusters.needs import Container, PodNeed
from seldon_infra.clusters.placing import lacks
from tests.unit.clusters.cluster import GPU, amounts, node

POD = PodNeed("here", "fraud", "default", 1, (Container("score", amounts(cpu=1), {}),), (), "pod=…", {})
LABELS = {"zone": "a", "cores": "16", "spot": ""}


def fits(spec: dict[str, Any], labels: dict[str, str] = LABELS, taints: tuple[Taint, ...] = ()) -> bool:
    where = replace(node(taints=taints), labels=labels)
    return not lacks(where, replace(POD, spec=spec), where.allocatable)


def wishes(key: str, operator: str, *values: str, field: str = "matchExpressions") -> dict[str, Any]:
    term = {field: [{"key": key, "operator": operator, "values": list(values)}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {"affinity": {"nodeAffinity": required}}


@pytest.mark.parametrize(
    ("spec", "fitting"),
    [
        ({"nodeSelector": {"zone": "a"}}, True),
        ({"nodeSelector": {"zone": "b"}}, False),
        (wishes("zone", "In", "b", "a"), True),
        (wishes("zone", "In", "b"), False),
        (wishes("zone", "NotIn", "b"), True),
        (wishes("zone", "NotIn", "a"), False),
        (wishes("spot", "Exists"), True),
        (wishes("gpu", "Exists"), False),
        (wishes("gpu", "DoesNotExist"), True),
        (wishes("zone", "DoesNotExist"), False),
        (wishes("cores", "Gt", "8"), True),
        (wishes("cores", "Gt", "16"), False),
        (wishes("cores", "Lt", "32"), True),
        (wishes("gpu", "Lt", "32"), False),
        (wishes("metadata.name", "In", "cpu-0", field="matchFields"), True),
        (wishes("metadata.name", "In", "cpu-1", field="matchFields"), False),
        ({"affinity": {"nodeAffinity": None}}, True),
    ],
)
def test_labels_and_affinity_choose_nodes(spec: dict[str, Any], fitting: bool) -> None:
    assert fits(spec) is fitting


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ({"nvidia.com/gpu.memory": "15109"}, "GPU memory 16Gi, 15109Mi there"),
        ({}, "GPU memory 16Gi, not known there"),
    ],
)
def test_gpus_that_are_too_small_are_said_so(labels: dict[str, str], what: str) -> None:
    pod = replace(POD, spec=wishes("nvidia.com/gpu.memory", "Gt", "16383"))
    (lack,) = lacks(replace(node(), labels=labels), pod, node().allocatable)
    assert (lack.what, lack.fix) == (what, "ask for less gpu_memory")


def tolerates(**toleration: str) -> dict[str, Any]:
    return {"tolerations": [toleration]}


@pytest.mark.parametrize(
    ("spec", "taint", "fitting"),
    [
        ({}, GPU, False),
        (tolerates(key="nvidia.com/gpu", operator="Exists"), GPU, True),
        (tolerates(operator="Exists"), GPU, True),
        (tolerates(key="nvidia.com/gpu", value="present"), GPU, True),
        (tolerates(key="nvidia.com/gpu", value="absent"), GPU, False),
        (tolerates(key="nvidia.com/gpu", operator="Exists", effect="NoExecute"), GPU, False),
        ({}, replace(GPU, effect="PreferNoSchedule"), True),
        ({}, Taint("node.kubernetes.io/not-ready", "", "NoSchedule"), True),
    ],
)
def test_taints_keep_pods_away_that_do_not_tolerate_them(spec: dict[str, Any], taint: Taint, fitting: bool) -> None:
    assert fits(spec, taints=(taint,)) is fitting


def test_what_is_left_decides_and_the_number_of_pods_counts_too() -> None:
    assert [it.what for it in lacks(node(), POD, amounts(cpu=0.5, pods=0))] == ["cpu 1, 500m there", "pods 1, 0 there"]
