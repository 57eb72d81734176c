"""What a check of a cluster finds, and about what it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from seldon_infra.clusters.facts import Facts, Operator
from seldon_infra.clusters.needs import PodNeed, pods
from seldon_infra.core.problems import Problem
from seldon_infra.graph.spec import SeldonDeployment

Severity: TypeAlias = Literal["error", "warning"]
"""An error certainly fails; a warning may still come right, such as by a node that an autoscaler adds."""
Part: TypeAlias = Literal["seldon_core", "ingress"]
"""What a stack may install by itself."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit, and how sure it is."""

    problem: Problem
    severity: Severity
    deployment: str | None
    """The deployment that it concerns; None for the whole stack."""


@dataclass(frozen=True)
class Autoscaled:
    """A model server that is autoscaled."""

    path: str
    name: str
    field: Literal["keda", "hpa"]


@dataclass(frozen=True)
class Declared:
    """What a stack wants of a cluster."""

    deployments: tuple[SeldonDeployment, ...]
    stack: str
    """PROJECT/STACK, which marks what is the stack's own."""
    makes: frozenset[Part] = frozenset()
    """What this very stack installs: that it is not there yet is right."""
    creates_namespaces: bool = True
    watched: bool = False
    """Whether Prometheus' operator has to be there already."""
    log: str | None = None
    """Namespace of the stack's payload log."""
    others: tuple[PodNeed, ...] = ()
    """Pods that Seldon's operator has no part in: those of model servers."""
    autoscaled: tuple[Autoscaled, ...] = ()
    """Model servers whose number of pods something decides; deployments say it themselves."""
    needs: tuple[PodNeed, ...] = ()
    """All pods, with what each deployment's operator adds to them: found once, for all rules."""


Rule: TypeAlias = Callable[[Declared, Facts], Iterator[Finding]]


def error(problem: Problem, deployment: str | None = None) -> Finding:
    """Say what certainly fails."""
    return Finding(problem, "error", deployment)


def warning(problem: Problem, deployment: str | None = None) -> Finding:
    """Say what may still come right."""
    return Finding(problem, "warning", deployment)


def of_cluster(facts: Facts) -> str:
    """Name the cluster as messages do."""
    return f"cluster '{facts.cluster}'"


def operators_of(deployment: SeldonDeployment, facts: Facts) -> list[Operator]:
    """Give the operators that take a deployment: by controller id, and by the namespace that they look at."""
    wanted, namespace = deployment.controller_id or "", deployment.namespace
    # An id or a namespace that is not known yet may be any.
    return [
        it
        for it in facts.operators or ()
        if (not isinstance(wanted, str) or it.settings.get("CONTROLLER_ID", "") == wanted)
        and (not isinstance(namespace, str) or it.watches in (None, namespace))
    ]


def with_needs(declared: Declared, facts: Facts) -> Declared:
    """Find all pods of a stack."""
    return replace(
        declared, needs=(*(need for it in declared.deployments for need in _needs(it, facts)), *declared.others)
    )


def _needs(deployment: SeldonDeployment, facts: Facts) -> list[PodNeed]:
    """Give the pods of a deployment, with what its operator adds to them."""
    operators = operators_of(deployment, facts)
    return pods(deployment, operators[0].settings if operators else {})
