from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import JsonObject, Many, Spec, title
from seldon_infra.core.model import Later as LaterField
from seldon_infra.core.plain import as_data, read
from tests.unit.core.later import Later


class Shape(Spec):
    """Any of its kinds."""


class Circle(Shape):
    inner_size: LaterField[int]


class Square(Shape):
    side: int = 1


class Box(Spec):
    noun = "box"

    name: str
    type: str | None = None
    shape: Shape | None = None
    boxes: Many[Box] = ()
    labels: Mapping[str, LaterField[str]] = {}
    more: JsonObject = {}  # noqa: RUF012 (pydantic copies it)


class Shelf(Spec):
    places: Mapping[int, Box] = {}
    front: Literal["open", "shut"] | Square = "open"


class Room(Spec):
    size: int = 1


class Cellar(Room):
    depth: int = 1


class House(Spec):
    rooms: Many[Room | Cellar] = ()


class Guarded(Spec):
    guard: Square | None = Square.model_construct()


def messages(data: Mapping[str, object], kind: type[Spec] = Box) -> list[str]:
    with pytest.raises(InvalidSpec) as caught:
        read(kind, data)
    return [str(problem) for problem in caught.value.problems]


def test_keys_are_fields_in_camel_case() -> None:
    assert read(Circle, {"innerSize": 3}) == Circle(inner_size=3)


def test_type_names_the_one_of_several_types_that_is_meant() -> None:
    assert read(Box, {"name": "a", "shape": {"type": "Square", "side": 2}}) == Box(name="a", shape=Square(side=2))


@pytest.mark.parametrize(("named", "kind"), [("Room", Room), ("Cellar", Cellar)])
def test_a_type_that_is_named_beside_its_subtype_means_itself(named: str, kind: type[Room]) -> None:
    (room,) = read(House, {"rooms": [{"type": named, "size": 2}]}).rooms
    assert type(room) is kind


def test_type_may_name_the_only_type_that_fits() -> None:
    assert read(Circle, {"type": "Circle", "innerSize": 3}) == Circle(inner_size=3)


def test_a_field_called_type_stays_a_field() -> None:
    assert read(Box, {"name": "a", "type": "wooden"}) == Box(name="a", type="wooden")


def test_objects_in_lists_are_made_too() -> None:
    assert read(Box, {"name": "a", "boxes": [{"name": "b"}]}) == Box(name="a", boxes=(Box(name="b"),))


@pytest.mark.parametrize("key", [2, "2"])
def test_objects_in_mappings_are_made_too_and_a_key_may_be_a_number(key: object) -> None:
    shelf = read(Shelf, {"places": {key: {"name": "a", "shape": {"type": "Circle", "innerSize": 1}}}})
    assert shelf.places == {2: Box(name="a", shape=Circle(inner_size=1))}
    wrong = {"places": {key: {"name": "a", "nam": 1}}}
    assert messages(wrong, Shelf) == [
        "box 'a': key 'nam' is not a field, must be one that the object has; write name",
    ]


@pytest.mark.parametrize("front", ["shut", {"type": "Square", "side": 2}])
def test_a_field_takes_a_word_or_an_object(front: object) -> None:
    assert read(Shelf, {"front": front}).front == (Square(side=2) if front != "shut" else "shut")
    said = messages({"front": "ajar"}, Shelf)
    assert said == ["the definition: front 'ajar', must be 'open', 'shut' or a mapping; write its fields below it"]


def test_null_is_as_good_as_nothing() -> None:
    assert read(Box, {"name": "a", "shape": None, "boxes": None}) == Box(name="a")


def test_null_turns_a_default_off_where_a_field_takes_nothing() -> None:
    assert read(Guarded, {}).guard == Square()
    assert read(Guarded, {"guard": None}).guard is None


def test_a_value_may_be_one_of_later_where_the_typed_form_takes_one() -> None:
    later = Later()
    assert read(Circle, {"innerSize": later}).inner_size is later
    assert read(Box, {"name": "a", "labels": {"b": later}}).labels["b"] is later


def test_keys_of_plain_mappings_are_the_users() -> None:
    box = read(Box, {"name": "a", "more": {"node_pool": {"type": "gpu"}}, "labels": {"in_use": "yes"}})
    assert box.more == {"node_pool": {"type": "gpu"}}
    assert box.labels == {"in_use": "yes"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "a", "nam": 1}, "box 'a': key 'nam' is not a field, must be one that the object has; write name"),
        ({}, "Box: name is not set, must be given; write name: …"),
        ({"name": "a", "shape": {}}, "box 'a' → shape: type is not set, must be Circle or Square; write type: …"),
        (
            {"name": "a", "shape": {"type": "Sqare"}},
            "box 'a' → shape: type 'Sqare', must be Circle or Square; write type: Square",
        ),
        ({"name": "a", "shape": "round"}, "box 'a': shape 'round', must be a mapping; write its fields below it"),
        (
            {"name": "a", "shape": {"type": "Circle", "innerSize": "big"}},
            "box 'a' → shape: innerSize 'big', must be a whole number; change innerSize",
        ),
        (
            {"name": "a", "shape": {"type": "Circle", "inner_size": 1, "innerSize": 1}},
            "box 'a' → shape: key 'inner_size' is not a field, must be one that the object has; write innerSize",
        ),
        ({"name": "a", "boxes": {"name": "b"}}, "box 'a': boxes {'name': 'b'}, must be a list; change boxes"),
        ({"name": "a", "boxes": ["b"]}, "box 'a': boxes[0] 'b', must be a mapping; write its fields below it"),
        (
            {"name": "a", "boxes": [{"name": "b", "boxes": [{}]}]},
            "box 'a' → box 'b' → boxes[0]: name is not set, must be given; write name: …",
        ),
        (
            {"name": Later()},
            "Box: name is an Output, must be known before anything is applied; write its value",
        ),
    ],
)
def test_a_mistake_is_said_in_the_data_s_own_words(data: Mapping[str, object], said: str) -> None:
    assert messages(data) == [said]


def test_the_root_must_be_of_the_type_that_is_read() -> None:
    assert messages({"type": "Square"}, Circle) == ["the definition: type 'Square', must be Circle; write type: Circle"]


def test_mistakes_at_every_depth_are_said_at_once_and_none_twice() -> None:
    said = messages(
        {"name": "a", "nam": 1, "shape": {}, "boxes": [{"nme": "b"}, {"name": "c", "boxes": [{"name": 3}]}]}
    )
    assert [text.partition(",")[0] for text in said] == [
        "box 'a': key 'nam' is not a field",
        "box 'a' → shape: type is not set",
        "box 'a' → boxes[0]: key 'nme' is not a field",
        "box 'a' → boxes[0]: name is not set",
        "box 'a' → box 'c' → boxes[0]: name 3",
    ]


def test_what_is_read_is_named_as_what_is_written_in_python() -> None:
    assert title(read(Box, {"name": "a"})) == title(Box(name="a")) == "box 'a'"


@pytest.mark.parametrize(
    ("text", "reworded"),
    [
        ("write inner_size=3 or more", "write innerSize: 3 or more"),
        ("inner_size 3 with side=True", "innerSize 3 with side: true"),
        ("must be True or False", "must be true or false"),
        ("pool.inner_size 3, in the stack's words", "pool.innerSize 3, in the stack's words"),
        ("name 'inner_size=3' leads to /a/inner_size/b", "name 'inner_size=3' leads to /a/inner_size/b"),
        ("run a_program --side=3", "run a_program --side=3"),
    ],
)
def test_a_message_is_reworded_for_data_and_what_is_the_user_s_stays(text: str, reworded: str) -> None:
    assert as_data(text) == reworded
    assert as_data(reworded) == reworded
