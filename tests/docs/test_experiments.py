"""The page about experiments: its published points are the code's, and its definition keeps every rule."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import seldon_infra
from seldon_infra.cli.main import main
from seldon_infra.core.tables import columns
from seldon_infra.experiments import picture
from seldon_infra.experiments.assignment import arm_of, point
from seldon_infra.experiments.evidence import Evidence
from seldon_infra.experiments.ledger import Requests
from seldon_infra.experiments.sequential import Moments
from seldon_infra.experiments.table import rows
from seldon_infra.experiments.verdict import Verdict, judge
from seldon_infra.graph.check import check_local
from tests.unit.experiments.test_ledger import TERMS

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text()


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
    assert check_local(deployment) == []


def judged() -> Verdict:
    """Judge the experiment of the page: 10 % against 13 %, seen as users come."""
    random, arms, path = Random(3), (Moments(), Moments()), []
    terms = replace(
        TERMS,
        name="new-trees",
        min_samples=2000,
        guardrails=({"metric": {"kind": "error_rate"}, "at_most": 0.01, "worse": "increase"},),
    )
    for step in range(60):
        for _ in range(90):
            hits = [float(random.random() < share) for share in (0.10, 0.13)]
            arms = tuple(
                Moments(arm.count + 1, arm.total + hit, arm.squares + hit) for arm, hit in zip(arms, hits, strict=True)
            )
        requests = (Requests(1000 * step, 8 * step), Requests(1000 * step, 9 * step))
        at = 1_764_000_000 + step * 5000
        path.append(Evidence(at, (arms[0].count, arms[1].count), arms, requests))
    return judge(terms, path)


def test_the_picture_is_what_the_command_draws() -> None:
    assert picture.svg(judged()) == (ROOT / "docs" / "experiment.svg").read_text()


def test_the_size_is_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    (words,) = re.findall(r"`seldon-infra (experiment size [^`]+)`", PAGE)
    assert main(words.split()) == 0
    assert (
        capsys.readouterr().out
        == "min_samples=7350: with so many in each arm the effect is seen with the given power\n"
    )
    assert main([*words.split(), "--power", "1"]) == 2
    assert "--power must be between 0 and 1" in capsys.readouterr().err


def test_the_report_is_what_the_command_prints() -> None:
    verdict = judged()
    head, *body = rows(verdict)
    for line in (*columns(head, body), verdict.sentence):
        assert f"    {line}\n" in PAGE
