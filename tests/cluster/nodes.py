"""The cluster's simulated nodes: two for CPU work, one with eight GPUs that only pods which tolerate it may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.engine.waiting import wait_until

GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
CPU_NODES, GPU_NODES = ("cpu-0", "cpu-1"), ("gpu-0",)


def node(name: str, *, gpus: int = 0) -> dict[str, Any]:
    """A Node as kwok takes it over, with the capacity of a common machine."""
    amounts = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "100Gi", "pods": "110"}
    if gpus:
        amounts["nvidia.com/gpu"] = str(gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
        "spec": {"taints": [GPU_TAINT]} if gpus else {},
        "status": {"capacity": amounts, "allocatable": amounts},
    }


def add_nodes(control_plane: ControlPlane, cpu_nodes: Sequence[str] = CPU_NODES) -> None:
    """Add the nodes, and return when all of them are ready."""
    for name in cpu_nodes:
        control_plane.request("POST", "/api/v1/nodes", node(name))
    for name in GPU_NODES:
        control_plane.request("POST", "/api/v1/nodes", node(name, gpus=8))
    wait_until(lambda: all(_is_ready(control_plane, name) for name in (*cpu_nodes, *GPU_NODES)))


def _is_ready(control_plane: ControlPlane, name: str) -> bool:
    status = control_plane.request("GET", f"/api/v1/nodes/{name}").get("status", {})
    return {"type": "Ready", "status": "True"}.items() <= next(
        (condition for condition in status.get("conditions", []) if condition["type"] == "Ready"), {}
    ).items()
