"""The pages on drift and on plans: what they show is what the commands print, and the recipe for CI works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seldon_infra.core.changes import Action, Change, Named
from seldon_infra.drift.collect import Difference, Drift, Drifted, Pending
from seldon_infra.drift.objects import Subject
from seldon_infra.drift.owners import Manager
from seldon_infra.drift.report import table
from tests.engine.scratch import STACK
from tests.local.project import new_project, predictor
from tests.local.test_drift import stop_the_gateway

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "drift.md").read_text()
PLAN = Path(__file__).parents[1] / "unit" / "plan" / "golden" / "plan.txt"
IRIS = Subject("SeldonDeployment", "iris", "models", "machinelearning.seldon.io/v1")
TRAFFIC = Change(("spec", "predictors", Named("main"), "traffic"), 90, 60)
DRIFT = Drift(
    "prod",
    (
        Drifted(Subject("Route", "d"), "gone"),
        Drifted(IRIS, "changed", (Difference(TRAFFIC, Manager("somebody", "Update", "2026-01-02T03:04:05Z")),)),
    ),
    pending=(Pending(IRIS, Action.UPDATE, (Change(("spec", "replicas"), 1, 2),)),),
)


def shown(page: str) -> str:
    """The first block that is indented."""
    block = re.search(r"(?:^(?:    .*)?\n)+(?=^\S)", page.partition("```\n\n")[2], re.MULTILINE)
    assert block is not None
    return re.sub(r"^    ", "", block[0], flags=re.MULTILINE).rstrip("\n") + "\n"


@pytest.mark.docs
def test_the_drift_that_is_shown_is_what_is_printed() -> None:
    assert shown(PAGE) == table(DRIFT)


@pytest.mark.docs
def test_the_plan_that_is_shown_is_what_is_printed() -> None:
    assert shown((DOCS / "plan.md").read_text()) == PLAN.read_text()


@pytest.mark.docs
@pytest.mark.engine
@pytest.mark.local
def test_the_recipe_for_ci_fails_with_the_report_where_something_drifted(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    line = str(yaml.safe_load(block)["jobs"]["drift"]["steps"][-1]["run"]).replace("--stack prod", f"--stack {STACK}")
    line = line.replace("seldon-infra ", f'"{sys.executable}" -m seldon_infra.cli.main ')
    summary = tmp_path / "summary.md"
    with new_project() as project:
        project.define(predictor())
        project.engine.up()

        def status() -> int:
            environment = project.engine.environment | {"GITHUB_STEP_SUMMARY": str(summary)}
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", line]
            return subprocess.run(command, cwd=project.folder, env=environment, timeout=600).returncode

        assert status() == 0
        stop_the_gateway(project)
        assert status() == 7
    assert '| Gateway gateway | running | "running" | "stopped" | by hand, no record of who |' in summary.read_text()
