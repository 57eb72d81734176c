from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Json, JsonObject, Many, Spec, has_later, is_known, known, pending, resolve, title
from seldon_infra.core.model import Later as LaterField
from tests.unit.core.later import Later


class Part(Spec):
    noun = "part"

    name: str
    size: LaterField[int] | None = None
    labels: Mapping[str, LaterField[str]] = {}
    parts: Many[Part] = ()
    extra: Json = None
    more: JsonObject = {}  # noqa: RUF012 (pydantic copies it)


class Unnamed(Spec):
    part: Part | None = None
    size: LaterField[int] = 1


def messages(make: object) -> list[str]:
    with pytest.raises(InvalidSpec) as caught:
        make()  # type: ignore[operator]
    return [str(problem) for problem in caught.value.problems]


def test_a_field_takes_a_value_or_one_of_later() -> None:
    later = Later()
    assert Part(name="a", size=3).size == 3
    assert Part(name="a", size=later).size is later


def test_a_list_is_kept_as_a_tuple() -> None:
    assert Part(name="a", parts=[Part(name="b")]).parts == (Part(name="b"),)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Part(name="a").name = "b"


def test_all_wrong_fields_of_an_object_are_said_at_once() -> None:
    assert messages(lambda: Part(name="a", size="big", labels={"x": 3}, nam=1)) == [
        "part 'a': size 'big', must be a whole number; change size",
        "part 'a': labels.x 3, must be a string; change labels.x",
        "part 'a': nam is not a field, must be one that the object has; write name",
    ]


def test_an_object_without_name_is_called_by_what_it_is() -> None:
    assert messages(lambda: Part()) == ["part: name is not set, must be given; write name=…"]
    assert messages(lambda: Unnamed(size=None)) == ["Unnamed: size None, must be a whole number; change size"]


def test_an_object_is_no_list_of_its_fields() -> None:
    assert messages(lambda: Part(name="a", parts=Part(name="b"))) == [
        "part 'a': parts Part, must be a list; change parts"
    ]


@pytest.mark.parametrize("value", [None, True, 1, 0.5, "a", ["a", {"b": None}], {"a": [1, {"b": Later()}]}, Later()])
def test_plain_data_may_hold_values_of_later(value: object) -> None:
    assert len(pending(Part(name="a", extra=value))) == str(value).count("Later object")


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, [object()], Part(name="b")])
def test_what_json_has_no_place_for_is_refused(value: object) -> None:
    assert len(messages(lambda: Part(name="a", extra=value))) == 1


def test_a_json_object_is_a_mapping() -> None:
    assert messages(lambda: Part(name="a", more=[1])) == ["part 'a': more [1], must be a mapping; change more"]


def test_known_gives_what_is_there_already() -> None:
    assert [known(value) for value in (3, None, Later())] == [3, None, None]
    assert [is_known(value) for value in (0, None, Later())] == [True, False, False]


def test_a_title_names_an_object() -> None:
    assert title(Part(name="a")) == "part 'a'"
    assert title(Unnamed()) == "Unnamed"


def test_pending_finds_every_value_of_later_by_its_path() -> None:
    first, second, third = Later(), Later(), Later()
    part = Part(name="a", size=first, parts=[Part(name="b", labels={"x.y": second}, extra=[{"k": third}])])
    assert pending(part) == {"size": first, "parts[0].labels['x.y']": second, "parts[0].extra[0]['k']": third}


def test_what_comes_later_is_found_at_any_depth() -> None:
    assert has_later([{"headers": {"authorization": Later()}}])
    assert has_later(Part(name="a", parts=[Part(name="b", size=Later())]))
    assert not has_later([{"headers": {"authorization": "key"}}, None])


def test_resolve_keeps_what_it_has_no_value_for() -> None:
    later = Later()
    assert resolve(Part(name="a", size=later), {}).size is later
    assert resolve(Part(name="a", size=later), {"size": 4}).size == 4


def test_resolve_says_all_that_is_wrong_with_each_objects_full_path() -> None:
    part = Part(name="a", parts=[Part(name="b", size=Later()), Part(name="c", labels={"x": Later()})])
    values = {"parts[0].size": "big", "parts[1].labels['x']": 3}
    assert messages(lambda: resolve(part, values)) == [
        "part 'a' → part 'b': size 'big', must be a whole number; change size",
        "part 'a' → part 'c': labels.x 3, must be a string; change labels.x",
    ]


def test_resolve_names_an_object_without_name_by_its_field() -> None:
    class Outer(Spec):
        name: str
        inner: Unnamed

    outer = Outer(name="o", inner=Unnamed(size=Later()))
    assert messages(lambda: resolve(outer, {"inner.size": "big"})) == [
        "Outer 'o' → inner: size 'big', must be a whole number; change size"
    ]


def parts() -> st.SearchStrategy[Part]:
    sizes = st.one_of(st.none(), st.integers(), st.builds(Later))
    texts = st.one_of(st.text(), st.builds(Later))
    return st.recursive(
        st.builds(Part, name=st.text(), size=sizes, labels=st.dictionaries(st.text(), texts, max_size=3)),
        lambda below: st.builds(Part, name=st.text(), size=sizes, parts=st.lists(below, max_size=3)),
        max_leaves=6,
    )


@given(parts())
def test_resolving_all_that_is_pending_leaves_nothing_pending(part: Part) -> None:
    values = {path: "text" if path.endswith("]") else 7 for path in pending(part)}
    resolved = resolve(part, values)
    assert pending(resolved) == {}
    assert resolve(resolved, values) is resolved


@given(parts())
def test_resolving_with_nothing_gives_the_same_object(part: Part) -> None:
    assert resolve(part, {}) is part


class Exact(Spec):
    whole: int | None = None
    later: LaterField[int] | None = None
    mixed: LaterField[str | int | float] | None = None
    flag: bool = False
    words: Many[str] = ()
    sizes: Mapping[str, LaterField[int]] = {}


@pytest.mark.parametrize(
    "fields",
    [
        {"whole": True},
        {"whole": "3"},
        {"later": True},
        {"later": "3"},
        {"mixed": True},
        {"flag": "yes"},
        {"flag": 1},
        {"words": [b"a"]},
        {"sizes": {"a": True}},
    ],
)
def test_a_value_of_another_type_is_refused_though_it_could_be_read_as_one(fields: dict[str, object]) -> None:
    assert len(messages(lambda: Exact(**fields))) == 1


def test_a_whole_number_may_come_as_the_engine_writes_numbers() -> None:
    assert Exact(whole=2.0, later=3.0, mixed=0.5, sizes={"a": 1.0}).later == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [{"a": float("-inf")}]])
def test_plain_data_has_finite_numbers_only(value: object) -> None:
    (message,) = messages(lambda: Part(name="a", extra=value))
    assert "finite" in message
