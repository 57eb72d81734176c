"""What differs between two objects, and that nothing which may be a secret is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.changes import MISSING, Change, JsonValue, Named, changes, field_text, value_at
from seldon_infra.core.problems import HIDDEN

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
SECRET = "hunter2"


def found(old: JsonValue, new: JsonValue) -> dict[str, tuple[JsonValue, JsonValue]]:
    return {change.field: (change.old, change.new) for change in changes(old, new)}


def test_the_deepest_field_that_differs_is_named() -> None:
    old = {"spec": {"replicas": 1, "labels": {"a.b/c": "x"}, "same": [1, {"x": 2}]}}
    new = {"spec": {"replicas": 2, "labels": {"a.b/c": "y"}, "same": [1, {"x": 2}]}}
    assert found(old, new) == {"spec.replicas": (1, 2), 'spec.labels["a.b/c"]': ("x", "y")}


def test_what_only_one_side_has_is_missing_on_the_other() -> None:
    assert found({"a": 1}, {"b": {"c": 2}}) == {"a": (1, MISSING), "b": (MISSING, {"c": 2})}


def test_items_with_names_are_compared_by_name() -> None:
    old = [{"name": "main", "traffic": 90}, {"name": "canary", "traffic": 10}]
    new = [{"name": "new"}, {"name": "main", "traffic": 80}, {"name": "canary", "traffic": 10}]
    assert found(old, new) == {"[main].traffic": (90, 80), "[new]": (MISSING, {"name": "new"})}


@pytest.mark.parametrize("items", [[1, 2], [{"name": "a"}, {"name": "a"}], [{"name": "a"}, {"x": 1}]])
def test_items_without_names_of_their_own_are_compared_by_place(items: list[Any]) -> None:
    assert found(items, items[:1]) == {"[1]": (items[1], MISSING)}


def test_an_amount_written_in_another_way_is_the_same() -> None:
    assert found({"limits": {"cpu": "0.5", "memory": "1Gi"}}, {"limits": {"cpu": "500m", "memory": "1024Mi"}}) == {}
    assert found({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}) == {"limits.cpu": ("1", "2")}
    assert found({"port": "1"}, {"port": "1.0"}) == {"port": ("1", "1.0")}


def test_true_is_no_number() -> None:
    assert found({"a": 1}, {"a": True}) == {"a": (1, True)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"key": HIDDEN}, {"key": SECRET}),
        ({"key": SECRET}, {"key": HIDDEN}),
        ({"data": {"a": HIDDEN}}, {"data": {"a": HIDDEN, "b": SECRET}}),
        ({"data": HIDDEN}, {"data": {"a": SECRET}}),
        ([{"name": "A", "value": HIDDEN}], [{"name": "B", "value": SECRET}]),
    ],
)
def test_what_may_be_a_secret_is_not_shown(old: JsonValue, new: JsonValue) -> None:
    shown = [(change.field, change.old, change.new) for change in changes(old, new)]
    assert shown
    assert SECRET not in json.dumps(shown)


@given(VALUES, VALUES)
def test_an_object_differs_from_another_and_not_from_itself(one: JsonValue, other: JsonValue) -> None:
    assert list(changes(one, one)) == []
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        assert list(changes(one, other))


@given(VALUES, VALUES)
def test_each_side_of_a_change_is_what_is_there(one: JsonValue, other: JsonValue) -> None:
    for change in changes(one, other):
        assert value_at(one, change.path) == change.old
        assert value_at(other, change.path) == change.new


@given(VALUES, st.lists(st.sampled_from([*"abc", 0, 1]), max_size=3))
def test_no_secret_that_one_side_hides_is_shown_from_the_other(value: JsonValue, path: list[str | int]) -> None:
    """A value is hidden somewhere in what was applied; whatever is there now under it is not shown."""
    hidden, plain = _with(value, path, HIDDEN), _with(value, path, SECRET)
    assert SECRET not in json.dumps([[change.old, change.new] for change in changes(hidden, plain)])


def _with(value: JsonValue, path: list[str | int], leaf: str) -> JsonValue:
    if not path:
        return leaf
    part, *rest = path
    if isinstance(part, int):
        items = list(value) if isinstance(value, list) else []
        items += [None] * (part + 1 - len(items))
        return [_with(item, rest, leaf) if at == part else item for at, item in enumerate(items)]
    fields = dict(value) if isinstance(value, dict) else {}
    return {**fields, part: _with(fields.get(part), rest, leaf)}


def test_paths_are_written_as_people_do() -> None:
    assert field_text(("spec", "predictors", Named("main"), "traffic")) == "spec.predictors[main].traffic"
    assert Change(("a", 0, "b c"), 1, 2).field == 'a[0]["b c"]'
