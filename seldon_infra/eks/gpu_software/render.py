"""GPU software and autoscalers as releases of charts, and Karpenter's objects.

Sources of charts, versions and values: NVIDIA/k8s-device-plugin, deployments/helm/nvidia-device-plugin 0.19;
NVIDIA/gpu-operator, deployments/gpu-operator 26.3, and its pages about MIG and installed drivers; NVIDIA/dcgm-exporter,
deployment 4.8; kubernetes/autoscaler, charts/cluster-autoscaler 9.59; aws/karpenter-provider-aws, charts/karpenter and
charts/karpenter-crd 1.14.

Software of GPU nodes tolerates every taint, for a user's own taints keep models apart, not what serves all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.charts.render import over
from seldon_infra.charts.spec import Chart
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.core.yaml import dump
from seldon_infra.eks.gpu_software.counters import counters
from seldon_infra.eks.gpu_software.rights import AUTOSCALER, KARPENTER, NAMESPACE
from seldon_infra.eks.gpu_software.spec import (
    ClusterAutoscaler,
    DcgmExporter,
    DevicePlugin,
    GpuOperator,
    GpuSoftware,
    Karpenter,
    Mig,
    NodePool,
    TimeSlicing,
)
from seldon_infra.eks.offers import GPU_TAINT, Offer, config_name, gpu_labels, offer, pools_of, sharing_of
from seldon_infra.eks.spec import EksCluster
from seldon_infra.graph.render_gpu import GPU
from seldon_infra.graph.render_values import Manifest

_ANYWHERE = [{"operator": "Exists"}]
_ON_GPUS = {f"{GPU}.present": "true"}
_DEFINITIONS = "karpenter-crd"
_CONFIG = "device-plugin-config"
_NOBODY = 65534
_CAPACITY = {"on_demand": "on-demand", "spot": "spot", "reserved": "reserved"}
_GIB = 2**30


@dataclass(frozen=True)
class Installed:
    """A chart's release."""

    name: str
    chart: Chart
    namespace: str
    values: Mapping[str, Any]
    after: str | None = None
    """The release that has to be there first."""


@dataclass(frozen=True)
class Machines:
    """What Karpenter's machines take of the cluster, where it is made or will be."""

    role: Any
    """Name of the nodes' role."""
    subnets: Sequence[Any]
    """Ids of the nodes' subnets."""
    security_group: Any
    """Id of the cluster's security group."""
    queue: Any = None
    """Name of the queue that the stack makes for notices of interruptions; None where it makes none."""


def has_gpus(cluster: EksCluster) -> bool:
    """Tell whether a cluster has nodes with GPUs, or may get some."""
    return any(map(gpu_labels, cluster.node_groups)) or any(map(gpu_labels, pools_of(cluster)))


def software(cluster: EksCluster) -> GpuSoftware | None:
    """The GPU software that is installed: what a cluster says, else the default where it has GPUs; None for none."""
    said = cluster.gpu_software or (GpuSoftware() if has_gpus(cluster) else None)
    if said is None or said.existing:
        return None
    if said.plugin is not None:
        return said
    divided = any(isinstance(sharing_of(it), Mig) for it in cluster.node_groups)
    return said.model_copy(update={"plugin": GpuOperator() if divided else DevicePlugin()})


def namespaces(cluster: EksCluster) -> dict[str, dict[str, str]]:
    """The namespace of GPU software with its labels: its pods reach into their nodes."""
    said = software(cluster)
    return {said.namespace: {"pod-security.kubernetes.io/enforce": "privileged"}} if said else {}


def releases(cluster: EksCluster, queue: object = None) -> tuple[Installed, ...]:
    """All charts, each after those that it needs.

    Args:
        cluster: what is declared.
        queue: name of the queue that the stack makes for Karpenter; None where it makes none.
    """
    said = software(cluster)
    return (*(_of_gpus(cluster, said) if said else ()), *_of_autoscaler(cluster, queue))


def _of_gpus(cluster: EksCluster, said: GpuSoftware) -> Iterator[Installed]:
    match said.plugin:
        case GpuOperator() as operator:
            values = over(_operator(cluster, said), operator.values)
            yield Installed("gpu-operator", _chart(operator, _GPU_OPERATOR), said.namespace, values)
        case DevicePlugin() as plugin:
            values = over(_plugin(cluster), plugin.values)
            yield Installed("nvidia-device-plugin", _chart(plugin, _DEVICE_PLUGIN), said.namespace, values)
            if said.metrics is not None:
                values = over(_exporter(said.metrics), said.metrics.values)
                yield Installed("dcgm-exporter", _chart(said.metrics, _EXPORTER), said.namespace, values)


def _of_autoscaler(cluster: EksCluster, queue: object) -> Iterator[Installed]:
    match cluster.autoscaler:
        case ClusterAutoscaler() as autoscaler:
            values = over(_autoscaler(cluster, autoscaler), autoscaler.values)
            yield Installed(AUTOSCALER, _chart(autoscaler, _AUTOSCALER), NAMESPACE, values)
        case Karpenter() as karpenter:
            definitions = karpenter.crd_chart or Chart(name=f"{_KARPENTER}-crd", version=karpenter.version)
            yield Installed(_DEFINITIONS, definitions, NAMESPACE, {})
            chart = karpenter.chart or Chart(name=_KARPENTER, version=karpenter.version)
            values = over(_karpenter(cluster, karpenter, queue), karpenter.values)
            yield Installed(KARPENTER, chart, NAMESPACE, values, after=_DEFINITIONS)


_DEVICE_PLUGIN = ("nvidia-device-plugin", "https://nvidia.github.io/k8s-device-plugin")
_GPU_OPERATOR = ("gpu-operator", "https://helm.ngc.nvidia.com/nvidia")
_EXPORTER = ("dcgm-exporter", "https://nvidia.github.io/dcgm-exporter/helm-charts")
_AUTOSCALER = ("cluster-autoscaler", "https://kubernetes.github.io/autoscaler")
_KARPENTER = "oci://public.ecr.aws/karpenter/karpenter"


def _chart(said: DevicePlugin | GpuOperator | DcgmExporter | ClusterAutoscaler, own: tuple[str, str]) -> Chart:
    return said.chart or Chart(name=own[0], repository=own[1], version=said.version)


def _plugin(cluster: EksCluster) -> dict[str, Any]:
    found = configurations(cluster)
    return {
        **({"config": {"map": found, "default": "default"}} if found else {}),
        "tolerations": _ANYWHERE,
        "gfd": {"enabled": True},
        "nfd": {"worker": {"tolerations": _ANYWHERE}},
    }


def _operator(cluster: EksCluster, said: GpuSoftware) -> dict[str, Any]:
    found, metrics = configurations(cluster), said.metrics
    divided = any(isinstance(sharing_of(it), Mig) for it in cluster.node_groups)
    exporter = {"serviceMonitor": {"enabled": metrics.service_monitor}, **metrics.values} if metrics else {}
    config = {"create": True, "name": _CONFIG, "default": "default", "data": found}
    return {
        "node-feature-discovery": {"worker": {"tolerations": _ANYWHERE}},
        "daemonsets": {"tolerations": _ANYWHERE},
        "mig": {"strategy": "single"},
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        **({"devicePlugin": {"config": config}} if found else {}),
        "dcgmExporter": {"enabled": metrics is not None, **exporter},
        # A GPU that is in use is divided only after a restart of its machine.
        **({"migManager": {"env": [{"name": "WITH_REBOOT", "value": "true"}]}} if divided else {}),
    }


def configurations(cluster: EksCluster) -> dict[str, str]:
    """The device plugin's configurations by name, of which a node's label chooses one; none where no GPU is shared."""
    shared = [sharing_of(it) for it in cluster.node_groups]
    found = {config_name(it): _shares(it.replicas, it) for it in shared if it is not None and not isinstance(it, Mig)}
    strategy = "single" if any(isinstance(it, Mig) for it in shared) else "none"
    return (
        {"default": _config(strategy, {}), **{name: _config("none", it) for name, it in found.items()}} if found else {}
    )


def _shares(replicas: int, sharing: object) -> dict[str, Any]:
    resources = [{"name": GPU, "replicas": replicas}]
    if isinstance(sharing, TimeSlicing):
        return {"timeSlicing": {"failRequestsGreaterThanOne": True, "resources": resources}}
    return {"mps": {"resources": resources}}


def _config(strategy: str, sharing: Mapping[str, Any]) -> str:
    return dump({"version": "v1", "flags": {"migStrategy": strategy}, **({"sharing": sharing} if sharing else {})})


def _exporter(metrics: DcgmExporter) -> dict[str, Any]:
    return {
        "serviceMonitor": {"enabled": metrics.service_monitor},
        "customMetrics": counters(),
        "nodeSelector": _ON_GPUS,
        "tolerations": _ANYWHERE,
    }


def _autoscaler(cluster: EksCluster, autoscaler: ClusterAutoscaler) -> dict[str, Any]:
    return {
        "fullnameOverride": AUTOSCALER,
        "autoDiscovery": {"clusterName": cluster.name},
        "awsRegion": cluster.region,
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "extraArgs": {
            "balance-similar-node-groups": True,
            "expander": "least-waste",
            "scale-down-unneeded-time": autoscaler.idle,
            # Pods of models keep scratch space on their nodes, which may go with them.
            "skip-nodes-with-local-storage": False,
        },
        "image": {"tag": autoscaler.image_tag or f"v{cluster.version}.0"},
        "rbac": {"serviceAccount": {"name": AUTOSCALER}},
        "securityContext": {
            "fsGroup": _NOBODY,
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _karpenter(cluster: EksCluster, karpenter: Karpenter, made: object) -> dict[str, Any]:
    queue = karpenter.interruption_queue or made
    settings = {"clusterName": cluster.name, **({"interruptionQueue": queue} if queue is not None else {})}
    return {"serviceAccount": {"name": KARPENTER}, "settings": settings}


def pools(cluster: EksCluster, machines: Machines) -> list[Manifest]:
    """Karpenter's objects: for each pool how its machines start, then when."""
    karpenter = cluster.autoscaler
    if not isinstance(karpenter, Karpenter):
        return []
    made = ((_node_class(cluster, karpenter, it, machines), _node_pool(it)) for it in karpenter.pools)
    return [manifest for pair in made for manifest in pair]


def _node_class(cluster: EksCluster, karpenter: Karpenter, pool: NodePool, machines: Machines) -> Manifest:
    """Instance metadata of version 2 and not for pods, encrypted disks, private subnets: as nodes of groups."""
    size = int((parse_quantity(pool.disk) or 0) / _GIB)
    disk = {"volumeSize": f"{size}Gi", "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
    return {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": pool.name},
        "spec": {
            "amiSelectorTerms": [{"alias": f"al2023@{karpenter.ami_version}"}],
            "role": machines.role,
            "subnetSelectorTerms": [{"id": it} for it in machines.subnets],
            "securityGroupSelectorTerms": [{"id": machines.security_group}],
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
            "tags": {"Name": f"{cluster.name}-{pool.name}", **cluster.tags},
        },
    }


def _node_pool(pool: NodePool) -> Manifest:
    offered = offer(pool)
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": pool.name},
        "spec": {
            "template": {
                "metadata": {"labels": {**gpu_labels(pool), **pool.labels}},
                "spec": {
                    "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": pool.name},
                    "taints": [{"key": it.key, "value": it.value, "effect": it.effect} for it in _taints(offered)],
                    "requirements": [
                        _among("node.kubernetes.io/instance-type", pool.instance_types),
                        _among("karpenter.sh/capacity-type", [_CAPACITY[it] for it in pool.capacity]),
                    ],
                    "expireAfter": "Never",
                },
            },
            "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": pool.idle},
            "limits": _limits(pool, offered),
        },
    }


def _among(key: str, values: Any) -> Manifest:
    return {"key": key, "operator": "In", "values": list(values)}


def _taints(offered: Offer | None) -> tuple[Any, ...]:
    """Taints of a pool; one of which nothing is known is taken for one of GPUs."""
    return (GPU_TAINT,) if offered is None else offered.node.taints


def _limits(pool: NodePool, offered: Offer | None) -> Manifest:
    """What the pool's machines may have altogether: Karpenter counts amounts, not machines."""
    if offered is None:
        return {GPU: pool.maximum}
    gpus = int(offered.node.allocatable.get(GPU, 0))
    if gpus:
        return {GPU: pool.maximum * gpus}
    return {"cpu": pool.maximum * (int(offered.node.allocatable["cpu"]) + 1)}
