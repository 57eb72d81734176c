"""Nodes of a cluster: groups of machines that EKS manages.

Sources: EKS's API (CreateNodegroup, NodeRepairConfig, NodegroupUpdateConfig) and user guide ("Automatically repair
nodes", "Update a managed node group"), EC2's launch templates. Always so, whatever is declared: instance metadata only
of version 2 and not for pods, encrypted disks, no SSH (a shell by SSM instead), private addresses alone.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later, Many, Spec
from seldon_infra.eks.gpu_software.spec import Sharing

Capacity: TypeAlias = Literal["on_demand", "spot", "capacity_block"]
"""How machines are paid for: by the second, at spot prices until AWS wants them back, or booked ahead for a time."""
AmiType: TypeAlias = Literal[
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
    "AL2023_x86_64_NEURON",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA",
]
"""Kinds of node images that EKS maintains; those with NVIDIA have the driver and the container toolkit."""
TaintEffect: TypeAlias = Literal["NoSchedule", "NoExecute", "PreferNoSchedule"]
"""What a taint does to pods that do not tolerate it."""

UpdateStrategy: TypeAlias = Literal["new_first", "old_first"]
"""What an update does first: start the new nodes, or take the old ones away, where there is no capacity for both."""
NodeCondition: TypeAlias = Literal[
    "AcceleratedHardwareReady", "ContainerRuntimeReady", "KernelReady", "NetworkingReady", "StorageReady"
]
"""What EKS's node monitoring agent says of a node; the first is about GPUs."""
RepairAction: TypeAlias = Literal["replace", "reboot", "nothing"]
"""What EKS does with an ailing node."""


class Taint(Spec):
    """What keeps pods off a node that do not tolerate it."""

    noun: ClassVar[str] = "taint"

    key: str
    """Its key, ``nvidia.com/gpu``."""
    value: str = ""
    """Its value. Default: none."""
    effect: TaintEffect = "NoSchedule"
    """What it does. Default: ``"NoSchedule"``."""


class Scaling(Spec):
    """How many nodes a group may have."""

    noun: ClassVar[str] = "scaling"

    minimum: int = 0
    """Fewest nodes. Default: 0, so that a group nobody needs costs nothing where the cluster has an autoscaler."""
    maximum: int
    """Most nodes."""
    desired: int | None = None
    """Nodes now. Default: None starts with the fewest and then leaves the number to the autoscaler: changes
    of it are no drift."""


class RepairOverride(Spec):
    """What EKS does about one ailment, where not what it does by default."""

    noun: ClassVar[str] = "repair override"

    condition: NodeCondition
    """The node's condition."""
    reason: str
    """Its reason, as the agent tells it: ``NvidiaXID64Error``."""
    wait_minutes: int
    """How long it has to last before something is done, in minutes, 1 or more. EKS's own: 10 for GPUs, else 30."""
    action: RepairAction
    """What is done."""


class NodeRepair(Spec):
    """How far EKS goes in repairing a group's nodes."""

    noun: ClassVar[str] = "repair"

    max_unhealthy: int | str | None = None
    """With more ailing nodes nothing is repaired, since something else is wrong then: a number from 1 to 100, or a
    share of the nodes such as ``"20%"``. Default: None is EKS's own limit."""
    max_parallel: int | str | None = None
    """Most nodes that are repaired at a time: a number from 1 to 100, or a share of the ailing ones. Default: None is
    EKS's own limit."""
    overrides: Many[RepairOverride] = ()
    """Ailments with another treatment; they need the add-on ``eks-node-monitoring-agent``. Default: none."""


class NodeGroup(Spec):
    """Machines of one kind that come and go together."""

    noun: ClassVar[str] = "node group"

    name: str
    """Name, unique in the cluster: 1 to 52 letters, digits, ``-`` and ``_``. A change makes a new group beside the old
    one."""
    instance_types: Many[str]
    """Instance types, the preferred first; of one architecture. Several of about the same size help spot capacity."""
    scaling: Scaling
    """How many nodes."""
    capacity: Capacity = "on_demand"
    """How they are paid for. Default: ``"on_demand"``."""
    capacity_reservation: Later[str] | None = None
    """Id of the capacity block, ``cr-…``; it must be given with ``capacity="capacity_block"`` and only then."""
    ami_type: AmiType | None = None
    """Kind of image. Default: None takes Amazon Linux 2023 for the instance types' architecture, with NVIDIA's driver
    where they have its GPUs."""
    release_version: str | None = None
    """Release of the image, ``1.34.1-20251112``. Default: None takes the latest when the group is made or upgraded."""
    labels: Mapping[str, str] = {}
    """Labels of the nodes, beside those of their kind."""
    taints: Many[Taint] = ()
    """Taints of the nodes, beside those of their kind. Default: none."""
    disk: str = "80Gi"
    """Disk of a node, which holds images, logs and what pods write. Default: ``"80Gi"``: serving images with CUDA are
    10 GiB and more. It is always encrypted."""
    max_unavailable: int | str = 1
    """Nodes that are away at a time during an update: a number, or a share such as ``"33%"``. Default: 1."""
    update_strategy: UpdateStrategy = "new_first"
    """What an update does first. Default: ``"new_first"``. ``"old_first"`` is for machines of which there are no more:
    a capacity block, a full quota, rare GPUs."""
    force_update: bool = False
    """Whether an update goes on where a disruption budget keeps pods on an old node: they are stopped then. Default:
    False: the update fails, and the nodes stay as they are."""
    repair: NodeRepair | None = None
    """How far EKS goes in repairing nodes. Default: None leaves that to EKS: a node whose kubelet is not ready is
    always repaired, one with a broken GPU where the add-on ``eks-node-monitoring-agent`` tells of it."""
    zones: Many[str] | None = None
    """Zones out of the new network's, for capacity that only one has. Default: None takes all."""
    subnet_ids: Many[Later[str]] | None = None
    """Subnets out of the existing network's. Default: None takes all."""
    policies: Many[str] = ()
    """Managed policies of the nodes' role beside those that every node needs, as ARNs. Default: none. Prefer pod
    identities: what a node may do, all of its pods may."""
    tags: Mapping[str, str] = {}
    """Tags of the group, its instances and their disks, beside the cluster's."""


class GpuNodes(NodeGroup):
    """Machines with NVIDIA GPUs: image, labels, taint and autoscaler's tags follow from the instance type.

    Pods that ask for no GPU stay away by the taint ``nvidia.com/gpu``, which Kubernetes' admission lets pods that
    do ask tolerate by themselves; labels name the GPU, its memory and how many a node has.
    """

    noun: ClassVar[str] = "GPU nodes"

    disk: str = "200Gi"
    """Disk of a node. Default: ``"200Gi"``: a serving image with CUDA and the weights of a model of some 7 billion
    parameters take 40 GiB each version."""
    tainted: bool = True
    """Whether pods without GPUs are kept off by a taint. Default: True."""
    sharing: Sharing | None = None
    """How several pods have one GPU: ``TimeSlicing(replicas=4)``, ``Mps(…)``, ``Mig(…)``. Default: None gives a pod
    whole ones."""


__all__ = [
    "AmiType",
    "Capacity",
    "GpuNodes",
    "NodeCondition",
    "NodeGroup",
    "NodeRepair",
    "RepairAction",
    "RepairOverride",
    "Scaling",
    "Taint",
    "TaintEffect",
    "UpdateStrategy",
]
