"""Every rule about GPU software and autoscalers: what is wrong, and nothing about what is right."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from seldon_infra import (
    ClusterAutoscaler,
    DevicePlugin,
    EksCluster,
    GpuOperator,
    GpuSoftware,
    Karpenter,
    Mig,
    Mps,
    NodePool,
    Scaling,
    TimeSlicing,
)
from seldon_infra.eks.check import check
from tests.unit.eks.cases import GPU, S3, SYSTEM, cluster
from tests.unit.eks.gpu_software.cases import gpus, on

GROUP, SOFTWARE = "cluster 'prod' → GPU nodes 'gpu'", "cluster 'prod' → GPU software"
POOL, KARPENTER = "cluster 'prod' → node pool 'l4'", "cluster 'prod' → Karpenter"
POOLS = Karpenter(pools=(NodePool(name="l4", instance_types=("g6.xlarge",), maximum=4),))
AUTOSCALER = "cluster 'prod' → cluster autoscaler"


class Row(NamedTuple):
    wrong: EksCluster
    message: str
    right: EksCluster


def shared(instance_type: str, sharing: Any, **fields: Any) -> EksCluster:
    return on(gpus("gpu", instance_type, sharing=sharing), **fields)


def pool(**changes: Any) -> EksCluster:
    made = NodePool(**{"name": "l4", "instance_types": ("g6.xlarge",), "maximum": 4, **changes})
    return on(autoscaler=Karpenter(pools=(made,)))


ROWS = {
    "MIG is of GPUs that can be divided": Row(
        shared("g6.xlarge", Mig(profile="1g.10gb")),
        f"{GROUP}: sharing by MIG profile '1g.10gb' on 'g6.xlarge', must be on a GPU that can be divided, which its L4 "
        "can't: A100, H100, H200, B200, B300, RTX PRO Server 6000; write TimeSlicing(replicas=4), or another instance "
        "type",
        shared("g7e.2xlarge", Mig(profile="1g.24gb")),
    ),
    "a MIG profile is one of the GPU's": Row(
        shared("p4d.24xlarge", Mig(profile="2g.20gb")),
        f"{GROUP}: sharing by MIG profile '2g.20gb' on 'p4d.24xlarge', must be one that its A100 has: 1g.5gb, 1g.10gb, "
        "2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb; write Mig(profile='2g.10gb')",
        shared("p4de.24xlarge", Mig(profile="2g.20gb")),
    ),
    "of a type that is not known nothing is said": Row(
        shared("g6.xlarge", TimeSlicing(replicas=1)),
        f"{GROUP}: sharing by time slicing with replicas 1, must be 2 to 64; write replicas=4, or remove sharing",
        shared("p9.48xlarge", Mig(profile="9g.99gb")),
    ),
    "MPS serves so many": Row(
        shared("g6.xlarge", Mps(replicas=49)),
        f"{GROUP}: sharing by MPS with replicas 49, must be 2 to 48; write replicas=4, or remove sharing",
        shared("g6.xlarge", Mps(replicas=48)),
    ),
    "MIG takes the GPU operator": Row(
        shared("p5.48xlarge", Mig(profile="1g.10gb"), gpu_software=GpuSoftware(plugin=DevicePlugin())),
        f"{SOFTWARE}: GPU nodes 'gpu' share by MIG, with the device plugin alone, must have the GPU operator, which "
        "divides GPUs; write plugin=GpuOperator(), or leave it out",
        shared("p5.48xlarge", Mig(profile="1g.10gb"), gpu_software=GpuSoftware(plugin=GpuOperator())),
    ),
    "software has a namespace of its own": Row(
        on(GPU, gpu_software=GpuSoftware(namespace="kube-system")),
        f"{SOFTWARE}: namespace 'kube-system', must be a DNS label, and no namespace of Kubernetes' own; "
        "write namespace='gpu-system'",
        on(GPU, gpu_software=GpuSoftware(namespace="gpus")),
    ),
    "an autoscaler has something to change": Row(
        cluster(
            node_groups=(SYSTEM.model_copy(update={"scaling": Scaling(minimum=2, maximum=2)}),),
            autoscaler=ClusterAutoscaler(),
        ),
        f"{AUTOSCALER}: all node groups have one size, must have one whose minimum is below its maximum; "
        "lower minimum, or remove autoscaler",
        on(autoscaler=ClusterAutoscaler()),
    ),
    "an autoscaler waits for a duration": Row(
        on(autoscaler=ClusterAutoscaler(idle="ten minutes")),
        f"{AUTOSCALER}: idle 'ten minutes', must be a duration; write idle='10m'",
        on(autoscaler=ClusterAutoscaler(idle="1h30m")),
    ),
    "Karpenter has a pool": Row(
        on(autoscaler=Karpenter(pools=())),
        f"{KARPENTER}: pools is empty, must have one, from which it starts machines; "
        "add NodePool(name='l4', instance_types=('g6.xlarge',), maximum=4)",
        pool(),
    ),
    "Karpenter knows its queue by name": Row(
        on(autoscaler=POOLS.model_copy(update={"interruption_queue": "https://sqs.eu-west-1.amazonaws.com/1/q"})),
        f"{KARPENTER}: interruption_queue 'https://sqs.eu-west-1.amazonaws.com/1/q', must be like karpenter-prod; "
        "write interruption_queue='karpenter-prod'",
        on(autoscaler=POOLS.model_copy(update={"interruption_queue": "karpenter-prod"})),
    ),
    "Karpenter's machines join by the role of a group": Row(
        cluster(node_groups=(SYSTEM.model_copy(update={"policies": (S3,)}),), autoscaler=POOLS),
        f"{KARPENTER}: all node groups have policies of their own, must have one without, whose role its machines "
        "take; remove policies of the group that is never empty, or use pod identities",
        cluster(node_groups=(SYSTEM, GPU.model_copy(update={"policies": (S3,)})), autoscaler=POOLS),
    ),
    "pools have names of Kubernetes": Row(
        pool(name="L4"),
        "cluster 'prod' → node pool 'L4': name 'L4', must be a DNS label: at most 63 of a-z, 0-9 and '-'; "
        "write name='l4'",
        pool(name="l4-spot"),
    ),
    "a pool may have a machine": Row(
        pool(maximum=0), f"{POOL}: maximum 0, must be 1 or more; write maximum=1", pool(maximum=1)
    ),
    "a pool is of one class of GPUs": Row(
        pool(instance_types=("g6.xlarge", "g5.xlarge")),
        f"{POOL}: instance_types has A10G and L4, must be of one class of GPUs; make a pool for each",
        pool(instance_types=("g6.xlarge", "gr6.4xlarge")),
    ),
    "a pool has types": Row(
        pool(instance_types=()),
        f"{POOL}: instance_types is empty, must have one; write instance_types=('g6.xlarge',)",
        pool(instance_types=("m7i.large",)),
    ),
    "a pool's disk is whole": Row(
        pool(disk="10Gi"),
        f"{POOL}: disk '10Gi', must be whole GiB, 20Gi or more; write disk='200Gi'",
        pool(disk="20Gi"),
    ),
    "a pool is idle for a duration": Row(
        pool(idle="soon"), f"{POOL}: idle 'soon', must be a duration; write idle='10m'", pool(idle="30s")
    ),
    "labels of a pool are Kubernetes'": Row(
        pool(labels={"a b": "c"}),
        f"{POOL}: label 'a b=c', must have a key like 'team' or 'acme.io/team', and at most 63 letters, digits, '-', "
        "'_' and '.'; write it so",
        pool(labels={"team": "ml"}),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_a_pool_is_of_one_architecture() -> None:
    found = [str(problem) for problem in check(pool(instance_types=("m7i.large", "m7g.large")))]
    assert found == [
        f"{POOL}: instance_types has x86_64 and arm64, must be of one architecture, which models are built for; "
        "make two pools of it"
    ]
