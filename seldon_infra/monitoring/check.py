"""Rules about monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.monitoring.spec import Monitoring

LONGEST_INTERVAL = 60
_FOLLOWS = {"slo": "nothing would be held to it", "alerts": "nobody would be told"}
"""Fields that monitoring alone makes something of, and what is lost without it."""


def check(monitoring: Monitoring | None, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """Find what is wrong with a cluster's monitoring, and what nobody would hold to or tell."""
    if monitoring is None:
        for deployment in deployments:
            for field, lost in _FOLLOWS.items():
                if getattr(deployment, field) is not None:
                    got = f"is declared on a cluster without monitoring, so {lost}"
                    fix = "write Kubernetes(monitoring=Monitoring()), or remove it"
                    yield Problem(f"{title(deployment)}{ARROW}{field}", got, "must be watched", fix)
        return
    seconds = parse_duration(monitoring.interval)
    if seconds is None or not 1 <= seconds <= LONGEST_INTERVAL:
        want = "must be a duration from 1s to 1m: rates over five minutes need several samples"
        yield Problem(f"Kubernetes{ARROW}monitoring", f"interval '{monitoring.interval}'", want, "write interval='30s'")
