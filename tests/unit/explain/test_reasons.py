from __future__ import annotations

import base64
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from seldon_infra.explain.draw import document
from seldon_infra.explain.reasons import NotExplained, Weight, Weights, reasons_of, sentences

CLASSES = ("genuine", "fraud")
FEATURES = ["amount", "hour"]
SHAPLEY: dict[str, Any] = {
    "meta": {"name": "TreeShap"},
    "data": {
        "shap_values": [[[-0.4, 0.1]], [[0.4, -0.1]]],
        "expected_value": [0.9, 0.1],
        "feature_names": FEATURES,
        "raw": {"raw_prediction": [[0.4, 0.6]], "instances": [[300.0, 3.0]]},
    },
}
LIME: dict[str, Any] = {
    "meta": {"name": "LIME"},
    "data": {
        "weights": [[[1, 0.1], [0, -0.3]], [[1, -0.1], [0, 0.3]]],
        "rules": {"0": "amount > 82.35", "1": "hour <= 5"},
        "intercept": [0.7, 0.3],
        "feature_names": FEATURES,
        "raw": {"raw_prediction": [[0.1, 0.9]], "instances": [[300.0, 3.0]]},
    },
}
ANCHOR: dict[str, Any] = {
    "meta": {"name": "AnchorTabular"},
    "data": {
        "anchor": ["amount > 82.35", "hour <= 5"],
        "precision": [0.97],
        "coverage": 0.05,
        "raw": {"prediction": [1], "instance": [300.0, 3.0]},
    },
}
TEXT: dict[str, Any] = {
    "meta": {"name": "AnchorText"},
    "data": {
        "anchor": ["dull"],
        "precision": 1.0,
        "coverage": 0.5,
        "raw": {"prediction": [0], "instance": "a dull <film> & dull plot", "positions": [17]},
    },
}
IMAGE: dict[str, Any] = {
    "meta": {"name": "AnchorImage"},
    "data": {
        "anchor": [[[0.0]]],
        "segments": [[1, 2], [1, 3]],
        "image": [[[0.0], [8.0]], [[4.0], [16.0]]],
        "precision": [0.99],
        "coverage": 1,
        "raw": {"prediction": [7], "feature": [2, 3]},
    },
}
ALE: dict[str, Any] = {
    "meta": {"name": "ALE"},
    "data": {
        "ale_values": [[[0.1, -0.1], [-0.2, 0.2]], [[0.0, 0.0], [0.01, -0.01]]],
        "feature_values": [[0.0, 10.0], [0.0, 23.0]],
        "feature_names": FEATURES,
        "row": [5.0, 3.0],
    },
}
WORDS = {
    "Shapley values": (
        SHAPLEY,
        CLASSES,
        ["'fraud' 0.4, 0.1 of an unknown row", "+0.400  amount = 300", "-0.100  hour = 3"],
    ),
    "a local model": (
        LIME,
        CLASSES,
        ["'fraud' 0.9, 0.3 of an unknown row", "+0.300  amount > 82.35", "-0.100  hour <= 5"],
    ),
    "an anchor": (
        ANCHOR,
        CLASSES,
        [
            "'fraud' holds for amount > 82.35 and hour <= 5",
            "97.0% of such rows get that answer, and 5.0% of all rows are such",
        ],
    ),
    "an anchor of words": (
        TEXT,
        ("bad", "good"),
        ["'bad' holds for 'dull'", "100.0% of such rows get that answer, and 50.0% of all rows are such"],
    ),
    "an anchor of an image": (
        IMAGE,
        (),
        ["'7' holds for 2 of its 3 parts", "99.0% of such rows get that answer"],
    ),
    "curves": (
        ALE,
        CLASSES,
        ["'fraud' moves with each feature, over all reference rows, by at most", "0.300  amount", "0.010  hour"],
    ),
}


@pytest.mark.parametrize(("explanation", "classes", "said"), WORDS.values(), ids=WORDS)
def test_the_main_reasons_are_said_in_words(
    explanation: Mapping[str, Any], classes: tuple[str, ...], said: list[str]
) -> None:
    assert sentences(reasons_of(explanation, classes)) == said


def test_a_number_is_explained_without_a_class() -> None:
    raw = {"raw_prediction": [3.0], "instances": [[300.0, 3.0]]}
    data = {**SHAPLEY["data"], "shap_values": [[[2.0, 0.5]]], "expected_value": [0.5], "raw": raw}
    found = reasons_of({"meta": {"name": "KernelShap"}, "data": data})
    assert (found.answer, sentences(found)[0]) == ("", "the answer 3, 0.5 of an unknown row")


@pytest.mark.parametrize(
    ("explanation", "message"),
    [
        (
            {"meta": {"name": "PartialDependence"}, "data": {"pd_values": []}},
            "of PartialDependence cannot be shown",
        ),
        ({"data": {}}, "lacks what its method gives: KeyError: 'meta'"),
        ({"meta": {"name": "A"}, "data": {"anchor": [], "raw": {}}}, "lacks what its method gives: KeyError"),
    ],
)
def test_what_is_no_explanation_is_said(explanation: Mapping[str, Any], message: str) -> None:
    with pytest.raises(NotExplained, match=re.escape(message)):
        reasons_of(explanation)


def drawn(explanation: Mapping[str, Any], classes: tuple[str, ...] = CLASSES) -> ET.Element:
    return ET.fromstring(document("fr<au>d", reasons_of(explanation, classes)))


def texts(picture: ET.Element) -> list[str]:
    return [each.text or "" for each in picture.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("explanation", "classes", "said"), WORDS.values(), ids=WORDS)
def test_every_picture_is_whole_and_says_its_reasons_to_those_who_do_not_see_it(
    explanation: Mapping[str, Any], classes: tuple[str, ...], said: list[str]
) -> None:
    picture = drawn(explanation, classes)
    (spoken,) = picture.iter("{http://www.w3.org/2000/svg}desc")
    assert spoken.text == ". ".join(said)
    assert "fr<au>d" in texts(picture)[0]


def test_what_speaks_against_the_answer_goes_to_the_other_side_of_the_line() -> None:
    bars = {
        each.get("class"): (float(each.get("x", "")), float(each.get("width", "")))
        for each in drawn(SHAPLEY).iter("{http://www.w3.org/2000/svg}rect")
        if each.get("class") in ("for", "against")
    }
    (x, wide), (against_x, against_wide) = bars["for"], bars["against"]
    assert x == pytest.approx(against_x + against_wide, abs=0.11)
    assert wide == pytest.approx(4 * against_wide, abs=0.5)


def test_many_features_become_twelve_bars_and_the_others_together() -> None:
    weights = [Weight(f"f{index}", "1", 1.0 - index / 100) for index in range(20)]
    picture = ET.fromstring(document("d", Weights("SHAP", "", 0.0, 1.0, weights)))
    assert "8 others" in texts(picture)
    assert "f11 = 1" in texts(picture)
    assert "f12 = 1" not in texts(picture)


def test_the_marked_word_is_the_one_at_its_place_and_not_its_double() -> None:
    picture = drawn(TEXT, ("bad", "good"))
    marks = [each for each in picture.iter("{http://www.w3.org/2000/svg}rect") if each.get("class") == "mark thin"]
    places = [
        float(each.get("x", ""))
        for each in picture.iter("{http://www.w3.org/2000/svg}text")
        if each.text == "dull" and each.get("class") == "prose"
    ]
    assert [float(mark.get("x", "")) for mark in marks] == [pytest.approx(places[1] - 5, abs=0.11)]
    assert "<film>" in texts(picture)


def test_an_image_is_in_the_picture_itself_with_the_rest_veiled() -> None:
    picture = drawn(IMAGE, ())
    (image,) = picture.iter("{http://www.w3.org/2000/svg}image")
    content = base64.b64decode(image.get("href", "").removeprefix("data:image/png;base64,"))
    wide, high = struct.unpack(">II", content[16:24])
    length = struct.unpack(">I", content[33:37])[0]
    lines = zlib.decompress(content[41 : 41 + length])
    assert (wide, high, lines[1], lines[wide]) == (320, 320, 0, 128)
    paths = {each.get("class"): each.get("d", "") for each in picture.iter("{http://www.w3.org/2000/svg}path")}
    assert paths["veil"].count("M") == 2
    assert paths["outline"].count("M") == 6


def test_curves_share_one_scale() -> None:
    lines = [each.get("points", "") for each in drawn(ALE).iter("{http://www.w3.org/2000/svg}polyline")]
    heights = [[float(point.split(",")[1]) for point in line.split()] for line in lines]
    assert [max(each) - min(each) for each in heights] == [
        pytest.approx(102, abs=0.3),
        pytest.approx(102 / 30, abs=0.3),
    ]
