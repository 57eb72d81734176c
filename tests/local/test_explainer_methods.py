"""Alibi's methods, each by the real library on a real model, in one process, since importing it takes longest."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from seldon_infra.explain.card import read_card
from seldon_infra.explain.draw import document
from seldon_infra.explain.reasons import Anchor, Curves, Reasons, Weights, reasons_of
from seldon_infra.graph.spec import (
    ALE,
    AnchorImages,
    AnchorTabular,
    AnchorText,
    ExplainerMethod,
    KernelShap,
    TreeShap,
)
from tests.local.explainer_scene import card_at, make, run_in

pytestmark = pytest.mark.local

METHODS: dict[str, tuple[ExplainerMethod, str, str]] = {
    "AnchorTabular": (AnchorTabular(), "model", "payments.csv"),
    "KernelShap": (KernelShap(background=50), "model", "payments.csv"),
    "TreeShap": (TreeShap(output="probability", background=50), "model", "payments.csv"),
    "ALE": (ALE(), "model", "payments.csv"),
    "AnchorText": (AnchorText(), "text", "texts.json"),
    "AnchorImages": (AnchorImages(shape=(8, 8, 1)), "images", "images.json"),
}
EXPLAIN = """
import json, sys
from pathlib import Path
import fit, methods
from explaining import Card, Predictor, model_at, plain, reference

for folder, path in json.loads(sys.argv[1]):
    folder = Path(folder)
    fit.main(folder, path)
    card = Card(folder)
    model = model_at(path, card)
    rows = reference(folder, card)
    row = [rows[0]] if card.datatype == "BYTES" else rows[:1]
    explained = methods.MAKERS[card.kind](card, rows, fit.answers(card, model), model)(row)
    (folder / "explanation.json").write_text(json.dumps(plain(explained)))
"""


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reasons]:
    """What every method says of the first reference row."""
    place = tmp_path_factory.mktemp("methods")
    make(place)
    asked = []
    for name, (method, model, file) in METHODS.items():
        made = card_at(place / name, method, place / file)
        asked.append([str(made), str(place / model / "model.joblib")])
    run_in("alibi", place, EXPLAIN, asked)
    return {name: _read(place / name) for name in METHODS}


def _read(folder: Path) -> Reasons:
    return reasons_of(json.loads((folder / "explanation.json").read_text()), read_card(folder).classes)


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_says_can_be_read_and_drawn(explained: dict[str, Reasons], name: str) -> None:
    assert ET.fromstring(document("fraud", explained[name])).tag.endswith("svg")


def test_an_anchor_holds_as_often_as_was_asked_for(explained: dict[str, Reasons]) -> None:
    found = explained["AnchorTabular"]
    assert isinstance(found, Anchor)
    assert found.precision >= 0.95 - 0.15  # its margin, ``tau``


@pytest.mark.parametrize("name", ["KernelShap", "TreeShap"])
def test_shapley_values_lead_from_the_base_to_a_probability(explained: dict[str, Reasons], name: str) -> None:
    found = explained[name]
    assert isinstance(found, Weights)
    assert len(found.weights) == 5
    assert 0.5 <= found.total <= 1.0 + 1e-6


def test_curves_are_of_every_feature_and_know_the_row(explained: dict[str, Reasons]) -> None:
    found = explained["ALE"]
    assert isinstance(found, Curves)
    assert len(found.curves) == 5
    assert all(curve.at is not None for curve in found.curves)


def test_an_anchor_of_a_text_is_the_word_that_decides(explained: dict[str, Reasons]) -> None:
    found = explained["AnchorText"]
    assert isinstance(found, Anchor)
    assert [found.text[begin:end] for begin, end in found.spans] == ["superb"]


def test_an_anchor_of_an_image_is_some_of_it_and_not_all(explained: dict[str, Reasons]) -> None:
    found = explained["AnchorImages"]
    assert isinstance(found, Anchor)
    assert 0 < sum(map(sum, found.kept)) < 64
