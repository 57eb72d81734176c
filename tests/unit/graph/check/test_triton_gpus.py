"""GPUs of a Triton node: where its instances run, and whether they fit into the memory that the node asks for."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check_cluster, check_local
from seldon_infra.graph.spec import Amounts, Resources, SeldonDeployment
from seldon_infra.servers.spec import TritonServer
from seldon_infra.triton import InstanceGroup, Tensor, TritonModel, TritonRepository
from tests.unit.core.later import Later
from tests.unit.graph.check.build import NODE, Row, graph, model

X = Tensor(name="x", dtype="FP32", dims=[1])
MIG = "nvidia.com/mig-1g.10gb"


def deployment(resources: Resources | None, *models: TritonModel) -> SeldonDeployment:
    server = TritonServer(stored=TritonRepository(models=models))
    return graph(model(server=server, resources=resources), protocol="v2")


def named(name: str = "score", **fields: Any) -> TritonModel:
    group = InstanceGroup(**{"kind": "GPU", **fields})
    return TritonModel(name=name, inputs=[X], outputs=[X], instance_groups=[group])


def gpus(count: int = 1, memory: Any = None, **others: int) -> Resources:
    return Resources(limits=Amounts(gpu=count, cpu=1), gpu_memory=memory)


def slices(count: int = 1) -> Resources:
    return Resources(limits=Amounts(others={MIG: count}, cpu=1))


ROWS = {
    "instances on GPUs need some": Row(
        deployment(None, named()),
        f"{NODE}: 'score' has instances of kind 'GPU', must have GPUs in resources; "
        "write resources=Resources(limits=Amounts(gpu=1))",
        deployment(gpus(), named()),
    ),
    "a GPU that is named is there": Row(
        deployment(gpus(2), named(gpus=[0, 2])),
        f"{NODE}: 'score' has instances on GPU 2, resources has 2, must be numbers from 0; write gpu=3 in limits",
        deployment(gpus(3), named(gpus=[0, 2])),
    ),
    "memory that is known is asked for": Row(
        deployment(gpus(), named(count=3, gpu_memory="4Gi")),
        f"{NODE}: instances take 3 × 4Gi of 'score' = 12Gi on GPU 0, must be asked for, so that a GPU with that much "
        "is found; write gpu_memory='12Gi' in resources",
        deployment(gpus(memory="12Gi"), named(count=3, gpu_memory="4Gi")),
    ),
    "instances of all models fit together": Row(
        deployment(gpus(memory="16Gi"), named(count=3, gpu_memory="4Gi"), named("pick", gpu_memory="5Gi")),
        f"{NODE}: instances take 3 × 4Gi of 'score' + 1 × 5Gi of 'pick' = 17Gi on GPU 0, resources.gpu_memory is 16Gi, "
        "must fit into it; write gpu_memory='17Gi', or a lower count",
        deployment(gpus(memory="16Gi"), named(count=3, gpu_memory="4Gi"), named("pick", gpu_memory="4Gi")),
    ),
    "the fullest of several GPUs counts": Row(
        deployment(gpus(2, memory="4Gi"), named(gpus=[1], gpu_memory="3Gi"), named("pick", gpu_memory="2Gi")),
        f"{NODE}: instances take 1 × 3Gi of 'score' + 1 × 2Gi of 'pick' = 5Gi on GPU 1, resources.gpu_memory is 4Gi, "
        "must fit into it; write gpu_memory='5Gi', or a lower count",
        deployment(gpus(2, memory="4Gi"), named(gpus=[1], gpu_memory="3Gi"), named("pick", gpus=[0], gpu_memory="2Gi")),
    ),
    "one instance over several GPUs takes a part of each": Row(
        deployment(gpus(2, memory="16Gi"), named(kind="MODEL", gpu_memory="40Gi")),
        f"{NODE}: instances take 1 × 40Gi of 'score' / 2 = 20Gi on GPU 0, resources.gpu_memory is 16Gi, "
        "must fit into it; write gpu_memory='20Gi', or a lower count",
        deployment(gpus(4, memory="16Gi"), named(kind="MODEL", gpu_memory="40Gi")),
    ),
    "a slice of MIG has the memory of its name": Row(
        deployment(slices(), named(count=2, gpu_memory="6Gi")),
        f"{NODE}: instances take 2 × 6Gi of 'score' = 12Gi on GPU 0, a slice of MIG has 10Gi, must fit into it; "
        "ask for a larger slice, or write a lower count",
        deployment(slices(2), named(gpu_memory="6Gi")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check_cluster(row.wrong)] == [row.message]
    assert check_cluster(row.right) == []


def test_what_comes_later_is_waited_for() -> None:
    for resources in (gpus(memory=Later()), Resources(limits=Amounts(gpu=Later(), cpu=1))):
        assert check_cluster(deployment(resources, named(count=3, gpu_memory="4Gi"))) == []


def test_an_instance_that_takes_what_there_is_needs_no_gpu() -> None:
    assert check_cluster(deployment(None, named(kind="AUTO", gpu_memory="4Gi"))) == []


def test_the_tritons_of_this_machine_have_none() -> None:
    (problem,) = check_local(deployment(gpus(), named()))
    assert str(problem) == (
        f"{NODE}: 'score' has instances of kind 'GPU', must run on CPUs on this machine; "
        "write kind='AUTO', which is a GPU where there is one"
    )
    assert check_local(deployment(gpus(), named(kind="AUTO"))) == []
