"""The page on importing: its first command makes a stack that renders to the same, its errors are what is said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from seldon_infra.graph.read.normal import normal
from tests.unit.graph.cases import GOLDEN

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text()
BROKEN = """\
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
meta
name: fraud
spec:
  predictors:
  - name: main
    graph: {name: fraud, implementation: SKLEARN_SERVER, modelUri: s3://models/fraud}
"""


def typed(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one line of the page in a folder."""
    line = words.replace("seldon-infra ", f'"{sys.executable}" -m seldon_infra.cli.main ')
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: models\nruntime: python\nmain: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "fraud.yaml").write_text((GOLDEN / "separate-orchestrator.yaml").read_text())
    return tmp_path


def deployment(text: str) -> dict[str, Any]:
    (found,) = (it for it in yaml.safe_load_all(text) if it["kind"] == "SeldonDeployment")
    return normal(found)


def test_the_first_command_makes_a_stack_that_renders_to_the_same(project: Path) -> None:
    command = re.search(r"^seldon-infra import fraud\.yaml > \S+$", PAGE, re.MULTILINE)
    assert command is not None
    assert typed(command[0], project).stderr == ""
    rendered = typed("seldon-infra render --stack fraud", project)
    assert rendered.returncode == 0, rendered.stderr
    assert deployment(rendered.stdout) == deployment((project / "fraud.yaml").read_text())


def test_the_errors_that_are_shown_are_what_is_said(project: Path) -> None:
    (project / "fraud.yaml").write_text(BROKEN)
    said = typed("seldon-infra import fraud.yaml", project).stderr.splitlines()
    shown = [line.strip() for line in PAGE.splitlines() if line.startswith("    fraud.yaml line")]
    assert len(shown) == 2
    assert [line for line in shown if line not in said] == []
