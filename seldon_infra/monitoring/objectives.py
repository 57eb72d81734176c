"""Service level objectives as Prometheus' rules: how much of what may go wrong is being used up, in several windows.

Multi-window, multi-burn-rate alerts of The Site Reliability Workbook, chapter 5, for an objective over 30 days. Records
are named level:metric:operation, as Prometheus advises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from seldon_infra.core.model import known
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.rules.slo import BOUNDS, FASTEST_BURN
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.monitoring.series import (
    FAILED,
    OF_DEPLOYMENT,
    REQUESTS,
    answering,
    chosen,
    namespace_of,
    one_of,
    predictions,
    rate,
    record,
    share,
    title_of,
)

TOLD_APART = 0.99
"""Share of the requests that `latency_p99` is about."""
_BY_WINDOW = "deployment:seldon_requests_{what}:ratio_rate{window}"


@dataclass(frozen=True)
class Burn:
    """How fast what may go wrong in 30 days is used up, and in which windows that has to show."""

    times: float
    long: str
    short: str
    severity: str


BURNS = (
    Burn(FASTEST_BURN, "1h", "5m", "page"),
    Burn(6.0, "6h", "30m", "page"),
    Burn(3.0, "1d", "2h", "ticket"),
    Burn(1.0, "3d", "6h", "ticket"),
)
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True)
class Objective:
    """One thing that a deployment promises."""

    what: str
    """What is counted against it: ``failed`` or ``slow``."""
    alert: str
    promise: str
    """In words, for whoever is woken up."""
    budget: float
    """Share of the requests for which it need not hold."""
    seconds: float | None = None
    """Time after which a request is slow; None where failures count."""


def groups(deployment: SeldonDeployment) -> list[Manifest]:
    """Give a deployment's groups of rules as Prometheus reads them; none without objectives."""
    objectives = list(_objectives(deployment))
    if not objectives:
        return []
    name = f"{namespace_of(deployment)}/{deployment.name}"
    records = [_record(deployment, objective, window) for objective in objectives for window in WINDOWS]
    alerts = [rule for objective in objectives for rule in _alerts(deployment, objective)]
    return [{"name": f"{name}/records", "rules": records}, {"name": f"{name}/alerts", "rules": alerts}]


def _objectives(deployment: SeldonDeployment) -> Iterator[Objective]:
    slo = deployment.slo
    if slo is not None and (percent := known(slo.availability)) is not None:
        promise = f"{percent:g} % of its requests get an answer"
        yield Objective("failed", "SeldonFailuresUseUpBudget", promise, round(1 - percent / 100, 9))
    text = known(slo.latency_p99) if slo is not None else None
    if text is not None and (seconds := parse_duration(text)) is not None:
        promise = f"99 % of its requests are answered within {text}"
        yield Objective("slow", "SeldonSlownessUsesUpBudget", promise, round(1 - TOLD_APART, 9), float(seconds))


def _record(deployment: SeldonDeployment, objective: Objective, window: str) -> Manifest:
    """Record the share of requests in a window for which an objective did not hold."""
    late = objective.seconds
    expression = _failed(deployment, window) if late is None else _slow(deployment, late, window)
    return record(_BY_WINDOW.format(what=objective.what, window=window), expression)


def _failed(deployment: SeldonDeployment, window: str) -> str:
    failed = _rate("count", deployment, window, f"code=~{one_of(FAILED)}")
    return share(failed, _rate("count", deployment, window))


def _slow(deployment: SeldonDeployment, seconds: float, window: str) -> str:
    parts = _bounds_around(seconds)
    within = (f"{weight:.6g} * {_rate('bucket', deployment, window, _up_to(bound))}" for bound, weight in parts)
    return f"1 - ({' + '.join(within)}) / {_rate('count', deployment, window)}"


def _bounds_around(seconds: float) -> list[tuple[float, float]]:
    """Give the bounds below and above, each with its part in a straight line between them."""
    if seconds in BOUNDS:
        return [(seconds, 1.0)]
    lower, upper = next(pair for pair in pairwise(BOUNDS) if pair[0] < seconds < pair[1])
    part = (seconds - lower) / (upper - lower)
    return [(lower, 1 - part), (upper, part)]


def _up_to(bound: float) -> str:
    """Choose a bucket by its bound, as any exporter writes it: Go's has ``1``, Python's and Prometheus 3 ``1.0``."""
    return rf'le=~"{bound:g}(\\.0)?"' if bound == int(bound) else f'le="{bound:g}"'


def _rate(part: str, deployment: SeldonDeployment, window: str, *more: str) -> str:
    """Give the rate of predictions that a client waits for."""
    matchers = predictions(deployment, answering(deployment), *more)
    return rate(f"{REQUESTS}_{part}", matchers, OF_DEPLOYMENT, window)


def _alerts(deployment: SeldonDeployment, objective: Objective) -> Iterator[Manifest]:
    for severity in dict.fromkeys(burn.severity for burn in BURNS):
        burns = [burn for burn in BURNS if burn.severity == severity]
        yield {
            "alert": objective.alert,
            "expr": " or ".join(_burning(deployment, objective, burn) for burn in burns),
            "labels": {"severity": severity},
            "annotations": {
                "summary": f"{title_of(deployment)} breaks its promise that {objective.promise}",
                "description": _runbook(deployment, objective, burns),
            },
        }


def _burning(deployment: SeldonDeployment, objective: Objective, burn: Burn) -> str:
    most = f"{burn.times * objective.budget:.6g}"
    own = f"{{{chosen(deployment)}}}"
    long, short = (_BY_WINDOW.format(what=objective.what, window=window) for window in (burn.long, burn.short))
    return f"({long}{own} > {most} and {short}{own} > {most})"


def _runbook(deployment: SeldonDeployment, objective: Objective, burns: Sequence[Burn]) -> str:
    windows = " or ".join(f"{burn.times:g} times as fast as 30 days allow, in the last {burn.long}" for burn in burns)
    looks = "which node is slow" if objective.what == "slow" else "which node fails, and with which status"
    return (
        f"{{{{ $value | humanizePercentage }}}} of the requests are {objective.what}, where "
        f"{objective.budget * 100:.4g} % may be: what may go wrong is being used up {windows}.\n"
        f"1. `seldon-infra status` shows predictors and pods that are not ready, `seldon-infra logs {deployment.name}` "
        f"what they say.\n"
        f"2. {REQUESTS.replace('server', 'client')} by model_name shows {looks}.\n"
        "3. If it began with a change, put the last definition back and run `pulumi up`: predictors are replaced only "
        "once the old ones are ready.\n"
        "4. If pods are busy, raise `replicas` or what the autoscaler may add."
    )
