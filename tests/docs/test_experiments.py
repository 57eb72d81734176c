"""The page about experiments: its published points are the code's, and its definition keeps every rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.experiments.assignment import arm_of, point
from seldon_infra.graph.check import check

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text()


def test_the_points_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\S+)` \| `(\S+)` \| (0\.\d+) \| ([ab]) \| ([ab]) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for salt, key, at, half, tenth in rows:
        assert point(salt, key) == float(at)
        assert ["ab"[arm_of(salt, key, share)] for share in (0.5, 0.1)] == [half, tenth]


def test_the_definition_keeps_every_rule() -> None:
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)
    (deployment,) = names["stack"].deployments
    assert check(deployment) == []
