"""docs/console.md: its keys are those of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seldon_infra.cli.console import PORT
from seldon_infra.console.masks import SECRET
from seldon_infra.console.server import PAGE as FOLDER

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "console.md").read_text()


def test_the_keys_are_those_of_the_page() -> None:
    rows = re.findall(r"^\| ((?:`\S+` ?)+)\| (?!does)(.+) \|$", PAGE, re.M)
    shown = [("".join(re.findall("`(.+?)`", keys)), what) for keys, what in rows]
    dialog = re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", (FOLDER / "index.html").read_text())
    told = [("".join(re.findall("<kbd>(.+?)</kbd>", keys)), what) for keys, what in dialog]
    assert shown == [(keys, what.replace("this list", "these keys")) for keys, what in told]


def test_the_port_and_the_words_for_secrets_are_those_of_the_code() -> None:
    assert f"another port than {PORT}" in PAGE
    assert f"({SECRET.pattern.replace('|', ', ')})" in PAGE
