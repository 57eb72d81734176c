"""Software for GPU nodes and what adds nodes, as a cluster declares it."""

from typing import ClassVar

from seldon_infra.core.model import Spec


class GpuSoftware(Spec):
    """What makes GPUs known to Kubernetes: NVIDIA's device plugin and its metrics."""

    noun: ClassVar[str] = "GPU software"


class ClusterAutoscaler(Spec):
    """Kubernetes' own autoscaler: it changes the size of the cluster's node groups, down to zero."""

    noun: ClassVar[str] = "cluster autoscaler"


class Karpenter(Spec):
    """Karpenter: it starts the machine that fits best, without node groups."""

    noun: ClassVar[str] = "Karpenter"
