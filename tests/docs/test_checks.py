"""The page on checks: its table is the one that is checked by, its errors are worded as the checks word them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seldon_infra.clusters.check import skipped_in_words
from seldon_infra.clusters.facts import Facts, Skipped
from seldon_infra.graph.capabilities import table
from seldon_infra.graph.render import STACK_MARK

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()


def test_the_table_of_settings_is_the_one_that_is_checked_by() -> None:
    shown = re.search(r"<!-- capabilities: .* -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1] == table()


def test_what_is_skipped_is_shown_in_the_words_that_are_said() -> None:
    rights = (Skipped("node capacity", "no right to list nodes"), Skipped("room on nodes", "no right to list pods"))
    silent = (Skipped("", "https://10.0.0.1:6443 gave no answer within 3 s"),)
    for skipped in (rights, silent):
        assert f"    {skipped_in_words(Facts('prod', skipped=skipped))}\n" in PAGE


def test_the_mark_is_the_one_that_is_left() -> None:
    assert f"`{STACK_MARK}: PROJECT/STACK`" in PAGE
