"""Clusters with GPU software and autoscalers, and the golden files that show what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seldon_infra import (
    Chart,
    ClusterAutoscaler,
    DcgmExporter,
    DevicePlugin,
    EksCluster,
    GpuNodes,
    GpuOperator,
    GpuSoftware,
    Karpenter,
    Mig,
    Mps,
    NodePool,
    Scaling,
    TimeSlicing,
)
from seldon_infra.core.yaml import dump
from seldon_infra.eks.gpu_software.render import Machines, namespaces, pools, releases
from seldon_infra.eks.gpu_software.rights import identities
from tests.unit.eks.cases import GPU, SYSTEM, cluster

GOLDEN = Path(__file__).parent / "golden"
MACHINES = Machines("prod-nodes-1f0c", ("subnet-a", "subnet-b"), "sg-1", "prod-interruptions-2e9d")


def gpus(name: str, instance_type: str, **fields: Any) -> GpuNodes:
    return GpuNodes(name=name, instance_types=(instance_type,), scaling=Scaling(maximum=2), **fields)


def on(*groups: Any, **fields: Any) -> EksCluster:
    """A cluster with one group that is never empty, and these."""
    return cluster(node_groups=(SYSTEM, *groups), **fields)


CASES = {
    "default": ("What a cluster with GPU nodes has that says nothing of software.", on(GPU)),
    "shared": (
        "GPUs that pods share, by turns on some nodes and by MPS on others.",
        on(
            gpus("turns", "g6.2xlarge", sharing=TimeSlicing(replicas=4)),
            gpus("parts", "g6e.2xlarge", sharing=Mps(replicas=2)),
            gpu_software=GpuSoftware(metrics=None),
        ),
    ),
    "divided": (
        "GPUs that are divided by MIG beside some that pods share by turns; both by the GPU operator.",
        on(
            gpus("divided", "p5.48xlarge", sharing=Mig(profile="1g.10gb")),
            gpus("turns", "g6.2xlarge", sharing=TimeSlicing(replicas=4)),
            gpu_software=GpuSoftware(metrics=DcgmExporter(service_monitor=True)),
        ),
    ),
    "own-charts": (
        "Charts from elsewhere, with values of one's own.",
        on(
            GPU,
            gpu_software=GpuSoftware(
                plugin=DevicePlugin(chart=Chart(name="./charts/plugin"), values={"gfd": {"enabled": False}}),
                metrics=DcgmExporter(chart=Chart(name="oci://acme.io/dcgm", version="4"), values={"a": "b"}),
                namespace="gpus",
            ),
        ),
    ),
    "operator": (
        "The GPU operator where nothing is shared and nothing measured.",
        on(GPU, gpu_software=GpuSoftware(plugin=GpuOperator(), metrics=None)),
    ),
    "cluster-autoscaler": (
        "Kubernetes' own autoscaler on a cluster without GPUs, and what it may do in AWS.",
        on(autoscaler=ClusterAutoscaler(idle="20m", image_tag="v1.34.5")),
    ),
    "karpenter": (
        "Karpenter with a pool for each class of GPUs, and what it may do in AWS.",
        on(
            autoscaler=Karpenter(
                pools=(
                    NodePool(
                        name="l4",
                        instance_types=("g6.xlarge", "g6.2xlarge"),
                        maximum=4,
                        capacity=("spot", "on_demand"),
                        labels={"team": "ml"},
                    ),
                    NodePool(name="cpu", instance_types=("m7i.2xlarge",), maximum=10, disk="80Gi", idle="1m"),
                ),
                ami_version="v20260812",
            ),
            tags={"team": "ml"},
        ),
    ),
}


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    shows, spec = CASES[name]
    parts: dict[str, Any] = {f"Namespace {it}": labels for it, labels in namespaces(spec).items()}
    for each in releases(spec, MACHINES.queue):
        chart = each.chart.model_dump(exclude_none=True)
        after = {"after": each.after} if each.after else {}
        parts[f"Release {each.namespace}/{each.name}"] = {"chart": chart, **after, "values": each.values}
    for manifest in pools(spec, MACHINES):
        parts[f"{manifest['kind']} {manifest['metadata']['name']}"] = manifest["spec"]
    for each_right in identities(spec, "aws", "prod-nodes", "prod-interruptions-"):
        name = f"PodIdentity {each_right.namespace}/{each_right.service_account}"
        parts[name] = list(each_right.statements)
    return f"# {shows}\n{dump(parts)}"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
