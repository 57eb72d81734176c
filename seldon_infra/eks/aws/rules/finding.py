"""What a check of AWS finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from seldon_infra.clusters.rules.finding import Severity
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.aws.facts import AwsFacts
from seldon_infra.eks.spec import EksCluster, NodeGroup


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit, and how sure it is."""

    problem: Problem
    severity: Severity
    group: str | None = None
    """The node group that it concerns; None for the cluster."""


Rule: TypeAlias = Callable[[EksCluster, AwsFacts], Iterator[Finding]]


def of(cluster: EksCluster, group: NodeGroup | None = None) -> str:
    """Name a cluster, or a group in it, as messages do."""
    return f"{title(cluster)}{ARROW}{title(group)}" if group is not None else title(cluster)
