"""Prometheus' own tool as a judge of rules: what they record, and which alerts fire, after given samples."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_infra.monitoring.install import program

Alert = tuple[str, str]
"""Name and severity."""


def check(folder: Path, groups: Sequence[Mapping[str, Any]]) -> str:
    """Let it read the rules, with all that it would find fault with; give what it says."""
    (folder / "rules.json").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    command = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", "rules.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts(groups: Sequence[Mapping[str, Any]]) -> list[Alert]:
    """Name the alerts among the rules."""
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return [(rule["alert"], rule["labels"]["severity"]) for rule in rules]


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    """Samples of one series, in promtool's notation: ``0+100x90`` grows by 100, 90 times."""
    of = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{of}}}", "values": values}


def firing(
    folder: Path,
    groups: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, str]],
    at: str,
    interval: str = "1m",
) -> set[Alert]:
    """Ask which alerts fire at a time, after these samples: promtool names those of which that is not so."""
    asked = {_fires(*name): name for name in alerts(groups)}
    expected = [{"labels": "{}", "value": 1}]
    said = _test(
        folder, groups, given, interval, [{"expr": it, "eval_time": at, "exp_samples": expected} for it in asked]
    )
    silent = {name for expr, name in asked.items() if json.dumps(expr) in said}
    assert said.count("got:") == len(silent), said
    return set(asked.values()) - silent


def recorded(
    folder: Path,
    groups: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, str]],
    at: str,
    expected: Mapping[str, float],
) -> None:
    """Require that expressions over records have these values at a time, to one part in a thousand."""
    asked = [
        {"expr": f"round(1000 * ({expression}), 1)", "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for expression, value in ((each, round(1000 * number)) for each, number in expected.items())
    ]
    said = _test(folder, groups, given, "1m", asked)
    assert "SUCCESS" in said, said


def _test(
    folder: Path,
    groups: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, str]],
    interval: str,
    asked: Sequence[Mapping[str, Any]],
) -> str:
    (folder / "rules.json").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    test = {"interval": interval, "input_series": given, "promql_expr_test": asked}
    # Groups come in no order of their own there, and a record is looked back for five minutes: with longer intervals
    # an alert whose group is evaluated before that of its record never sees it.
    order = [group["name"] for group in groups]
    whole = {
        "rule_files": ["rules.json"],
        "evaluation_interval": interval,
        "group_eval_order": order,
        "tests": [test],
    }
    (folder / "test.json").write_text(json.dumps(whole), encoding="utf-8")
    command = [program("promtool"), "test", "rules", "test.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    return done.stdout + done.stderr


def _fires(alert: str, severity: str) -> str:
    return f'count(ALERTS{{alertname="{alert}", severity="{severity}", alertstate="firing"}}) or vector(0)'
