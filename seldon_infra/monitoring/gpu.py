"""Alerts about GPUs of a deployment: paid for and idle, or slowed down by heat.

Names are those of NVIDIA's DCGM exporter (etc/default-counters.csv, 4.8.1), which also says whose pod has a GPU. Where
Prometheus does not take an exporter's labels as they are, they are called ``exported_namespace`` and ``exported_pod``.
"""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.monitoring.series import namespace_of, title_of
from seldon_infra.monitoring.workloads import pods, workloads

BUSY, THROTTLED = "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_THERMAL_VIOLATION"
"""Use in percent; nanoseconds for which clocks were slowed down by heat, which is none of the default counters."""
IDLE_PERCENT, IDLE_WINDOW = 5, "6h"
THROTTLED_SHARE = 0.1


def alerts(deployment: SeldonDeployment) -> Iterator[Manifest]:
    """Give the alerts of a deployment that asks for GPUs; none of others."""
    if not has_gpus(deployment):
        return
    names = [name for each in deployment.predictors for name in workloads(deployment, each)]
    yield _idle(deployment, pods(names))
    yield _throttled(deployment, pods(names))


def has_gpus(deployment: SeldonDeployment) -> bool:
    """Whether a node asks for GPUs."""
    every = (node.resources for each in deployment.predictors for node in nodes(each.graph) if node.resources)
    return any(amounts is not None and amounts.gpu for said in every for amounts in (said.limits, said.requests))


def _idle(deployment: SeldonDeployment, named: str) -> Manifest:
    used = " or ".join(
        f"avg_over_time({BUSY}{own}[{IDLE_WINDOW}]) < {IDLE_PERCENT} and {BUSY}{own} offset {IDLE_WINDOW}"
        for own in _chosen(deployment, named)
    )
    return {
        "alert": "SeldonGpuIsIdle",
        "expr": used,
        "for": "15m",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": f"a GPU of {title_of(deployment)} does next to nothing",
            "description": f"GPU {{{{ $labels.gpu }}}} of {{{{ $labels.Hostname }}}} was used {{{{ $value }}}} % of "
            f"the last {IDLE_WINDOW}.\n"
            "1. If requests are few, let several models share it (`sharing` of the node group), or scale to zero by "
            "`keda`.\n"
            "2. If they are many, the model may run on the CPU by mistake: look at KIND_GPU of its instance groups.",
        },
    }


def _throttled(deployment: SeldonDeployment, named: str) -> Manifest:
    slowed = " or ".join(f"rate({THROTTLED}{own}[10m]) / 1e9" for own in _chosen(deployment, named))
    return {
        "alert": "SeldonGpuIsThrottled",
        "expr": f"({slowed}) > {THROTTLED_SHARE:g}",
        "for": "15m",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": f"a GPU of {title_of(deployment)} is slowed down by heat",
            "description": "GPU {{ $labels.gpu }} of {{ $labels.Hostname }} ran with lower clocks "
            "{{ $value | humanizePercentage }} of the last 10 minutes.\n"
            "1. Move the pods: drain the machine, and let the cloud replace it.\n"
            "2. Until then fewer requests at once (`max_queue_size`, replicas elsewhere) keep it cool.",
        },
    }


def _chosen(deployment: SeldonDeployment, named: str) -> Iterator[str]:
    for prefix in ("", "exported_"):
        yield f'{{{prefix}namespace="{namespace_of(deployment)}", {prefix}pod=~{named}}}'
