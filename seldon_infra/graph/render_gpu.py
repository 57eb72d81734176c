"""GPUs of a pod: how much memory each must have.

Kubernetes counts GPUs and knows nothing of their memory. NVIDIA's discovery puts it onto nodes as a label, in MiB, so a
node affinity asks for it. Source: NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from seldon_infra.core.model import Later
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.render_values import Manifest, mapped
from seldon_infra.graph.spec import Resources

GPU = "nvidia.com/gpu"
GPU_MEMORY = "nvidia.com/gpu.memory"
_MIB = 2**20
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def on_gpus(spec: Manifest, wishes: Iterable[Resources | None]) -> Manifest:
    """Give a PodSpec that runs only where each GPU has the memory that its containers ask for.

    What the pod says itself about nodes stays: it may say several things of which one must hold, so each gets it.
    """
    asked = [_expression(it.gpu_memory) for it in wishes if it is not None and it.gpu_memory is not None]
    if not asked:
        return spec
    affinity = dict(spec.get("affinity") or {})
    node = dict(affinity.get("nodeAffinity") or {})
    terms = (node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    both = [{**term, "matchExpressions": [*term.get("matchExpressions", []), *asked]} for term in terms]
    return {**spec, "affinity": {**affinity, "nodeAffinity": {**node, _REQUIRED: {"nodeSelectorTerms": both}}}}


def _expression(memory: Later[str | int]) -> Manifest:
    return {"key": GPU_MEMORY, "operator": "Gt", "values": [mapped(memory, _below)]}


def _below(memory: Any) -> str:
    """The last whole MiB that is too little, for Kubernetes has no "at least"."""
    amount = parse_quantity(memory)
    # What is no amount stays as it is: the check names it, in the user's words.
    return str(memory) if amount is None else str(ceil(amount / _MIB) - 1)
