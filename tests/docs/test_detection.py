"""docs/detection.md: its definition is right, its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.graph.check import check_local
from seldon_infra.monitoring.detection import groups
from seldon_infra.servers.detectors import DriftDetector, OutlierDetector

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "detection.md").read_text()


@pytest.fixture(scope="module")
def stack() -> seldon_infra.Stack:
    text = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    made: seldon_infra.Stack = names["stack"]
    return made


def test_the_definition_runs_on_this_machine(stack: seldon_infra.Stack) -> None:
    assert check_local(stack.deployments[0]) == []


def test_every_alert_is_on_the_page(stack: seldon_infra.Stack) -> None:
    alerts = {rule["alert"] for group in groups(stack.deployments[0]) for rule in group["rules"]}
    assert set(re.findall(r"^\| `(Seldon\w+)`", PAGE, re.M)) == alerts


def test_every_metric_is_on_the_page() -> None:
    code = (ROOT / "servers" / "detect" / "files" / "detecting.py").read_text()
    made = {
        f"{name}_total" if kind.lower() == "counter" else name
        for kind, name in re.findall(r"(counter|gauge|Gauge)\(\s*\"(seldon_\w+)\"", code)
    }
    assert set(re.findall(r"^\| `(seldon_\w+)`", PAGE, re.M)) == made


def test_defaults_are_those_of_the_code() -> None:
    shown = dict(re.findall(r"`(\w+)`: [^|]* \| ([\d.]+) \|", PAGE))
    drift, outliers = DriftDetector(), OutlierDetector()
    assert {name: float(value) for name, value in shown.items()} == {
        "window": drift.window,
        "p_value": drift.p_value,
        "share": outliers.share,
        "alert_share": outliers.alert_share,
    }
