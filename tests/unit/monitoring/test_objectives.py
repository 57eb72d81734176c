"""The shape of the rules; what they find is for Prometheus itself to say (tests/judges/test_objectives.py)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.graph.rules.slo import BOUNDS
from seldon_infra.graph.spec import Slo
from seldon_infra.monitoring.objectives import groups
from seldon_infra.runtime.orchestrator.metrics import SECONDS
from tests.unit.graph.check.build import deployment, predictor


def rules(slo: Slo | None, *predictors: Any) -> list[dict[str, Any]]:
    made = groups(deployment(*predictors, namespace="shop", slo=slo))
    return [rule for group in made for rule in group["rules"]]


def test_without_objectives_there_are_no_rules() -> None:
    assert rules(None) == []


def test_each_objective_is_recorded_in_every_window_and_alerts_twice() -> None:
    made = rules(Slo(availability=99.9, latency_p99="200ms"))
    assert len([rule for rule in made if "record" in rule]) == 14
    alerts = [(rule["alert"], rule["labels"]["severity"]) for rule in made if "alert" in rule]
    assert alerts == [
        ("SeldonFailuresUseUpBudget", "page"),
        ("SeldonFailuresUseUpBudget", "ticket"),
        ("SeldonSlownessUsesUpBudget", "page"),
        ("SeldonSlownessUsesUpBudget", "ticket"),
    ]


def test_every_window_that_an_alert_looks_at_is_recorded() -> None:
    made = rules(Slo(availability=99.9, latency_p99="200ms"))
    recorded = {rule["record"] for rule in made if "record" in rule}
    looked_at = {name for rule in made for name in re.findall(r"deployment:\w+:\w+", rule["expr"])}
    assert looked_at == recorded


def test_nobody_waits_for_a_shadow() -> None:
    main, canary = predictor("main", traffic=90), predictor("canary", traffic=10)
    made = rules(Slo(availability=99), main, canary, predictor("next", shadow=True))
    assert all('predictor_name=~"main|canary"' in rule["expr"] for rule in made if "record" in rule)


def test_the_local_orchestrator_has_every_bound_of_the_executor() -> None:
    assert set(BOUNDS) <= set(SECONDS)


@given(st.integers(5, 10_000))
def test_the_parts_of_two_bounds_lie_on_the_line_between_them(milliseconds: int) -> None:
    expression = next(rule for rule in rules(Slo(latency_p99=f"{milliseconds}ms")) if "record" in rule)["expr"]
    parts = re.findall(r'([\d.e-]+) \* sum[^{]+\{[^}]*le=~?"([\d.]+)', expression)
    assert sum(float(weight) for weight, _ in parts) == pytest.approx(1, abs=1e-5)
    middle = sum(float(weight) * float(bound) for weight, bound in parts)
    assert middle == pytest.approx(milliseconds / 1000, rel=1e-3)
