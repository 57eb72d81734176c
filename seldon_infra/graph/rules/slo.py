"""Rules about service level objectives: they promise something that is counted, and whose breach can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import predictors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment

FASTEST_BURN = 14.4
"""Times at which the first alert sees what may fail being used up. Source: multi-window, multi-burn-rate alerts, The
Site Reliability Workbook, chapter 5."""
LEAST_AVAILABILITY = 95.0
"""Of less, more than all would have to fail before FASTEST_BURN is reached; this leaves it some room."""
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds by which the executor's histogram tells durations apart. Source: DefBuckets of executor/api/metric."""


def promises_something(deployment: SeldonDeployment) -> Iterator[Problem]:
    """An slo without objectives makes no alert."""
    slo = deployment.slo
    if slo is not None and slo.availability is None and slo.latency_p99 is None:
        yield Problem(_path(deployment), "has no objective", "must have one", "write Slo(availability=99.9)")


def availability_can_alert(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Percent, not a fraction; 100 leaves nothing to use up."""
    percent = known(deployment.slo.availability) if deployment.slo else None
    if percent is not None and not LEAST_AVAILABILITY <= percent < 100:
        fix = f"write {percent * 100:g}" if LEAST_AVAILABILITY <= percent * 100 < 100 else "write 99.9"
        yield Problem(
            _path(deployment),
            f"availability {percent:g}",
            f"must be a percentage from {LEAST_AVAILABILITY:g} to below 100",
            fix,
        )


def latency_is_measured(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A duration that the executor's histogram can tell from others."""
    text = known(deployment.slo.latency_p99) if deployment.slo else None
    if text is None:
        return
    seconds = parse_duration(text)
    if seconds is None or not BOUNDS[0] <= float(seconds) <= BOUNDS[-1]:
        want = "must be a duration from 5ms to 10s, which is what the executor's histogram tells apart"
        yield Problem(_path(deployment), f"latency_p99 '{text}'", want, "write latency_p99='200ms'")


def requests_are_counted(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Only orchestrators count requests by deployment and predictor."""
    for at in predictors(deployment) if deployment.slo else ():
        if at.predictor.no_engine and not at.predictor.shadow:
            fix = "remove no_engine, or the deployment's slo"
            yield Problem(at.path, "no_engine on a deployment with slo", "must have an orchestrator, which counts", fix)


def _path(deployment: SeldonDeployment) -> str:
    return f"{title(deployment)}{ARROW}slo"


DEPLOYMENT_RULES = (promises_something, availability_can_alert, latency_is_measured, requests_are_counted)
