"""docs/explanation.md: its definition is right, its table is the code's, its picture is drawn by the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.explain.draw import document
from seldon_infra.explain.reasons import Weight, Weights
from seldon_infra.graph.check import check_local
from seldon_infra.graph.spec.explainers import METHODS

pytestmark = pytest.mark.docs
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "explanation.md").read_text()
SERVERS = Path(__file__).parents[2] / "servers"


def test_the_definition_runs_on_this_machine() -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    assert check_local(names["stack"].deployments[0]) == []


def test_every_method_is_in_the_table_with_what_runs_it() -> None:
    rows = dict(re.findall(r"^\| `([A-Z]\w+)` \| ([\w. ]+) \|", PAGE, re.M))
    assert set(rows) == set(METHODS)
    for name, method in METHODS.items():
        by, version, *network = rows[name].split(" ", 2)
        assert method.server == "-".join([by, *(["tensorflow"] if network == ["with TensorFlow"] else network)])
        assert f"{by}=={version}" in (SERVERS / method.server / "requirements.in").read_text().splitlines()


def test_the_picture_is_drawn_from_the_answer_that_is_shown() -> None:
    shown = re.findall(r"^  ([+-][\d.]+)  (\w+) = (\d+)$", PAGE, re.M)
    weights = [Weight(feature, value, float(weight)) for weight, feature, value in shown]
    head = re.search(r"^'(\w+)' (\d\S*), (\S+) of an unknown row$", PAGE, re.M)
    assert head
    reasons = Weights("TreeShap", head[1], float(head[3]), float(head[2]), weights)
    assert (DOCS / "explanation.svg").read_text() == document("fraud", reasons)
