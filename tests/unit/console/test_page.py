"""The page's files: what they may not use, and colours that everybody can read."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from seldon_infra.console.server import PAGE

CSS = (PAGE / "console.css").read_text()
COLOURS = {name: (light, dark) for name, light, dark in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\);", CSS)}
TEXTS = ("text", "muted", "link", "ok", "starting", "down")
GROUNDS = ("page", "panel", "card", "wash")
CAPTIONS = ("model", "transformer", "router", "combiner", "explainer", "ingress")


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"), [*product(TEXTS, GROUNDS), *product(CAPTIONS, ("card",)), ("down", "downwash")]
)
def test_text_keeps_a_contrast_of_4_5_to_1(text: str, ground: str, scheme: int) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("file", sorted(PAGE.glob("*.js")), ids=lambda file: file.name)
def test_text_never_becomes_markup_or_code(file: Path) -> None:
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", file.read_text())
        == []
    )


@pytest.mark.parametrize("file", sorted(PAGE.glob("*.*")), ids=lambda file: file.name)
def test_nothing_comes_from_elsewhere(file: Path) -> None:
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?:|//cdn|@import", text) == []


def test_markup_holds_no_script_and_no_style_which_the_policy_would_refuse() -> None:
    text = (PAGE / "index.html").read_text()
    assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src)", text) == []
