from __future__ import annotations

import json
from pathlib import Path

import pytest

from seldon_infra.core.errors import InvalidSpec, ModelNotFound
from seldon_infra.explain.card import Card
from seldon_infra.explain.fit import unfit
from seldon_infra.explain.reference import Reference, read_reference
from seldon_infra.graph.spec import (
    AnchorImages,
    AnchorTabular,
    AnchorText,
    Counterfactuals,
    ExplainerMethod,
    KernelShap,
    TreeShap,
)

FILE = "reference data"


def read(folder: Path, name: str, text: str) -> Reference:
    (folder / name).write_text(text)
    return read_reference(folder / name)


def said(folder: Path, name: str, text: str) -> list[str]:
    with pytest.raises(InvalidSpec) as refused:
        read(folder, name, text)
    return [str(problem).replace(f"{folder}/", "") for problem in refused.value.problems]


def test_a_header_names_the_features(tmp_path: Path) -> None:
    found = read(tmp_path, "r.csv", "amount, hour\n1.5,2\n3,4\n")
    assert (found.features, found.rows) == (("amount", "hour"), [[1.5, 2.0], [3.0, 4.0]])


def test_held_out_rows_are_read_as_they_are_kept(tmp_path: Path) -> None:
    tree = {"input": "payments", "datatype": "FP32", "rows": [[1, 2], [3, 4]], "labels": [0, 1], "features": ["a", "b"]}
    assert read(tmp_path, "r.json", json.dumps(tree)) == Reference([[1, 2], [3, 4]], ("a", "b"), "payments", "FP32")


def test_texts_are_rows_too(tmp_path: Path) -> None:
    assert read(tmp_path, "r.json", '{"rows": ["good", "bad"]}').datatype == "BYTES"


WRONG = {
    "one row": ("r.csv", "a\n1\n", [f"{FILE} r.csv: 1 rows, must be 2 to 20000; draw as many as that at random"]),
    "an odd row": (
        "r.csv",
        "a,b\n1,2\n1\n1,2,3\n",
        [f"{FILE} r.csv: row 1 has 1 numbers, and so has 1 more, must have 2, as the header has; mend it"],
    ),
    "a word": (
        "r.csv",
        "a,b\n1,2\n1,red\n",
        [
            f"{FILE} r.csv: row 1 holds what is no finite number, must hold numbers alone; "
            "write categories as their numbers, and leave out what is not known"
        ],
    ),
    "what is not known, and a name twice": (
        "r.csv",
        "a,a\n1,nan\n1,2\n",
        [
            f"{FILE} r.csv: row 0 holds what is no finite number, must hold numbers alone; "
            "write categories as their numbers, and leave out what is not known",
            f"{FILE} r.csv: feature 'a' comes twice, must have a name of its own; rename a column",
        ],
    ),
    "no rows": (
        "r.json",
        "{}",
        [f"{FILE} r.json: 'rows' is missing, must be an object with a list of rows; mend the file"],
    ),
    "numbers alone": (
        "r.json",
        '{"rows": [1, 2]}',
        [f"{FILE} r.json: 'rows' holds no lists, must hold lists of numbers, or texts; mend the file"],
    ),
}


@pytest.mark.parametrize(("name", "text", "messages"), WRONG.values(), ids=WRONG)
def test_all_that_is_wrong_with_a_file_is_said_at_once(
    tmp_path: Path, name: str, text: str, messages: list[str]
) -> None:
    assert said(tmp_path, name, text) == messages


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"nothing\.csv does not exist"):
        read_reference(tmp_path / "nothing.csv")


TWO = Reference([[1.0, 2.0], [3.0, 4.0]], ("a", "b"))
TEXTS = Reference(["good", "bad"], datatype="BYTES")
UNFIT = {
    "names for other rows": (
        AnchorTabular(),
        TWO,
        ("a", "b", "c"),
        "3 features, must be 2, as a row has; name each number of a row once",
    ),
    "texts for numbers": (
        AnchorTabular(),
        TEXTS,
        ("text",),
        "reference rows are texts, must be numbers for AnchorTabular; use the method for them",
    ),
    "numbers for texts": (
        AnchorText(),
        TWO,
        ("a", "b"),
        "reference rows are numbers, must be texts for AnchorText; use the method for them",
    ),
    "more background than rows": (
        KernelShap(background=3),
        TWO,
        ("a", "b"),
        "background 3, must be at most the 2 rows; lower it",
    ),
    "an image of another size": (
        AnchorImages(shape=(2, 2, 1)),
        TWO,
        ("a", "b"),
        "shape [2, 2, 1], must hold the 2 numbers of a row; correct the shape",
    ),
    "probabilities without background": (
        TreeShap(output="probability"),
        TWO,
        ("a", "b"),
        "output 'probability', must have background rows; write background=100",
    ),
}


@pytest.mark.parametrize(("method", "rows", "features", "message"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_together_is_said(
    method: ExplainerMethod, rows: Reference, features: tuple[str, ...], message: str
) -> None:
    assert [str(problem) for problem in unfit(method, card(method, features), rows)] == [
        f"explainer {type(method).__name__}: {message}"
    ]


@pytest.mark.parametrize("method", [AnchorTabular(), KernelShap(background=2), TreeShap()], ids=repr)
def test_what_fits_together_is_left_alone(method: ExplainerMethod) -> None:
    assert list(unfit(method, card(method, ("a", "b")), TWO)) == []


def card(method: ExplainerMethod, features: tuple[str, ...]) -> Card:
    return Card(
        method=method.model_dump(mode="json"),
        model_digest="sha256:1",
        input="predict",
        datatype="FP64",
        output=None,
        features=features,
        categories={},
        classes=(),
        rows=2,
    )


def test_a_search_that_moves_every_number_takes_no_categories() -> None:
    told = card(Counterfactuals(), ("a", "b")).model_copy(update={"categories": {0: ("no", "yes")}})
    assert [str(problem) for problem in unfit(Counterfactuals(), told, TWO)] == [
        "explainer Counterfactuals: categories, must be none for Counterfactuals, which moves every number freely; "
        "leave them out, or use AnchorTabular, which keeps them apart"
    ]
    assert list(unfit(AnchorTabular(), told.model_copy(update={"method": {"kind": "AnchorTabular"}}), TWO)) == []
