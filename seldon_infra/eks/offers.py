"""What one node of a group offers to pods: amounts, labels, taints. What an autoscaler is told about nodes that are not
there yet says the same.

Amounts are the least of a group's instance types, for any of them may come.

Sources: EKS's nodeadm (awslabs/amazon-eks-ami, nodeadm/internal/kubelet: config.go, util.go, eni_max_pods.go) for what
kubelet keeps for itself: 11 MiB for each pod and 255 MiB, 6 % of the first core, 1 % of the second, 0.5 % of the next
two, 0.25 % of others, 1 GiB of the disk, and the thresholds of eviction (100 MiB, 10 % of the disk). Karpenter's
settings.vmMemoryOverheadPercent for memory that a machine has and Linux does not find: 7.5 %. Cluster autoscaler's page
about AWS and aws_manager.go for its tags, which it reads from EKS's node groups. NVIDIA's k8s-device-plugin and
gpu-operator for labels that choose how GPUs are shared; the label of their memory is that of NVIDIA's discovery, which
later sets its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from seldon_infra.clusters.facts import Node, Taint
from seldon_infra.core.model import title
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.eks.gpu_software.spec import Karpenter, Mig, NodePool, Sharing, TimeSlicing
from seldon_infra.eks.images import ami_type
from seldon_infra.eks.instance_types import Gpu, InstanceType, find
from seldon_infra.eks.spec import EksCluster, GpuNodes, NodeGroup
from seldon_infra.graph.render_gpu import GPU, GPU_MEMORY

Find: TypeAlias = Callable[[str], InstanceType | None]
"""Gives what is known of an instance type."""

GPU_NAME = "seldon-infra/gpu"
"""Label of nodes: the model of their GPUs, as EC2 names it, ``A10G``."""
GPU_TAINT = Taint(GPU, "present", "NoSchedule")
PLUGIN_CONFIG = "nvidia.com/device-plugin.config"
MIG_CONFIG = "nvidia.com/mig.config"
DAEMONS: Mapping[str, Decimal] = {"cpu": Decimal("0.25"), "memory": Decimal(384 * 2**20), "pods": Decimal(8)}
"""What the cluster's own pods on every node ask for altogether, at most: network, proxy, identities, GPU software."""
_MIB, _GIB = 2**20, 2**30
_FOUND = Decimal("0.925")
_EVICTED = 100
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template/resources/"


@dataclass(frozen=True)
class Offer:
    """Nodes of one kind that a cluster may have."""

    path: str
    """The group, in the user's words: ``GPU nodes 'gpu'``."""
    instance_types: tuple[str, ...]
    node: Node
    """One of them."""
    most: int
    """How many there are at most."""
    sharing: Sharing | None

    @property
    def free(self) -> dict[str, Decimal]:
        """What one has for pods of models, when the cluster's own are there."""
        there = self.node.allocatable
        return {name: amount - DAEMONS.get(name, Decimal(0)) for name, amount in there.items()}


def offers(cluster: EksCluster, known: Find = find) -> tuple[list[Offer], list[str]]:
    """Give what a cluster's nodes offer, and the instance types of which that is not known."""
    groups: list[NodeGroup | NodePool] = [*cluster.node_groups, *pools_of(cluster)]
    unknown = [name for group in groups for name in group.instance_types if known(name) is None]
    made = (offer(group, known) for group in groups)
    return [it for it in made if it is not None], list(dict.fromkeys(unknown))


def offer(group: NodeGroup | NodePool, known: Find = find) -> Offer | None:
    """Give what nodes of a group offer; None where an instance type is not known."""
    types = _types(group, known)
    if not types:
        return None
    most = group.maximum if isinstance(group, NodePool) else group.scaling.maximum
    node = Node(title(group), labels(group, known), taints(group), allocatable(group, known), takes_pods=True)
    return Offer(title(group), tuple(group.instance_types), node, most, sharing_of(group))


def pools_of(cluster: EksCluster) -> tuple[NodePool, ...]:
    """The pools from which Karpenter starts nodes, where the cluster has it."""
    return tuple(cluster.autoscaler.pools) if isinstance(cluster.autoscaler, Karpenter) else ()


def sharing_of(group: NodeGroup | NodePool) -> Sharing | None:
    """How several pods have one GPU of a group."""
    return group.sharing if isinstance(group, GpuNodes) else None


def allocatable(group: NodeGroup | NodePool, known: Find = find) -> dict[str, Decimal]:
    """What one node has for pods altogether, as Kubernetes will say."""
    types, sharing = _types(group, known), sharing_of(group)
    gpus = min((_devices(it, sharing) for it in types), default=0) if _offers_gpus(group) else 0
    return {
        "cpu": min(_cpu(it.vcpus) for it in types),
        "memory": Decimal(min(_memory_mib(it) for it in types) * _MIB),
        "ephemeral-storage": _disk(group.disk),
        "pods": Decimal(min(it.pods for it in types)),
        **({GPU: Decimal(gpus)} if gpus else {}),
    }


def labels(group: NodeGroup | NodePool, known: Find = find) -> dict[str, str]:
    """Labels of a node: those of its GPUs, then the user's own.

    Where several pods have a GPU, its memory is that of one share.
    """
    types = _types(group, known)
    return {
        "kubernetes.io/os": "linux",
        **({"kubernetes.io/arch": _arch(types[0])} if types else {}),
        **({"node.kubernetes.io/instance-type": group.instance_types[0]} if len(group.instance_types) == 1 else {}),
        **gpu_labels(group, known),
        **group.labels,
    }


def gpu_labels(group: NodeGroup | NodePool, known: Find = find) -> dict[str, str]:
    """Labels that a group gives to nodes with GPUs."""
    if not _offers_gpus(group):
        return {}
    types, sharing = _types(group, known), sharing_of(group)
    models = [it.gpu for it in types if it.gpu]
    names = {model.name.replace(" ", "-") for model in models}
    memory = [_share_mib(model, sharing) for model in models]
    return {
        f"{GPU}.present": "true",
        **({GPU_MEMORY: str(min(memory))} if memory else {}),
        **({GPU_NAME: names.pop()} if len(names) == 1 else {}),
        **_sharing_labels(sharing),
    }


def own_labels(group: NodeGroup) -> dict[str, str]:
    """Labels that EKS is told of: those of GPUs, then the user's own; the others a node has by itself."""
    return {**gpu_labels(group), **group.labels}


def taints(group: NodeGroup | NodePool) -> tuple[Taint, ...]:
    """Taints of a node: that of GPUs, then the user's own."""
    if isinstance(group, NodePool):
        return (GPU_TAINT,) if _offers_gpus(group) else ()
    tainted = isinstance(group, GpuNodes) and group.tainted
    return (*([GPU_TAINT] if tainted else ()), *(Taint(it.key, it.value, it.effect) for it in group.taints))


def autoscaler_tags(group: NodeGroup, known: Find = find) -> dict[str, str]:
    """Tags that say to the cluster autoscaler what a node will have, before there is one.

    Labels and taints it reads itself; it would take a machine's whole memory for free and know no local disk.
    """
    if not _types(group, known):
        return {}
    return {f"{_TEMPLATE}{name}": _text(name, amount) for name, amount in allocatable(group, known).items()}


def config_name(sharing: Sharing) -> str:
    """Name of a way of sharing among the device plugin's configurations: ``time-slicing-4``."""
    if isinstance(sharing, Mig):
        return "mig"
    return f"{'time-slicing' if isinstance(sharing, TimeSlicing) else 'mps'}-{sharing.replicas}"


def _types(group: NodeGroup | NodePool, known: Find) -> list[InstanceType]:
    """Types of a group, all of them or none."""
    found = [known(name) for name in group.instance_types]
    there = [it for it in found if it is not None]
    return there if len(there) == len(found) else []


def _offers_gpus(group: NodeGroup | NodePool) -> bool:
    """Whether the group's image and software make GPUs known to pods."""
    if isinstance(group, NodePool):
        types = [find(name) for name in group.instance_types]
        return any(it is not None and it.gpus for it in types)
    return isinstance(group, GpuNodes) or ami_type(group).endswith("NVIDIA")


def _devices(machine: InstanceType, sharing: Sharing | None) -> int:
    match sharing:
        case Mig():
            return machine.gpus * (machine.gpu.mig.get(sharing.profile, 0) if machine.gpu else 0)
        case None:
            return machine.gpus
    return machine.gpus * sharing.replicas


def _share_mib(gpu: Gpu, sharing: Sharing | None) -> int:
    match sharing:
        case Mig():
            return gpu.mig_memory_mib(sharing.profile)
        case None:
            return gpu.memory_mib
    return gpu.memory_mib // max(sharing.replicas, 1)


def _sharing_labels(sharing: Sharing | None) -> dict[str, str]:
    match sharing:
        case None:
            return {}
        case Mig():
            return {MIG_CONFIG: f"all-{sharing.profile}"}
    return {PLUGIN_CONFIG: config_name(sharing)}


def _arch(machine: InstanceType) -> str:
    return {"x86_64": "amd64"}.get(machine.architecture, machine.architecture)


def _cpu(cores: int) -> Decimal:
    """Cores without those that kubelet keeps: in thousandths of each, by its place."""
    kept = sum(_kept(core) for core in range(cores))
    return Decimal(cores) - Decimal(int(kept)) / 1000


def _kept(core: int) -> Decimal:
    if core < 2:
        return Decimal(60 if core == 0 else 10)
    return Decimal(5) if core < 4 else Decimal("2.5")


def _memory_mib(machine: InstanceType) -> int:
    return int(machine.memory_mib * _FOUND) - (11 * machine.pods + 255) - _EVICTED


def _disk(size: str) -> Decimal:
    whole = parse_quantity(size) or Decimal(0)
    return (whole * Decimal("0.9")).to_integral_value() - _GIB


def _text(name: str, amount: Decimal) -> str:
    """Write an amount in characters that tags may have."""
    if name in ("memory", "ephemeral-storage"):
        return f"{int(amount / _MIB)}Mi"
    return f"{int(amount * 1000)}m" if name == "cpu" else str(int(amount))
