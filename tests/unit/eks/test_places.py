"""Which node groups hold a model, how many of it, and what to write where none does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seldon_infra import (
    Amounts,
    EksCluster,
    GpuNodes,
    Karpenter,
    Mig,
    Model,
    NodeGroup,
    NodePool,
    Pod,
    PodTemplate,
    Predictor,
    Resources,
    Scaling,
    SeldonDeployment,
    TimeSlicing,
    TritonServer,
)
from seldon_infra.clusters.needs import PodNeed, pods
from seldon_infra.eks.places import in_words, place
from tests.unit.eks.cases import SYSTEM, cluster

PATH = "SeldonDeployment 'digits' → predictor 'main' → model 'classifier'"

NEAREST = "no node group can hold its pod; the nearest is GPU nodes 'gpu', which lacks "
PROD = ", must fit on a node of cluster 'prod'; "
THERE = " in GPU nodes 'gpu', or in a group of its own"


def model(
    replicas: int = 1,
    gpu_memory: str | None = None,
    pod: dict[str, Any] | None = None,
    path: str | None = None,
    **limits: Any,
) -> list[PodNeed]:
    """Give the pods of one model on GPUs, with a pod of its own and no orchestrator."""
    amounts = Amounts(**{"cpu": 2, "memory": "8Gi", "gpu": 1, **limits})
    node = Model(
        name="classifier",
        server=TritonServer(),
        model_uri="s3://models/digits",
        resources=Resources(limits=amounts, gpu_memory=gpu_memory),
        pod=Pod(template=PodTemplate(spec=pod)) if pod else Pod(),
    )
    main = Predictor(name="main", graph=node, replicas=replicas, no_engine=True)
    made = pods(SeldonDeployment(name="digits", protocol="v2", predictors=[main]), {})
    return [replace(need, path=path or need.path) for need in made]


def gpus(*types: str, maximum: int = 3, **fields: Any) -> GpuNodes:
    return GpuNodes(**{"name": "gpu", "instance_types": types, "scaling": Scaling(maximum=maximum), **fields})


def on(*groups: NodeGroup, **fields: Any) -> EksCluster:
    return cluster(node_groups=(SYSTEM, *groups), **fields)


@pytest.mark.parametrize(
    ("groups", "need", "said"),
    [
        ([gpus("g6.xlarge")], model(2), "2 pods on GPU nodes 'gpu' (g6.xlarge): 1 on a node, 3 on 3 at most"),
        ([gpus("g6.12xlarge")], model(), "1 pod on GPU nodes 'gpu' (g6.12xlarge): 4 on a node, 12 on 3 at most"),
        ([gpus("g6.12xlarge")], model(gpu=2), "1 pod on GPU nodes 'gpu' (g6.12xlarge): 2 on a node, 6 on 3 at most"),
        (
            [gpus("g6.2xlarge", sharing=TimeSlicing(replicas=4))],
            model(gpu_memory="5Gi", cpu=1),
            "1 pod on GPU nodes 'gpu' (g6.2xlarge): 3 on a node, 9 on 3 at most",
        ),
        (
            [gpus("p5.48xlarge", maximum=1, sharing=Mig(profile="1g.10gb"))],
            model(gpu_memory="8Gi"),
            "1 pod on GPU nodes 'gpu' (p5.48xlarge): 56 on a node, 56 on 1 at most",
        ),
        (
            [gpus("g4dn.xlarge", name="small"), gpus("g6.xlarge", name="large")],
            model(gpu_memory="12Gi"),
            "1 pod on GPU nodes 'small' (g4dn.xlarge): 1 on a node, 3 on 3 at most or "
            "GPU nodes 'large' (g6.xlarge): 1 on a node, 3 on 3 at most",
        ),
        (
            [gpus("g4dn.xlarge", name="small"), gpus("g6.xlarge", name="large")],
            model(gpu_memory="16Gi"),
            "1 pod on GPU nodes 'large' (g6.xlarge): 1 on a node, 3 on 3 at most",
        ),
    ],
)
def test_a_model_is_matched_to_the_groups_that_hold_it(groups: list[NodeGroup], need: list[PodNeed], said: str) -> None:
    found = place(on(*groups), need)
    assert found.findings == ()
    assert [text for _, text in in_words(found.places)] == [f"{PATH}: {said}"]


def test_karpenter_s_pools_hold_models_too() -> None:
    pool = NodePool(name="l4", instance_types=("g6.xlarge",), maximum=5)
    found = place(on(autoscaler=Karpenter(pools=(pool,))), model())
    assert [text for _, text in in_words(found.places)] == [
        f"{PATH}: 1 pod on node pool 'l4' (g6.xlarge): 1 on a node, 5 on 5 at most"
    ]


@pytest.mark.parametrize(
    ("groups", "need", "message"),
    [
        (
            [gpus("g4dn.xlarge")],
            model(gpu_memory="16Gi"),
            NEAREST + "GPU memory 16Gi, 15109Mi there" + PROD + "write instance_types=('g5.xlarge',)" + THERE,
        ),
        (
            [gpus("g6.xlarge")],
            model(gpu=4),
            NEAREST + "nvidia.com/gpu 4, 1 there" + PROD + "write instance_types=('g6.12xlarge',)" + THERE,
        ),
        (
            [gpus("g6.xlarge")],
            model(gpu_memory="20Gi", cpu=6),
            NEAREST + "cpu 6, 3670m there" + PROD + "write instance_types=('g6.2xlarge',)" + THERE,
        ),
        (
            [],
            model(3, gpu_memory="16Gi"),
            "no node group has GPUs for its pod, must fit on a node of cluster 'prod'; "
            "add GpuNodes(name='gpu', instance_types=('g5.xlarge',), scaling=Scaling(maximum=3))",
        ),
        (
            [gpus("g6.2xlarge", sharing=TimeSlicing(replicas=4))],
            model(gpu_memory="8Gi"),
            NEAREST + "GPU memory 8Gi, 5722Mi there" + PROD + "write instance_types=('g6e.xlarge',)" + THERE,
        ),
        (
            [gpus("g6.12xlarge", sharing=TimeSlicing(replicas=4))],
            model(gpu=2),
            NEAREST
            + "whole GPUs: pods get one share of one by time slicing, not 2"
            + PROD
            + "add GpuNodes(name='more', instance_types=('g4dn.12xlarge',), scaling=Scaling(maximum=1))",
        ),
        (
            [gpus("g6.xlarge")],
            model(pod={"nodeSelector": {"team": "ml"}}),
            NEAREST
            + "label team=ml, not set there"
            + PROD
            + "correct nodeSelector in pod=Pod(template=PodTemplate(spec={…}))",
        ),
    ],
)
def test_where_none_holds_it_the_error_proposes_what_would(
    groups: list[NodeGroup], need: list[PodNeed], message: str
) -> None:
    (found,) = place(on(*groups), need).findings
    assert (found.severity, str(found.problem)) == ("error", f"{PATH}: {message}")


def test_a_pod_without_gpus_stays_off_gpu_nodes_and_is_matched_as_well() -> None:
    need = model(cpu=16, memory="8Gi", gpu=None)
    (found,) = place(on(gpus("g6.16xlarge")), need).findings
    assert "the nearest is node group 'system', which lacks cpu 16, 1680m there" in str(found.problem)
    assert "write instance_types=('m7i.8xlarge',) in node group 'system'" in str(found.problem)


def test_more_than_the_groups_hold_at_their_maximum_is_a_warning() -> None:
    (found,) = place(on(gpus("g6.12xlarge", maximum=1)), model(6)).findings
    assert (found.severity, str(found.problem)) == (
        "warning",
        f"{PATH}: 2 of 6 pods find no room when all node groups are at their maximum, must fit on nodes of cluster "
        "'prod' together with the stack's others; write maximum=2 in GPU nodes 'gpu'",
    )


def test_several_models_share_what_there_is_and_the_larger_choose_first() -> None:
    node = on(gpus("g6.12xlarge", maximum=1))
    assert place(node, [*model(2), *model(path="other", gpu=2)]).findings == ()
    (found,) = place(node, [*model(3), *model(path="other", gpu=2)]).findings
    assert str(found.problem).startswith(f"{PATH}: 1 of 3 pods find no room")


def test_of_a_group_whose_types_are_not_known_nothing_certain_is_said() -> None:
    found = place(on(gpus("g99.xlarge")), model())
    assert [it.severity for it in found.findings] == ["warning"]
    assert found.unknown == ("g99.xlarge",)
