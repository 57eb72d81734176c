"""The specs of a change in steps, one after the other, and what an annotation keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from seldon_infra.clusters.stepped import (
    NOTE,
    Applied,
    Change,
    Note,
    Tree,
    applied_by,
    before,
    guessed,
    listed,
    note_of,
    on_its_way,
    seen,
    settled,
    version_of,
    whole,
)

DEFAULTS = {"labels": {"version": "x"}, "svcOrchSpec": {"resources": {}}}
"""What a webhook fills in."""


def predictor(name: str, model: str = "a", **fields: Any) -> dict[str, Any]:
    return {"name": name, "graph": {"name": "m", "modelUri": f"s3://models/{model}"}, **fields}


def spec(*predictors: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"protocol": "v2", **fields, "predictors": list(predictors)}


def as_served(declared: Tree) -> dict[str, Any]:
    """A spec as the API server gives it back."""
    shares = [each.get("traffic", 100) for each in listed(declared)]
    return {
        **declared,
        "predictors": [
            {**DEFAULTS, **each, "traffic": share} for each, share in zip(listed(declared), shares, strict=True)
        ],
    }


def change(old: Tree, new: Tree) -> Change:
    return Change(as_served(old), applied_by(old), new)


def shares(found: Tree) -> dict[str, tuple[str, int]]:
    """Model and share of each predictor, shadows' too."""
    return {it["name"]: (it["graph"]["modelUri"][-1], it.get("traffic", 100)) for it in listed(found)}


CHANGED = change(spec(predictor("main")), spec(predictor("main", "b"), replicas=2))


def test_a_changed_model_arrives_beside_the_old_and_gets_its_name_at_the_end() -> None:
    assert shares(CHANGED.at(1)) == {"main": ("a", 99), "main-next": ("b", 1)}
    assert shares(CHANGED.at(100)) == {"main": ("a", 0), "main-next": ("b", 100)}
    assert shares(CHANGED.handover()) == {"main": ("b", 0), "main-next": ("b", 100)}
    assert shares(CHANGED.switched()) == {"main": ("b", 100), "main-next": ("b", 0)}
    assert (CHANGED.growing(), CHANGED.falling()) == (["main-next"], "main")


def test_what_is_of_all_predictors_changes_when_the_steps_are_over() -> None:
    assert "replicas" not in CHANGED.at(50)
    assert CHANGED.handover()["replicas"] == 2


def test_all_goes_back_to_what_was_there() -> None:
    half_way = Change(CHANGED.at(50), CHANGED.applied, CHANGED.goal)
    assert half_way.back() == as_served(spec(predictor("main")))


def test_a_step_is_taken_again_from_where_it_stands() -> None:
    half_way = Change(CHANGED.at(10), CHANGED.applied, CHANGED.goal)
    assert half_way.at(50) == CHANGED.at(50)
    over = Change(CHANGED.handover(), CHANGED.applied, CHANGED.goal)
    assert (over.handover(), over.switched()) == (CHANGED.handover(), CHANGED.switched())


def test_other_shares_of_the_same_versions_move_without_new_names() -> None:
    moved = change(
        spec(predictor("main", traffic=90), predictor("canary", "b", traffic=10)),
        spec(predictor("main", traffic=30), predictor("canary", "b", traffic=70)),
    )
    assert moved.renamed == {}
    assert shares(moved.at(50)) == {"main": ("a", 60), "canary": ("b", 40)}
    assert moved.growing() == ["canary"]


def test_a_predictor_comes_and_another_goes() -> None:
    swapped = change(
        spec(predictor("main", traffic=80), predictor("old", "b", traffic=20)),
        spec(predictor("main", traffic=50), predictor("new", "c", traffic=50)),
    )
    assert swapped.renamed == {}
    assert shares(swapped.at(100)) == {"main": ("a", 50), "old": ("b", 0), "new": ("c", 50)}
    assert shares(swapped.at(10)) == {"main": ("a", 77), "old": ("b", 18), "new": ("c", 5)}


def test_a_shadow_stays_as_it_is_until_the_end() -> None:
    shadow = predictor("copy", "s", shadow=True, traffic=30)
    moved = change(spec(predictor("main"), shadow), spec(predictor("main", "b"), {**shadow, "traffic": 10}))
    assert shares(moved.at(1)) == {"main": ("a", 99), "copy": ("s", 30), "main-next": ("b", 1)}
    assert shares(moved.handover()) == {"main": ("b", 0), "copy": ("s", 10), "main-next": ("b", 100)}
    assert shares(moved.back()) == {"main": ("a", 100), "copy": ("s", 30)}


def test_a_shadow_that_is_to_answer_is_a_new_version() -> None:
    promoted = change(
        spec(predictor("main"), predictor("copy", "b", shadow=True, traffic=30)),
        spec(predictor("main", traffic=50), predictor("copy", "b", traffic=50)),
    )
    assert promoted.renamed == {"copy": "copy-next"}
    assert shares(promoted.at(100)) == {"main": ("a", 50), "copy": ("b", 30), "copy-next": ("b", 50)}


@pytest.mark.parametrize("fields", [{"replicas": 3}, {}], ids=["other numbers of pods", "nothing"])
def test_some_changes_arrive_at_once(fields: Mapping[str, Any]) -> None:
    assert change(spec(predictor("main")), spec(predictor("main", **fields))).growing() == []


def test_a_version_without_requests_arrives_at_once() -> None:
    old = spec(predictor("main", traffic=100), predictor("idle", traffic=0))
    assert change(old, spec(predictor("main", traffic=100), predictor("idle", "b", traffic=0))).growing() == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 99.6, "b": 0.4}, {"a": 99, "b": 1}),
        ({"a": 0.0, "b": 100.0}, {"a": 0, "b": 100}),
        ({"a": 33.3, "b": 33.3, "c": 33.4}, {"a": 33, "b": 33, "c": 34}),
        ({"a": 0.2, "b": 0.2, "c": 99.6}, {"a": 1, "b": 1, "c": 98}),
    ],
)
def test_shares_are_whole_and_sum_to_all(wanted: dict[str, float], found: dict[str, int]) -> None:
    assert whole(wanted) == found


def test_every_step_of_every_split_sums_to_all() -> None:
    for first in range(101):
        old = spec(predictor("main", traffic=first), predictor("canary", "b", traffic=100 - first))
        moved = change(old, spec(predictor("main", "c", traffic=100 - first), predictor("new", "d", traffic=first)))
        for percent in (1, 7, 50, 99, 100):
            assert sum(each["traffic"] for each in listed(moved.at(percent))) == 100


def test_what_only_one_of_a_deployment_may_have_stays_at_the_old_version() -> None:
    whole_one = predictor(
        "main",
        annotations={"seldon.io/svc-name": "mine", "own": "x"},
        explainer={"type": "TreeShap"},
        componentSpecs=[{"pdbSpec": {"minAvailable": 1}, "spec": {"containers": []}}],
    )
    assert on_its_way(whole_one, "main-next") == predictor(
        "main-next", annotations={"own": "x"}, componentSpecs=[{"spec": {"containers": []}}]
    )
    assert on_its_way(whole_one, "main") == whole_one


def test_a_note_is_read_as_it_was_written() -> None:
    for note in (Note({"main": Applied("v", 100)}), Note({"main": Applied("", 0)}, "aim", 3, over=True)):
        assert note_of({"metadata": {"annotations": {NOTE: note.text}}}) == note


@pytest.mark.parametrize("text", ["", "{", "[]", '{"applied": {"main": 1}}', '{"applied": {"main": ["v", "x"]}}'])
def test_a_note_that_somebody_spoiled_is_none(text: str) -> None:
    assert note_of({"metadata": {"annotations": {NOTE: text}}}) is None
    assert note_of({"metadata": {}}) is None


def test_without_a_note_what_is_there_as_declared_is_what_was_declared() -> None:
    old, goal = spec(predictor("main"), predictor("b", "x", traffic=0)), spec(predictor("main"), predictor("b", "y"))
    found = guessed(as_served(old), goal)
    assert found["main"].version == version_of(predictor("main"))
    assert found["b"].version == ""


def test_a_note_of_predictors_that_are_gone_counts_no_more() -> None:
    live, note = as_served(spec(predictor("main"))), Note({"main": Applied("v", 40), "gone": Applied("w", 60)})
    assert before(live, note, spec(predictor("main")))["main"].traffic == 100


def test_a_handover_that_was_left_gives_the_requests_to_the_declared_names() -> None:
    assert shares(settled(CHANGED.handover())) == {"main": ("b", 100)}
    assert shares(settled(spec(predictor("a-next")))) == {"a-next": ("a", 100)}


def test_what_is_there_is_shown_in_the_form_of_what_is_declared() -> None:
    declared = spec(predictor("main", traffic=90), predictor("canary", "b", traffic=10))
    assert seen(declared, as_served(declared)) == declared
    live = as_served(spec(predictor("canary", "b", traffic=40), predictor("main", traffic=60)))
    assert shares(seen(declared, live)) == {"main": ("a", 60), "canary": ("b", 40)}
    more = as_served(spec(predictor("main", traffic=50), predictor("main-next", "c", traffic=50)))
    assert shares(seen(spec(predictor("main")), more)) == {"main": ("a", 100), "main-next": ("c", 50)}
