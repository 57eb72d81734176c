"""Gradients and other rows: what is said of them, and how they are drawn."""

from __future__ import annotations

import base64
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from typing import Any

import pytest

from seldon_infra.explain.draw import document
from seldon_infra.explain.reasons import (
    Anchor,
    Change,
    Contrast,
    Curve,
    Curves,
    Reasons,
    Weight,
    Weights,
    reasons_of,
    sentences,
)

SVG = "{http://www.w3.org/2000/svg}"
CLASSES = ("genuine", "fraud")
NAMES = ["amount", "hour"]
GRADIENTS: dict[str, Any] = {
    "attributions": [[[0.5, -0.1]]],
    "X": [[300.0, 3.0]],
    "predictions": [[0.1, 0.9]],
    "feature_names": NAMES,
}
COUNTERFACTUAL: dict[str, Any] = {
    "cf": {"X": [[102.7, 3.0000001]], "class": 0, "proba": [[0.6, 0.4]]},
    "X": [[300.0, 3.0]],
    "orig_class": 1,
    "feature_names": NAMES,
}
CONTRASTIVE: dict[str, Any] = {
    "mode": "PN",
    "PN": [[118.0, 12.0]],
    "PP": None,
    "PN_pred": 1,
    "PP_pred": None,
    "X": [[80.0, 12.0]],
    "X_pred": 0,
    "no_info": [[38.0, 11.0]],
    "feature_names": NAMES,
}
ENOUGH = {**CONTRASTIVE, "mode": "PP", "PN": None, "PP": [[60.0, 11.0]], "PP_pred": [0]}
FAR = "no row with another answer was found; max_iterations, c_init or eps may lead farther"
SAID: dict[str, tuple[dict[str, Any], list[str]]] = {
    "gradients add up to the answer": (
        GRADIENTS,
        ["'fraud' 0.9, 0.5 of an unknown row", "+0.500  amount = 300", "-0.100  hour = 3"],
    ),
    "gradients of a model's one number": (
        {**GRADIENTS, "predictions": [[0.9]]},
        ["'fraud' 0.9, 0.5 of an unknown row", "+0.500  amount = 300", "-0.100  hour = 3"],
    ),
    "a row with another answer": (
        COUNTERFACTUAL,
        ["'fraud' would be 'genuine' with", "amount 102.7 instead of 300"],
    ),
    "no such row": ({**COUNTERFACTUAL, "cf": None}, [f"'fraud': {FAR}"]),
    "what must be absent": (CONTRASTIVE, ["'genuine' would be 'fraud' with", "amount 118 instead of 80"]),
    "nothing that must be": ({**CONTRASTIVE, "PN": None, "PN_pred": None}, [f"'genuine': {FAR}"]),
    "what is enough": (
        ENOUGH,
        ["'genuine' is what a middle row gets with", "amount 60 instead of 38"],
    ),
    "what needs nothing": (
        {**ENOUGH, "PP": [[38.0, 11.0]]},
        ["'genuine' is what a middle row gets; nothing of the row is needed"],
    ),
    "nothing that is enough": (
        {**ENOUGH, "PP": None},
        ["'genuine': nothing that is enough was found; max_iterations, c_init or eps may lead farther"],
    ),
}


def explanation(data: dict[str, Any]) -> dict[str, Any]:
    return {"meta": {"name": "M"}, "data": data}


@pytest.mark.parametrize(("data", "lines"), SAID.values(), ids=SAID)
def test_each_is_said_in_words_and_can_be_drawn(data: dict[str, Any], lines: list[str]) -> None:
    reasons = reasons_of(explanation(data), CLASSES)
    assert sentences(reasons) == lines
    assert ET.fromstring(document("fraud", reasons)).tag.endswith("svg")


def test_what_changed_is_drawn_from_hollow_to_full_and_what_stays_is_counted() -> None:
    picture = ET.fromstring(document("fraud", reasons_of(explanation(COUNTERFACTUAL), CLASSES)))
    places = {
        each.get("class"): float(each.get("cx", "")) for each in picture.iter("{http://www.w3.org/2000/svg}circle")
    }
    words = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert places["for"] < places["panel"]
    assert {"102.7", "300", "1 of 2 features stay as they are"} <= set(words)


def test_gradients_of_an_image_are_laid_over_it() -> None:
    data = {
        "attributions": [[[[[0.2, 0.2], [0.0, 0.0]], [[0.0, 0.0], [-0.1, 0.0]]]]],
        "X": [[[[0.0, 0.0], [4.0, 4.0]], [[8.0, 8.0], [16.0, 16.0]]]],
        "predictions": [[0.1, 0.9]],
        "feature_names": [f"p{index}" for index in range(8)],
    }
    reasons = reasons_of(explanation(data), ("six", "nine"))
    assert isinstance(reasons, Weights)
    assert reasons.image == [[0.0, 0.25], [0.5, 1.0]]
    assert reasons.points == [[0.4, 0.0], [0.0, -0.1]]
    picture = ET.fromstring(document("digits", reasons))
    brightest = [grey_of(each) for each in picture.iter(f"{SVG}image")]
    assert brightest == [[[0, 64], [128, 255]], [[255, 0], [0, 0]], [[0, 0], [0, 64]]]
    assert [each.get("id") for each in picture.iter(f"{SVG}mask")] == ["for", "against"]


@pytest.mark.parametrize("row", [[[1.0], [2.0]], [1.0, 2.0]], ids=["a sequence of one number", "plain numbers"])
def test_what_has_no_lines_and_columns_stays_bars(row: list[Any]) -> None:
    attributions = [[0.5], [-0.1]] if isinstance(row[0], list) else [0.5, -0.1]
    reasons = reasons_of(explanation({**GRADIENTS, "X": [row], "attributions": [[attributions]]}), CLASSES)
    assert "<image" not in document("d", reasons)


def grey_of(image: ET.Element) -> list[list[int]]:
    """The corners of four points of a PNG in a picture."""
    content = base64.b64decode(image.get("href", "").removeprefix("data:image/png;base64,"))
    wide, high = struct.unpack(">II", content[16:24])
    lines = zlib.decompress(content[41 : 41 + struct.unpack(">I", content[33:37])[0]])
    return [[lines[(wide + 1) * y + 1 + x] for x in (0, wide - 1)] for y in (0, high - 1)]


def test_more_than_twelve_changes_are_counted() -> None:
    changes = [Change(f"f{index}", 0.0, 1.0) for index in range(14)]
    picture = document("d", Contrast("M", "a", "instead", "b", changes, 1))
    assert "2 more differ; 1 of 15 features stay as they are" in picture


@pytest.mark.parametrize(
    "reasons",
    [
        Weights("TreeShap", "fraud", 0.1, 0.9, [Weight("amount", "300", 0.9), Weight("hour", "3", -0.1)]),
        Anchor("AnchorTabular", "fraud", ["amount > 200"], 0.97, 0.1),
        Anchor("AnchorText", "spam", ["win"], 0.97, 0.1, text="win a car", spans=[(0, 3)]),
        Anchor("AnchorImages", "2", ["one part"], 0.97, None, image=[[0.1, 0.9]], kept=[[True, False]]),
        Curves("ALE", "fraud", [Curve("amount", [(0.0, -0.1), (300.0, 0.4)], 80.0)]),
        Contrast("Counterfactuals", "fraud", "instead", "genuine", [Change("amount", 300.0, 102.7)], 4),
        Weights("IntegratedGradients", "2", 0.1, 0.9, [Weight("p", "1", 0.8)], image=[[0.0, 1.0]], points=[[0.8, 0.0]]),
    ],
    ids=lambda reasons: str(reasons.method),
)
def test_every_class_of_a_picture_has_a_rule(reasons: Reasons) -> None:
    """What has none is drawn black: hollow dots would look full."""
    picture = document("fraud", reasons)
    style = re.search(r"<style>(.*?)</style>", picture, re.DOTALL)
    assert style
    used = {name for names in re.findall(r'class="([^"]+)"', picture) for name in names.split()}
    assert {name for name in used if f".{name}" not in style[1]} == set()
