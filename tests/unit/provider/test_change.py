"""Where what may change depends on what the state has: values that are kept, refused, or that replace this time."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from seldon_infra.provider.framework import Context, Created, Instance, Problem, Refused, Resource
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.siblings import Known, owner_of
from seldon_infra.resources.model import UNKNOWN, Inputs, Outputs, ResourceType

URN = "urn:pulumi:test::scratch::seldon:test:Tower::tower"


class TowerInputs(Inputs):
    place: str
    floors: int = 1
    key: str | None = None
    paint: str | None = None
    flags: list[str] = Field(default_factory=list)


class TowerOutputs(TowerInputs, Outputs):
    """What there is."""


class Tower(Resource[TowerInputs, TowerOutputs]):
    """It grows by one floor at a time, keeps the key that it has, and comes in a colour of its own."""

    type = ResourceType("seldon:test:Tower", TowerInputs, TowerOutputs)
    replace_on = frozenset({"place"})
    kept = frozenset({"paint"})
    unordered = frozenset({"flags"})
    outside = TowerInputs(place="hill", floors=3, key="iron", paint="grey", flags=["blue", "red"])

    def check_change(self, last: TowerInputs, inputs: TowerInputs, context: Context) -> None:
        if inputs.floors > last.floors + 1:
            raise Refused(Problem("floors", f"grows by one at a time; set {last.floors + 1} first"))

    def replaced_by(self, last: TowerInputs, inputs: TowerInputs) -> frozenset[str]:
        return self.replace_on | ({"key"} if last.key else frozenset())

    def create(self, inputs: TowerInputs, context: Context) -> Created[TowerOutputs]:
        return Created("id", TowerOutputs(**dict(inputs)))

    def read(self, id: str, last: Any, context: Context) -> Instance[TowerInputs, TowerOutputs]:
        return Instance(id, self.outside, TowerOutputs(**dict(self.outside)))

    def update(self, id: str, last: Any, inputs: TowerInputs, context: Context) -> TowerOutputs:
        return TowerOutputs(**dict(inputs))


OLD: dict[str, Any] = {"place": "hill", "floors": 3, "flags": ["red", "blue"]}


@pytest.fixture
def tower() -> Lifecycle[TowerInputs, TowerOutputs]:
    return Lifecycle(Tower(), Known())


@pytest.fixture
def context() -> Context:
    return Context(URN, owner_of(URN))


def test_what_no_update_leads_to_is_refused_at_its_property(tower: Any, context: Context) -> None:
    _, problems = tower.check(OLD, {"place": "hill", "floors": 5}, context)
    assert problems == [Problem("floors", "grows by one at a time; set 4 first")]
    assert tower.check(OLD, {"place": "hill", "floors": 4}, context)[1] == []


def test_nothing_is_refused_of_a_new_object_of_a_replacement_or_as_long_as_something_is_unknown(
    tower: Any, context: Context
) -> None:
    for olds, place in (({}, "hill"), (OLD, "valley"), (OLD, UNKNOWN)):
        assert tower.check(olds, {"place": place, "floors": 5}, context)[1] == []


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [(None, "iron", False), ("iron", "brass", True), ("iron", None, True), ("iron", UNKNOWN, False)],
)
def test_whether_a_change_replaces_may_depend_on_the_values(
    tower: Any, context: Context, old: str | None, new: Any, replaces: bool
) -> None:
    olds, news = ({**OLD, **({"key": key} if key else {})} for key in (old, new))
    (change,) = tower.diff(("id", {}, olds), news, context).changes
    assert (change.path, change.replaces) == (("key",), replaces)


def test_what_is_left_to_the_outside_is_neither_drift_nor_a_change(tower: Any, context: Context) -> None:
    alive = tower.read("id", OLD, {**OLD, "key": "iron"}, context)
    assert (alive.inputs, alive.outputs) == ({**OLD, "key": "iron"},) * 2
    declared = tower.read("id", OLD, {**OLD, "paint": "blue"}, context)
    assert declared.inputs["paint"] == "grey"


def test_what_an_import_has_found_stays_where_the_program_leaves_it_out(tower: Any, context: Context) -> None:
    alive = tower.read("id", {}, None, context)
    assert alive.inputs["paint"] == "grey"
    news, _ = tower.check(
        alive.inputs, {"place": "hill", "floors": 3, "key": "iron", "flags": ["red", "blue"]}, context
    )
    assert tower.diff(("id", {}, alive.inputs), news, context).changes == []


def test_another_order_of_a_set_is_neither_drift_nor_a_change(tower: Any, context: Context) -> None:
    alive = tower.read("id", OLD, OLD, context)
    assert alive.inputs["flags"] == alive.outputs["flags"] == ["red", "blue"]
    news, _ = tower.check(OLD, {**OLD, "flags": ["blue", "red"]}, context)
    assert news["flags"] == ["red", "blue"]
    news, _ = tower.check(OLD, {**OLD, "flags": ["blue", "red", "red"]}, context)
    assert news["flags"] == ["red", "blue", "red"]
    news, _ = tower.check(OLD, {**OLD, "flags": ["blue", UNKNOWN]}, context)
    assert news["flags"] == [UNKNOWN, "blue"]
