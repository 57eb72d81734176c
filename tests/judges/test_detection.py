"""Alerts of detectors, as Prometheus itself evaluates them: they fire when they should, and not else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from seldon_infra.graph.spec import Model
from seldon_infra.monitoring.detection import groups
from seldon_infra.monitoring.install import program
from seldon_infra.servers.detectors import DriftDetector, OutlierDetector
from tests.unit.graph.check.build import graph, model

pytestmark = pytest.mark.judges

UNLIKE = Model(name="unlike", server=OutlierDetector(), model_uri="s3://b/r", children=(model(),))
DRIFT = Model(name="drift", server=DriftDetector(), model_uri="s3://b/r", children=(UNLIKE,))
RULES = groups(graph(DRIFT, protocol="v2", namespace="shop"))
QUIET = {"drift": "0x30", "drift_rows": "0+100x30", "outliers": "0+5x30", "rows": "0+100x30"}


def series(values: dict[str, str]) -> list[dict[str, str]]:
    of = 'namespace="shop",deployment_name="fraud",predictor_name="main"'
    names = {
        "drift": f'seldon_detector_drift{{{of},model_name="drift"}}',
        "drift_rows": f'seldon_detector_rows_total{{{of},model_name="drift"}}',
        "outliers": f'seldon_detector_outliers_total{{{of},model_name="unlike"}}',
        "rows": f'seldon_detector_rows_total{{{of},model_name="unlike"}}',
    }
    return [{"series": names[name], "values": value} for name, value in values.items()]


@pytest.mark.parametrize(
    ("values", "firing"),
    [
        (QUIET, set()),
        ({**QUIET, "drift": "0x10 1x19"}, {"SeldonDrift"}),
        ({**QUIET, "drift": "1x10 0x19"}, set()),
        ({**QUIET, "drift": "1x30", "drift_rows": "0+100x5 500x25"}, set()),
        ({**QUIET, "drift": "1x30", "drift_rows": "0+100x5 500x15 500+1x9"}, {"SeldonDrift"}),
        ({"drift": "1x30"}, set()),
        ({**QUIET, "outliers": "0+20x30"}, {"SeldonOutliers"}),
        ({"drift": "0x30", "outliers": "0x30", "rows": "0x30"}, set()),
        ({}, set()),
    ],
    ids=[
        "quiet",
        "drift",
        "drift that is over",
        "drift and no rows any more",
        "drift and rows again",
        "drift and no count of rows",
        "outliers",
        "no requests",
        "no metrics",
    ],
)
def test_an_alert_fires_when_it_should_and_not_else(tmp_path: Path, values: dict[str, str], firing: set[str]) -> None:
    (tmp_path / "rules.json").write_text(json.dumps({"groups": RULES}))
    asked = [
        {
            "expr": f'count(ALERTS{{alertname="{rule["alert"]}",alertstate="firing"}}) or vector(0)',
            "eval_time": "25m",
            "exp_samples": [{"labels": "{}", "value": int(rule["alert"] in firing)}],
        }
        for group in RULES
        for rule in group["rules"]
    ]
    test = {"interval": "1m", "input_series": series(values), "promql_expr_test": asked}
    whole = {"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.json").write_text(json.dumps(whole))
    done = subprocess.run(
        [program("promtool"), "test", "rules", "test.json"], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps({"groups": RULES}))
    command = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", "rules.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rules found" in done.stdout
