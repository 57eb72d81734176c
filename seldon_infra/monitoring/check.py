"""Rules about monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import is_later, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.render_objects import policy_of

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
    yield from _prometheus_is_let_in(monitoring, deployments)
    seconds = parse_duration(monitoring.interval)
    if seconds is None or not 1 <= seconds <= LONGEST_INTERVAL:
        want = "must be a duration from 1s to 1m: rates over five minutes need several samples"
        yield Problem(f"Kubernetes{ARROW}monitoring", f"interval '{monitoring.interval}'", want, "write interval='30s'")


def _prometheus_is_let_in(monitoring: Monitoring, deployments: Sequence[SeldonDeployment]) -> Iterator[Problem]:
    """Where a deployment's policy lets in whom it names, the Prometheus that the stack brings has to be among them."""
    if monitoring.install is None:
        return
    namespace = monitoring.install.namespace
    for deployment in deployments:
        policy = policy_of(deployment)
        listed = policy.monitoring_namespaces if policy is not None else [namespace]
        if namespace not in listed and not any(map(is_later, listed)):
            got = f"monitoring_namespaces {', '.join(map(str, listed)) or 'empty'}"
            want = f"must name '{namespace}', where Prometheus asks from"
            fix = f"write NetworkPolicy(monitoring_namespaces=['{namespace}'])"
            yield Problem(f"{title(deployment)}{ARROW}network policy", got, want, fix)
