"""docs/aws_checks.md: what it quotes is said, what it lists is what is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seldon_infra.cli.main import main
from tests.unit.eks.aws.test_check import ROWS, said

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "aws_checks.md").read_text()
GOLDEN = ROOT / "tests/unit/plan/golden/cost.txt"


def test_the_errors_that_are_quoted_are_said() -> None:
    everything = "\n".join(said(row.cluster, row.wrong) for row in ROWS.values())
    quoted = re.findall(r"^    (cluster '.*: .*)$", PAGE, re.MULTILINE)
    assert len(quoted) == 3
    for line in quoted:
        assert line in everything


def test_the_bill_that_is_shown_is_what_is_printed() -> None:
    lines = GOLDEN.read_text().splitlines()
    bill = lines[lines.index("cost in USD, with the fewest nodes to the most") + 1 : -2]
    assert "\n".join(f"    {line}" for line in bill) in PAGE


def test_the_commands_that_are_shown_have_those_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plan", "--help"])
    assert "terraform" in capsys.readouterr().out
