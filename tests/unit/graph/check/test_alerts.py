from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Alerts, SeldonDeployment
from tests.unit.core.later import Later
from tests.unit.graph.check.build import DEPLOYMENT, Row, deployment, predictor

ALERTS = f"{DEPLOYMENT} → alerts"


def told(**fields: Any) -> SeldonDeployment:
    return deployment(predictor(), predictor("next", shadow=True), alerts=Alerts(**fields))


ROWS = {
    "a time to wait": Row(
        told(queue_time="long"),
        f"{ALERTS}: queue_time 'long', must be a duration above 0; write queue_time='500ms'",
        told(queue_time="20ms"),
    ),
    "some time": Row(
        told(queue_time="0s"),
        f"{ALERTS}: queue_time '0s', must be a duration above 0; write queue_time='500ms'",
        told(queue_time="1s"),
    ),
    "points above none": Row(
        told(shadow_failures=0),
        f"{ALERTS}: shadow_failures 0, must be percentage points above 0 and below 100; write shadow_failures=1",
        told(shadow_failures=0.1),
    ),
    "points below all": Row(
        told(shadow_failures=100),
        f"{ALERTS}: shadow_failures 100, must be percentage points above 0 and below 100; write shadow_failures=1",
        told(shadow_failures=99),
    ),
    "slower is slower": Row(
        told(shadow_times_slower=1),
        f"{ALERTS}: shadow_times_slower 1, must be above 1, which is as fast; write shadow_times_slower=2",
        told(shadow_times_slower=1.1),
    ),
    "a shadow to compare": Row(
        deployment(alerts=Alerts(shadow_failures=2)),
        f"{ALERTS}: shadow_failures without a shadow, must have one to compare; "
        "remove shadow_failures, or write shadow=True on a predictor",
        told(shadow_failures=2),
    ),
    "days": Row(
        told(stale_after_days=0),
        f"{ALERTS}: stale_after_days 0, must be at least 1; write stale_after_days=90",
        told(stale_after_days=1),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_finds_what_breaks_it_and_nothing_else(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_what_is_not_known_yet_is_passed_over() -> None:
    late = dict.fromkeys(("queue_time", "shadow_failures", "shadow_times_slower", "stale_after_days"), Later())
    assert check(told(**late)) == []
