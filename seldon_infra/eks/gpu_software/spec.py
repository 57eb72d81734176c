"""How GPUs become known to Kubernetes, how several pods share one, and what adds nodes, as a cluster declares it.

Sources: NVIDIA's k8s-device-plugin 0.19, gpu-operator 26.3 and dcgm-exporter 4.8 (charts and READMEs), NVIDIA's MIG
user guide; Kubernetes' cluster-autoscaler (its page about AWS, chart 9.59); Karpenter 1.14 (CRDs, values.yaml).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from seldon_infra.charts.spec import Chart
from seldon_infra.core.model import JsonObject, Many, Spec


class TimeSlicing(Spec):
    """Pods take turns on a GPU. Each sees its whole memory, so one that takes too much fails the others."""

    noun: ClassVar[str] = "time slicing"

    replicas: int
    """Pods on one GPU, from 2: a node offers so many times its GPUs, and a pod may ask for one."""


class Mps(Spec):
    """Pods compute on a GPU at the same time, each with an equal share of its memory and threads.

    NVIDIA calls it experimental in its device plugin.
    """

    noun: ClassVar[str] = "MPS"

    replicas: int
    """Pods on one GPU, from 2 to 48: a node offers so many times its GPUs, and a pod may ask for one."""


class Mig(Spec):
    """GPUs are divided in hardware into smaller ones, which know nothing of each other. It takes the GPU operator."""

    noun: ClassVar[str] = "MIG"

    profile: str
    """Size of the parts, ``1g.10gb``: computing units and memory. All GPUs of the nodes are divided alike."""


Sharing: TypeAlias = TimeSlicing | Mps | Mig
"""How several pods have one GPU."""


class DevicePlugin(Spec):
    """NVIDIA's device plugin, and the discovery that labels nodes by their GPUs. Source: chart nvidia-device-plugin."""

    noun: ClassVar[str] = "device plugin"

    version: str = "0.19.2"
    """Version of the chart and the plugin. Default: ``0.19.2``."""
    chart: Chart | None = None
    """The chart, where it is not NVIDIA's own: a mirror, a folder. Default: NVIDIA's."""
    values: JsonObject = Field(default_factory=dict)
    """Further values of the chart. Default: none."""


class GpuOperator(Spec):
    """NVIDIA's GPU operator: device plugin, discovery, metrics and MIG by one operator. Source: chart gpu-operator.

    The driver and the container toolkit stay those of EKS's image.
    """

    noun: ClassVar[str] = "GPU operator"

    version: str = "v26.3.3"
    """Version of the chart and the operator. Default: ``v26.3.3``."""
    chart: Chart | None = None
    """The chart, where it is not NVIDIA's own: a mirror, a folder. Default: NVIDIA's."""
    values: JsonObject = Field(default_factory=dict)
    """Further values of the chart. Default: none."""


class DcgmExporter(Spec):
    """Metrics of GPUs for Prometheus, on port 9400 of every GPU node. Source: chart dcgm-exporter."""

    noun: ClassVar[str] = "GPU metrics"

    version: str = "4.8.1"
    """Version of the chart; the GPU operator brings its own. Default: ``4.8.1``."""
    service_monitor: bool = False
    """Whether the chart makes a ServiceMonitor of its own; ``Kubernetes(monitoring=…)`` watches it anyway.
    Default: False."""
    chart: Chart | None = None
    """The chart, where it is not NVIDIA's own: a mirror, a folder. Default: NVIDIA's."""
    values: JsonObject = Field(default_factory=dict)
    """Further values of the chart, or of ``dcgmExporter`` with the GPU operator. Default: none."""


class GpuSoftware(Spec):
    """What makes GPUs known to Kubernetes, and measures them.

    ``GpuSoftware(existing=True)`` says that somebody else installs it, such as a GitOps tool: nothing is declared then.
    """

    noun: ClassVar[str] = "GPU software"

    existing: bool = False
    """Whether somebody else installs it. How nodes share GPUs is then theirs to configure, by the names of
    configurations that nodes are labelled with. Default: False."""
    plugin: DevicePlugin | GpuOperator | None = None
    """What offers GPUs to pods. Default: the device plugin; the GPU operator where nodes share by ``Mig``."""
    metrics: DcgmExporter | None = Field(default_factory=DcgmExporter)
    """What measures GPUs; None for nothing. Default: DCGM exporter."""
    namespace: str = "gpu-system"
    """Namespace of all of it. Default: ``gpu-system``."""


class ClusterAutoscaler(Spec):
    """Kubernetes' own autoscaler: it changes the size of the cluster's node groups, down to zero.

    Source: chart cluster-autoscaler.
    """

    noun: ClassVar[str] = "cluster autoscaler"

    version: str = "9.59.0"
    """Version of the chart. Default: ``9.59.0``."""
    image_tag: str | None = None
    """Tag of its image, which has to be of Kubernetes' minor version. Default: the first of the cluster's,
    ``v1.34.0``."""
    idle: str = "10m"
    """How long a node may be unneeded before it goes, as a duration. Default: ``"10m"``.
    Source: --scale-down-unneeded-time."""
    chart: Chart | None = None
    """The chart, where it is not Kubernetes' own: a mirror, a folder. Default: Kubernetes'."""
    values: JsonObject = Field(default_factory=dict)
    """Further values of the chart. Default: none."""


CapacityType: TypeAlias = Literal["on_demand", "spot", "reserved"]
"""How Karpenter gets machines."""


class NodePool(Spec):
    """Machines that Karpenter starts when pods need them. Source: NodePool and EC2NodeClass of Karpenter.

    GPUs of a pool are not shared: Karpenter counts whole ones, and would start a machine for each share. Node groups
    beside it may share theirs.
    """

    noun: ClassVar[str] = "node pool"

    name: str
    """Name, unique in the cluster: a DNS label."""
    instance_types: Many[str]
    """Instance types that it may start, of one architecture and either all with GPUs or none: a class of GPUs."""
    maximum: int
    """Most nodes at a time, all of the smallest of its types."""
    capacity: Many[CapacityType] = ("on_demand",)
    """How machines are got, the cheapest first. Default: on demand."""
    labels: Mapping[str, str] = {}
    """Labels of the nodes, beside those of their GPUs. Default: none."""
    disk: str = "200Gi"
    """Disk of a node, encrypted. Default: ``"200Gi"``."""
    idle: str = "5m"
    """How long a node may be empty before it goes, as a duration; one with pods is left alone. Default: ``"5m"``.
    Source: disruption.consolidateAfter."""


class Karpenter(Spec):
    """Karpenter: it starts the machine that fits pods best, in pools instead of node groups. Source: chart karpenter.

    It runs on a node group of the cluster, and its nodes have the role of the groups' nodes.
    """

    noun: ClassVar[str] = "Karpenter"

    pools: Many[NodePool]
    """What it may start, one pool for each class of GPUs."""
    version: str = "1.14.1"
    """Version of the charts of Karpenter and of its CRDs. Default: ``1.14.1``."""
    ami_version: str = "latest"
    """Release of Amazon Linux 2023's image of EKS, ``v20260812``; nodes are replaced when a later one comes with
    ``latest``. Default: ``latest``."""
    interruption_queue: str | None = None
    """Name of an SQS queue of the region that AWS's notices of interruptions are sent to, where something else makes it
    with the rules that fill it. Default: one that the stack makes.
    Source: settings.interruptionQueue."""
    chart: Chart | None = None
    """The chart, where it is not Karpenter's own: a mirror, a folder. Default: Karpenter's."""
    crd_chart: Chart | None = None
    """The chart of its CRDs, likewise. Default: Karpenter's."""
    values: JsonObject = Field(default_factory=dict)
    """Further values of the chart. Default: none."""


__all__ = [
    "CapacityType",
    "ClusterAutoscaler",
    "DcgmExporter",
    "DevicePlugin",
    "GpuOperator",
    "GpuSoftware",
    "Karpenter",
    "Mig",
    "Mps",
    "NodePool",
    "Sharing",
    "TimeSlicing",
]
