"""Rules about thresholds of alerts: each can be crossed, and by what is no noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import predictors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment


def queue_time_is_a_duration(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A time that requests can wait for."""
    text = known(deployment.alerts.queue_time) if deployment.alerts else None
    seconds = parse_duration(text) if text is not None else None
    if text is not None and not seconds:
        want = "must be a duration above 0"
        yield Problem(_path(deployment), f"queue_time '{text}'", want, "write queue_time='500ms'")


def shadow_may_differ_a_little(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Two predictors never measure quite alike."""
    if deployment.alerts is None:
        return
    points = known(deployment.alerts.shadow_failures)
    if points is not None and not 0 < points < 100:
        want = "must be percentage points above 0 and below 100"
        yield Problem(_path(deployment), f"shadow_failures {points:g}", want, "write shadow_failures=1")
    times = known(deployment.alerts.shadow_times_slower)
    if times is not None and not times > 1:
        want = "must be above 1, which is as fast"
        yield Problem(_path(deployment), f"shadow_times_slower {times:g}", want, "write shadow_times_slower=2")


def shadow_is_there(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Thresholds of a shadow are for deployments that have one."""
    said = deployment.alerts.model_fields_set if deployment.alerts else frozenset()
    if not any(at.predictor.shadow for at in predictors(deployment)):
        for field in sorted({"shadow_failures", "shadow_times_slower"} & set(said)):
            fix = f"remove {field}, or write shadow=True on a predictor"
            yield Problem(_path(deployment), f"{field} without a shadow", "must have one to compare", fix)


def stale_after_days(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Whole days, at least one."""
    days = known(deployment.alerts.stale_after_days) if deployment.alerts else None
    if days is not None and days < 1:
        yield Problem(_path(deployment), f"stale_after_days {days}", "must be at least 1", "write stale_after_days=90")


def _path(deployment: SeldonDeployment) -> str:
    return f"{title(deployment)}{ARROW}alerts"


DEPLOYMENT_RULES = (queue_time_is_a_duration, shadow_may_differ_a_little, shadow_is_there, stale_after_days)
