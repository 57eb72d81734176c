"""Rules of service level objectives, as Prometheus itself evaluates them: they fire when they should, and not else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from seldon_infra.graph.spec import Slo
from seldon_infra.monitoring.install import program
from seldon_infra.monitoring.objectives import groups
from tests.unit.graph.check.build import deployment, predictor

pytestmark = pytest.mark.judges

REQUESTS = "seldon_api_executor_server_requests_seconds"
FAILURES, SLOWNESS, SILENCE = "SeldonFailuresUseUpBudget", "SeldonSlownessUsesUpBudget", "SeldonGetsNoRequests"
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


def firing(folder: Path, given: list[dict[str, str]], at: str, interval: str = "1m") -> set[tuple[str, str]]:
    """Ask Prometheus which alerts fire at a time, after these samples: promtool names those of which that is not so."""
    (folder / "rules.json").write_text(json.dumps({"groups": groups(PROMISING)}), encoding="utf-8")
    asked = {_fires(*name): name for name in alerts()}
    expected = [{"labels": "{}", "value": 1}]
    test = {
        "interval": interval,
        "input_series": given,
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": expected} for expr in asked],
    }
    whole = {"rule_files": ["rules.json"], "evaluation_interval": interval, "tests": [test]}
    (folder / "test.json").write_text(json.dumps(whole), encoding="utf-8")
    command = [program("promtool"), "test", "rules", "test.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    silent = {name for expr, name in asked.items() if json.dumps(expr) in said}
    assert said.count("got:") == len(silent), said
    return set(asked.values()) - silent


def _fires(alert: str, severity: str) -> str:
    return f'count(ALERTS{{alertname="{alert}", severity="{severity}", alertstate="firing"}}) or vector(0)'


def alerts() -> list[tuple[str, str]]:
    rules = [rule for group in groups(PROMISING) for rule in group["rules"] if "alert" in rule]
    return [(rule["alert"], rule["labels"]["severity"]) for rule in rules]


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps({"groups": groups(PROMISING)}), encoding="utf-8")
    command = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", "rules.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "19 rules found" in done.stdout


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


def test_silence_fires_where_yesterday_somebody_asked(tmp_path: Path) -> None:
    """Requests for 25 hours, then none: 55 minutes later there were some at this time yesterday."""
    given = series({'code="200"': "0+500x300 150000+0x12"}, 312)
    assert firing(tmp_path, given, "24h50m", "5m") == set()
    assert firing(tmp_path, given, "25h55m", "5m") == {(SILENCE, "ticket")}
