"""What nodes of a group offer, before there is one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from seldon_infra import GpuNodes, Karpenter, Mig, Mps, NodeGroup, NodePool, Scaling, Taint, TimeSlicing
from seldon_infra.clusters import facts
from seldon_infra.eks.offers import autoscaler_tags, labels, offer, offers, own_labels, taints
from seldon_infra.eks.spec import EksCluster
from tests.unit.eks.cases import SYSTEM, cluster

MIB = 2**20
GPU = "nvidia.com/gpu"


def nodes(*types: str, kind: type[NodeGroup] = GpuNodes, **fields: Any) -> NodeGroup:
    return kind(**{"name": "gpu", "instance_types": types, "scaling": Scaling(maximum=3), **fields})


def amounts(group: NodeGroup | NodePool) -> dict[str, Decimal]:
    made = offer(group)
    assert made
    return dict(made.node.allocatable)


@pytest.mark.parametrize(
    ("name", "cpu", "memory_mib", "pods"),
    [
        # 60 + 10 thousandths; 0.925 x 8192 - (11 x 29 + 255) - 100 MiB
        ("m7i.large", "1.93", 6903, 29),
        # 60 + 10 + 2 x 5
        ("g4dn.xlarge", "3.92", 14481, 29),
        # 80 + 44 x 2.5
        ("g5.12xlarge", "47.81", 173400, 737),
    ],
)
def test_kubelet_keeps_what_eks_has_it_keep(name: str, cpu: str, memory_mib: int, pods: int) -> None:
    found = amounts(nodes(name, kind=NodeGroup))
    assert (found["cpu"], found["memory"], found["pods"]) == (Decimal(cpu), memory_mib * MIB, pods)


def test_a_disk_has_less_by_what_evicts_pods_and_what_kubelet_keeps() -> None:
    assert amounts(nodes("g6.xlarge", disk="100Gi"))["ephemeral-storage"] == 89 * 2**30


@pytest.mark.parametrize(
    ("sharing", "gpus", "memory_mib"),
    [
        (None, 8, 81559),
        (TimeSlicing(replicas=4), 32, 20389),
        (Mps(replicas=2), 16, 40779),
        (Mig(profile="1g.10gb"), 56, 9011),
        (Mig(profile="7g.80gb"), 8, 72089),
    ],
)
def test_a_shared_gpu_is_several_each_with_a_part_of_the_memory(sharing: Any, gpus: int, memory_mib: int) -> None:
    group = nodes("p5.48xlarge", sharing=sharing)
    assert amounts(group)[GPU] == gpus
    assert labels(group)["nvidia.com/gpu.memory"] == str(memory_mib)


@pytest.mark.parametrize(
    ("sharing", "label", "value"),
    [
        (TimeSlicing(replicas=4), "nvidia.com/device-plugin.config", "time-slicing-4"),
        (Mps(replicas=2), "nvidia.com/device-plugin.config", "mps-2"),
        (Mig(profile="1g.10gb"), "nvidia.com/mig.config", "all-1g.10gb"),
    ],
)
def test_a_label_chooses_how_a_node_s_gpus_are_shared(sharing: Any, label: str, value: str) -> None:
    assert own_labels(nodes("p5.48xlarge", sharing=sharing))[label] == value


def test_gpus_are_named_where_all_of_a_group_are_of_one_model() -> None:
    assert own_labels(nodes("g7e.2xlarge", labels={"team": "ml"})) == {
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.memory": "97887",
        "seldon-infra/gpu": "RTX-PRO-Server-6000",
        "team": "ml",
    }
    assert "seldon-infra/gpu" not in own_labels(nodes("g5.xlarge", "g6.xlarge"))


def test_a_group_offers_the_least_of_its_types() -> None:
    found = amounts(nodes("g5.12xlarge", "g6.4xlarge"))
    assert (found["cpu"], found["pods"], found[GPU]) == (Decimal("15.89"), 234, 1)
    assert labels(nodes("g6e.xlarge", "g5.xlarge"))["nvidia.com/gpu.memory"] == "22731"


def test_machines_with_gpus_in_a_plain_group_offer_none_for_their_image_has_no_driver() -> None:
    plain = nodes("g6.xlarge", kind=NodeGroup)
    assert GPU not in amounts(plain)
    assert own_labels(plain) == {}
    assert amounts(nodes("g6.xlarge", kind=NodeGroup, ami_type="AL2023_x86_64_NVIDIA"))[GPU] == 1


def test_taints_are_those_of_gpus_and_the_user_s() -> None:
    own = Taint(key="team", value="ml", effect="NoExecute")
    present = facts.Taint(GPU, "present", "NoSchedule")
    assert taints(nodes("g6.xlarge", taints=(own,))) == (present, facts.Taint("team", "ml", "NoExecute"))
    assert taints(nodes("g6.xlarge", tainted=False)) == ()


def test_the_autoscaler_learns_what_a_node_will_have() -> None:
    start = "k8s.io/cluster-autoscaler/node-template/resources/"
    assert autoscaler_tags(nodes("g6.xlarge", sharing=TimeSlicing(replicas=4))) == {
        f"{start}cpu": "3920m",
        f"{start}memory": "14162Mi",
        f"{start}ephemeral-storage": "183296Mi",
        f"{start}pods": "58",
        f"{start}nvidia.com/gpu": "4",
    }


def test_of_types_that_are_not_known_nothing_is_offered() -> None:
    group = nodes("g6.xlarge", "g99.xlarge")
    assert offer(group) is None
    assert autoscaler_tags(group) == {}
    made, unknown = offers(cluster(node_groups=(SYSTEM, group)))
    assert [it.path for it in made] == ["node group 'system'"]
    assert unknown == ["g99.xlarge"]


def pools(*made: NodePool) -> EksCluster:
    return cluster(node_groups=(SYSTEM,), autoscaler=Karpenter(pools=made))


def test_karpenter_s_pools_offer_nodes_too() -> None:
    made, _ = offers(pools(NodePool(name="l4", instance_types=("g6.xlarge", "g6.2xlarge"), maximum=5)))
    pool = made[-1]
    assert (pool.path, pool.most, pool.node.allocatable[GPU]) == ("node pool 'l4'", 5, 1)
    assert pool.node.taints == (facts.Taint(GPU, "present", "NoSchedule"),)


def test_what_runs_on_every_node_is_not_free() -> None:
    made = offer(nodes("g6.xlarge"))
    assert made
    assert made.free["cpu"] == made.node.allocatable["cpu"] - Decimal("0.25")
    assert made.free[GPU] == 1
