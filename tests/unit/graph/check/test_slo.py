from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import SeldonDeployment, Slo
from tests.unit.core.later import Later
from tests.unit.graph.check.build import DEPLOYMENT, PREDICTOR, Row, deployment, predictor

SLO = f"{DEPLOYMENT} → slo"


def promising(**fields: Any) -> SeldonDeployment:
    return deployment(slo=Slo(**fields))


ROWS = {
    "an slo promises something": Row(
        promising(),
        f"{SLO}: has no objective, must have one; write Slo(availability=99.9)",
        promising(availability=99.9),
    ),
    "availability is a percentage": Row(
        promising(availability=0.999),
        f"{SLO}: availability 0.999, must be a percentage from 95 to below 100; write 99.9",
        promising(availability=99.9),
    ),
    "something may go wrong": Row(
        promising(availability=100),
        f"{SLO}: availability 100, must be a percentage from 95 to below 100; write 99.9",
        promising(availability=99.99),
    ),
    "not so much that nothing could alert": Row(
        promising(availability=90),
        f"{SLO}: availability 90, must be a percentage from 95 to below 100; write 99.9",
        promising(availability=95),
    ),
    "latency is a duration": Row(
        promising(latency_p99="fast"),
        f"{SLO}: latency_p99 'fast', must be a duration from 5ms to 10s, which is what the executor's histogram tells "
        "apart; write latency_p99='200ms'",
        promising(latency_p99="5ms"),
    ),
    "latency is one that is measured": Row(
        promising(latency_p99="1m"),
        f"{SLO}: latency_p99 '1m', must be a duration from 5ms to 10s, which is what the executor's histogram tells "
        "apart; write latency_p99='200ms'",
        promising(latency_p99="10s"),
    ),
    "somebody counts": Row(
        deployment(predictor(no_engine=True), slo=Slo(availability=99.9)),
        f"{PREDICTOR}: no_engine on a deployment with slo, must have an orchestrator, which counts; "
        "remove no_engine, or the deployment's slo",
        deployment(predictor(no_engine=True)),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_finds_what_breaks_it_and_nothing_else(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_what_is_not_known_yet_is_passed_over() -> None:
    assert check(promising(availability=Later(), latency_p99=Later())) == []
