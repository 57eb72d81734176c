"""docs/monitoring.md: its definition is right, and its tables are the code's."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.cli.render import cluster_manifests
from seldon_infra.monitoring import gpu, measured, objectives, trouble
from seldon_infra.monitoring.objectives import BURNS, WINDOWS
from seldon_infra.monitoring.rules import on_cluster

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()


@pytest.fixture(scope="module")
def stack() -> seldon_infra.Stack:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    made: seldon_infra.Stack = names["stack"]
    return made


def test_the_definition_is_right_and_both_objects_are_rendered(stack: seldon_infra.Stack) -> None:
    assert stack.check() == []
    assert {"PodMonitor", "PrometheusRule"} <= {each["kind"] for each in cluster_manifests(stack)}


def test_the_burns_are_those_of_the_code() -> None:
    rows = [f"| {burn.times:g} times | {burn.long} | {burn.short} | {burn.severity} |" for burn in BURNS]
    assert re.findall(r"^\| [\d.]+ times .*$", PAGE, re.M) == rows


def test_every_alert_is_on_the_page(stack: seldon_infra.Stack) -> None:
    texts = " ".join(inspect.getsource(module) for module in (gpu, trouble, objectives))
    assert set(re.findall(r"^\| `(Seldon\w+)`", PAGE, re.M)) == set(re.findall(r'"(Seldon[A-Z]\w+)"', texts))


def test_every_record_is_on_the_page(stack: seldon_infra.Stack) -> None:
    named = {value for value in vars(measured).values() if isinstance(value, str) and ":seldon_" in value}
    shares = {f"{what}{window}" for what in re.findall(r"`(deployment:\w+:ratio_rate)5m`", PAGE) for window in WINDOWS}
    assert set(re.findall(r"`((?:predictor|node):\w+:\w+)`", PAGE)) == named
    made = {rule["record"] for group in on_cluster(stack.deployments[0]) for rule in group["rules"] if "record" in rule}
    assert made <= named | shares
    assert shares <= made


def test_the_thresholds_are_those_of_the_code() -> None:
    fields = seldon_infra.Alerts.model_fields
    rows = re.findall(r"^\| `Seldon\w+` \|.*?\| `(\w+)=([^`]+)`", PAGE, re.M)
    assert {name for name, _ in rows} == set(fields)
    assert {name: text for name, text in rows if name != "stale_after_days"} == {
        name: repr(field.default).replace("'", '"') for name, field in fields.items() if name != "stale_after_days"
    }
