"""Rules of service level objectives, as Prometheus itself evaluates them: they fire when they should, and not else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from seldon_infra.graph.spec import Slo
from seldon_infra.monitoring.objectives import groups
from tests.judges import promtool
from tests.unit.graph.check.build import deployment, predictor

pytestmark = pytest.mark.judges

REQUESTS = "seldon_api_executor_server_requests_seconds"
FAILURES, SLOWNESS = "SeldonFailuresUseUpBudget", "SeldonSlownessUsesUpBudget"
PROMISING = deployment(
    predictor("main", traffic=90),
    predictor("canary", traffic=10),
    predictor("next", shadow=True),
    namespace="shop",
    slo=Slo(availability=99.9, latency_p99="200ms"),
)
HEALTHY = {'code="200"': "0+100x{minutes}"}


def series(values: Mapping[str, str], minutes: int, part: str = "count", who: str = "main") -> list[dict[str, str]]:
    """Samples of each minute, by the labels that tell them apart."""
    of = f'namespace="shop",deployment_name="fraud",predictor_name="{who}",service="predictions",method="post"'
    return [
        {"series": f"{REQUESTS}_{part}{{{of},{labels}}}", "values": value.replace("{minutes}", str(minutes))}
        for labels, value in values.items()
    ]


def firing(folder: Path, given: list[dict[str, str]], at: str, interval: str = "1m") -> set[promtool.Alert]:
    return promtool.firing(folder, groups(PROMISING), given, at, interval)


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    assert "18 rules found" in promtool.check(tmp_path, groups(PROMISING))


FAST = {'code="200",le="0.1"': "0+90x{minutes}", 'code="200",le="0.25"': "0+100x{minutes}"}
SLOW = {'code="200",le="0.1"': "0+40x{minutes}", 'code="200",le="0.25"': "0+70x{minutes}"}


@pytest.mark.parametrize(
    ("failed", "severities"),
    [("0+0x90", set()), ("0+0.4x90", {"ticket"}), ("0+5x90", {"page", "ticket"})],
    ids=["none", "4 times what may fail", "50 times"],
)
def test_failures_fire_by_how_fast_they_use_up_what_may_fail(tmp_path: Path, failed: str, severities: set[str]) -> None:
    given = series({**HEALTHY, 'code="500"': failed}, 90)
    assert firing(tmp_path, given, "90m") == {(FAILURES, severity) for severity in severities}


def test_a_clients_mistakes_and_a_shadows_failures_fire_nothing(tmp_path: Path) -> None:
    mistaken = series({**HEALTHY, 'code="400"': "0+50x{minutes}", 'code="429"': "0+50x{minutes}"}, 90)
    shadow = series({'code="500"': "0+100x{minutes}"}, 90, who="next")
    assert firing(tmp_path, mistaken + shadow, "90m") == set()


def test_it_is_over_when_it_is_over(tmp_path: Path) -> None:
    given = series({'code="200"': "0+100x200", 'code="500"': "0+20x60 1200+0x140"}, 200)
    assert (FAILURES, "page") in firing(tmp_path, given, "55m")
    assert (FAILURES, "page") not in firing(tmp_path, given, "100m")


def test_slowness_fires_by_the_line_between_two_bounds(tmp_path: Path) -> None:
    """Of 100 requests 90 take up to 0.1 s and all up to 0.25 s: 3.3 % are taken to be over 0.2 s, and 40 % of SLOW."""
    counted = series(HEALTHY, 90)
    fast = series(FAST, 90, "bucket") + counted
    assert firing(tmp_path, fast, "90m") == {(SLOWNESS, "ticket")}
    slow = series(SLOW, 90, "bucket") + counted
    assert firing(tmp_path, slow, "90m") == {(SLOWNESS, "page"), (SLOWNESS, "ticket")}
