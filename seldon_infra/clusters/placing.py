"""Where a pod may run: what a node lacks for it, by the rules of Kubernetes' scheduler that look at nodes alone.

Labels, required node affinity, taints and amounts. Pods' wishes about other pods are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seldon_infra.clusters.facts import Amounts, Node, Taint
from seldon_infra.clusters.needs import PodNeed
from seldon_infra.core.quantity import format_cpu, format_memory
from seldon_infra.graph.render_gpu import GPU_MEMORY

_OF_THE_MOMENT = "node.kubernetes.io/"
"""Taints of nodes that are not ready, or short of something: they come and go."""
_A_LABEL, _A_TOLERATION = Decimal("0.5"), Decimal("0.25")
_MIB = 2**20
_BYTES = ("memory", "ephemeral-storage")


@dataclass(frozen=True)
class Lack:
    """One thing that a node does not have for a pod."""

    what: str
    """``nvidia.com/gpu 2, 1 there``."""
    fix: str
    weight: Decimal
    """How far it is from fitting, to find the nearest node: the share of an amount that is not there, or less where
    words can mend it."""


def lacks(node: Node, need: PodNeed, free: Amounts) -> list[Lack]:
    """Say what a node lacks for a pod; nothing where it can run there.

    Args:
        node: the machine.
        need: the pod.
        free: what the machine has to give.
    """
    return [*_labels(node, need), *_taints(node, need), *_amounts(need, free)]


def amount_text(name: str, amount: Decimal) -> str:
    """Write an amount as Kubernetes does."""
    if name.rpartition(".")[2] == "cpu":
        return format_cpu(amount)
    return format_memory(int(amount)) if name.rpartition(".")[2] in _BYTES else f"{amount.normalize():f}"


def _labels(node: Node, need: PodNeed) -> Iterator[Lack]:
    for key, value in need.spec.get("nodeSelector", {}).items():
        if node.labels.get(key) != value:
            there = f"'{node.labels[key]}'" if key in node.labels else "not set"
            yield Lack(f"label {key}={value}, {there} there", f"correct nodeSelector in {need.field}", _A_LABEL)
    required = (need.spec.get("affinity", {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution", {}
    )
    terms = required.get("nodeSelectorTerms", [])
    if terms and not any(_matches(node, term) for term in terms):
        usual = Lack("a match of its node affinity", f"correct affinity in {need.field}", _A_LABEL)
        yield (_gpu_memory(node, terms[0]) if len(terms) == 1 else None) or usual


def _gpu_memory(node: Node, term: Mapping[str, Any]) -> Lack | None:
    """Say that GPUs are too small, where that is all that a node affinity does not find."""
    unmet = [it for it in term.get("matchExpressions", []) if not _holds(node.labels, it)]
    if {(it.get("key"), it.get("operator")) for it in unmet} != {(GPU_MEMORY, "Gt")}:
        return None
    asked = max(_number(value) for it in unmet for value in it["values"]) + 1
    there = max(_number(node.labels.get(GPU_MEMORY)), 0)
    seen = format_memory(there * _MIB) if there else "not known"
    what = f"GPU memory {format_memory(asked * _MIB)}, {seen} there"
    return Lack(what, "ask for less gpu_memory", Decimal(asked - there) / asked)


def _matches(node: Node, term: Mapping[str, Any]) -> bool:
    """One term: all that it asks for holds; one that asks for nothing matches no node."""
    asked = [(node.labels, it) for it in term.get("matchExpressions", [])]
    asked += [({"metadata.name": node.name}, it) for it in term.get("matchFields", [])]
    return bool(asked) and all(_holds(labels, expression) for labels, expression in asked)


def _holds(labels: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    there, values = labels.get(expression.get("key", "")), expression.get("values", [])
    match expression.get("operator"):
        case "In":
            return there in values
        case "NotIn":
            return there not in values
        case "Exists":
            return there is not None
        case "DoesNotExist":
            return there is None
        case "Gt":
            return _number(there) > _number(values[0] if values else None)
        case "Lt":
            return there is not None and _number(there) < _number(values[0] if values else None)
    return True


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.lstrip("-").isdigit() else -(2**63)


def _taints(node: Node, need: PodNeed) -> Iterator[Lack]:
    tolerations = need.spec.get("tolerations", [])
    for taint in node.taints:
        if taint.effect == "PreferNoSchedule" or taint.key.startswith(_OF_THE_MOMENT):
            continue
        if not _is_tolerated(taint, tolerations):
            words = {"key": taint.key, "operator": "Exists", "effect": taint.effect}
            fix = f"add the toleration {words} to spec['tolerations'] of {need.field}"
            yield Lack(f"a toleration of its taint {taint}", fix, _A_TOLERATION)


def _is_tolerated(taint: Taint, tolerations: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        it.get("effect", taint.effect) in (taint.effect, "")
        and it.get("key", taint.key) in (taint.key, "")
        and (it.get("operator", "Equal") == "Exists" or it.get("value", "") == taint.value)
        for it in tolerations
    )


def _amounts(need: PodNeed, free: Amounts) -> Iterator[Lack]:
    for name, asked in {**need.requests, "pods": Decimal(1)}.items():
        there = free.get(name, Decimal(0))
        if asked > there:
            what = f"{name} {amount_text(name, asked)}, {amount_text(name, max(there, Decimal(0)))} there"
            yield Lack(what, f"ask for less {name}, or add a node that has it", (asked - there) / asked)
