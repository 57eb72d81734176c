"""What the framework does around a type's own calls; the outside is a dict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from seldon_infra.provider.framework import Context, Created, Failed, Instance, PartialFailure, Resource
from seldon_infra.provider.lifecycle import Lifecycle, OutcomeUnknown
from seldon_infra.provider.siblings import Known, owner_of
from seldon_infra.provider.values import Sealed
from seldon_infra.resources.interrupted import INTERRUPTED_ID
from seldon_infra.resources.model import UNKNOWN, Inputs, Outputs, ResourceModel, ResourceType, Secret

URN = "urn:pulumi:test::scratch::seldon:test:Lamp::lamp"


class Base(ResourceModel):
    wood: str


class LampInputs(Inputs):
    watt: int
    colour: str = "white"
    digest: str | None = None
    base: Base | None = None


class LampOutputs(Outputs):
    watt: int
    colour: str = "white"
    serial: str
    key: Secret[str] | None = None


class Lamp(Resource[LampInputs, LampOutputs]):
    """A lamp in a dict."""

    type = ResourceType("seldon:test:Lamp", LampInputs, LampOutputs)
    computed = frozenset({"digest"})

    def __init__(self) -> None:
        self.lamps: dict[str, Instance[LampInputs, LampOutputs]] = {}
        self.owners: dict[str, str] = {}
        self.updates: list[str] = []
        self.broken: dict[str, Exception] = {}

    def create(self, inputs: LampInputs, context: Context) -> Created[LampOutputs]:
        id = context.token[:8]
        outputs = LampOutputs(watt=inputs.watt, colour=inputs.colour, serial=id)
        self._fail("before create")
        self.lamps[id] = Instance(id, inputs, outputs, context.token)
        self.owners[id] = context.owner
        self._fail("after create")
        return Created(id, outputs)

    def find(self, inputs: LampInputs, context: Context) -> Iterable[Instance[LampInputs, LampOutputs]]:
        self._fail("find")
        return [lamp for id, lamp in self.lamps.items() if self.owners[id] == context.owner]

    def settle(self, id: str, last: Any, context: Context) -> None:
        self._fail("settle")
        self.lamps[id] = replace(self.lamps[id], settled=context.owner)

    def read(self, id: str, last: Any, context: Context) -> Instance[LampInputs, LampOutputs] | None:
        self._fail("read")
        return self.lamps.get(id)

    def update(self, id: str, last: Any, inputs: LampInputs, context: Context) -> LampOutputs:
        self.updates.append(id)
        self._fail("update")
        outputs = LampOutputs(watt=inputs.watt, colour=inputs.colour, serial=id)
        self.lamps[id] = replace(self.lamps[id], inputs=inputs, outputs=outputs)
        return outputs

    def delete(self, id: str, last: Any, context: Context) -> None:
        self.lamps.pop(id, None)

    def _fail(self, moment: str) -> None:
        if moment in self.broken:
            raise self.broken.pop(moment)


@pytest.fixture
def lamp() -> Lamp:
    return Lamp()


def lifecycle(lamp: Lamp) -> Lifecycle[LampInputs, LampOutputs]:
    """A plugin process that has just started."""
    return Lifecycle(lamp, Known())


def context(urn: str = URN) -> Context:
    return Context(urn, owner_of(urn))


def killed() -> Context:
    """The context of a create whose engine dies before the answer."""
    return Context(URN, owner_of(URN), awaited=lambda: False)


NEWS = {"watt": 40, "colour": "white"}


def test_a_check_fills_in_defaults_and_keeps_secrets(lamp: Lamp) -> None:
    inputs, problems = lifecycle(lamp).check({}, {"watt": Sealed(40)}, context())
    assert (inputs, problems) == ({"watt": Sealed(40), "colour": "white"}, [])


def test_a_check_leaves_open_what_it_can_only_compute_later(lamp: Lamp) -> None:
    inputs, _ = lifecycle(lamp).check({}, {"watt": UNKNOWN}, context())
    assert inputs == {"watt": UNKNOWN, "colour": "white", "digest": UNKNOWN}


def test_a_preview_echoes_what_is_known(lamp: Lamp) -> None:
    outputs = lifecycle(lamp).preview(None, {"watt": UNKNOWN, "colour": Sealed("red")}, context())
    assert outputs == {"watt": UNKNOWN, "colour": Sealed("red"), "serial": UNKNOWN, "key": Sealed(UNKNOWN)}


def test_a_created_lamp_that_nobody_recorded_is_adopted(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    assert lifecycle(lamp).create(NEWS, context()).id == first.id
    assert len(lamp.lamps) == 1


def test_a_lamp_that_the_state_has_is_not_adopted_by_its_replacement(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    later = lifecycle(lamp)
    later.read(first.id, first.outputs, NEWS, context())
    second = later.create(NEWS, context())
    assert second.id != first.id
    later.delete((first.id, first.outputs, NEWS), context())
    assert list(lamp.lamps) == [second.id]


def test_a_replacement_that_was_killed_is_adopted_when_it_is_repeated(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    ids = set()
    for _ in range(2):
        later = lifecycle(lamp)
        later.read(first.id, first.outputs, NEWS, context())
        ids.add(later.create(NEWS, context()).id)
    assert len(ids) == 1
    assert len(lamp.lamps) == 2


def test_what_was_adopted_in_this_run_is_not_deleted_in_it_as_the_old_one(lamp: Lamp) -> None:
    lifecycle(lamp).create(NEWS, context())
    blind = lifecycle(lamp)  # a state written without reads: an import, say
    again = blind.create(NEWS, context())
    blind.delete((again.id, again.outputs, NEWS), context())
    assert list(lamp.lamps) == [again.id]


def test_a_lamp_left_behind_is_named_by_a_diff_and_removed_by_the_update(lamp: Lamp) -> None:
    ours = lifecycle(lamp).create(NEWS, context())
    other = lifecycle(lamp)
    other.read(ours.id, ours.outputs, NEWS, context())
    other.create({**NEWS, "watt": 60}, killed())
    healing = lifecycle(lamp)
    healing.read(ours.id, ours.outputs, NEWS, context())
    last = (ours.id, ours.outputs, NEWS)
    (change,) = healing.diff(last, NEWS, context()).changes
    assert (change.path, change.replaces) == (("__leftBehind",), False)
    assert healing.update(last, NEWS, context()).outputs == ours.outputs
    assert list(lamp.lamps) == [ours.id]
    assert healing.diff(last, NEWS, context()).changes == []


def test_a_create_that_failed_before_the_outside_knew_raises(lamp: Lamp) -> None:
    lamp.broken["before create"] = Failed("no power")
    with pytest.raises(Failed, match="no power"):
        lifecycle(lamp).create(NEWS, context())


def test_a_create_that_failed_after_it_is_there_but_unwell(lamp: Lamp) -> None:
    lamp.broken["after create"] = RuntimeError("flickers")
    unwell = lifecycle(lamp).create(NEWS, context())
    assert unwell.reasons == ("RuntimeError: flickers",)
    assert unwell.id in lamp.lamps


def test_a_create_of_which_nobody_knows_how_it_ended_says_so(lamp: Lamp) -> None:
    healthy = lifecycle(lamp)
    lamp.broken["before create"] = Failed("no power")
    find = lamp.find
    calls = iter([find, None])

    def find_once(inputs: LampInputs, at: Context) -> Iterable[Instance[LampInputs, LampOutputs]]:
        chosen = next(calls)
        if chosen is None:
            raise Failed("line dead")
        return chosen(inputs, at)

    lamp.find = find_once  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match="no power; nor could it be found out whether it is there: line dead"):
        healthy.create(NEWS, context())


def test_an_unwell_object_stays_unwell_through_a_refresh_until_an_update_repairs_it(lamp: Lamp) -> None:
    lamp.broken["after create"] = Failed("flickers")
    unwell = lifecycle(lamp).create(NEWS, context())
    later = lifecycle(lamp)
    read = later.read(unwell.id, unwell.outputs, NEWS, context())
    assert read is not None
    assert read.reasons == ("flickers",)
    repaired = later.update((unwell.id, read.outputs, NEWS), NEWS, context())
    assert (repaired.reasons, repaired.outputs) == ((), {"watt": 40, "colour": "white", "serial": unwell.id})


def test_a_read_can_say_that_the_object_is_unwell(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    lamp.broken["read"] = PartialFailure(made.id, lamp.lamps[made.id].outputs, "dim", "warm")
    read = lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
    assert read is not None
    assert read.reasons == ("dim", "warm")


def test_an_update_that_failed_keeps_the_old_outputs_and_its_reason(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    lamp.broken["update"] = Failed("stuck at secret-word")
    news = {"watt": 60, "colour": Sealed("secret-word")}
    unwell = lifecycle(lamp).update((made.id, made.outputs, NEWS), news, context())
    assert unwell.reasons == ("stuck at [secret]",)
    assert unwell.outputs["watt"] == 40


def test_a_new_version_with_a_new_default_makes_no_difference(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    assert lifecycle(lamp).diff((made.id, made.outputs, {"watt": 40}), NEWS, context()).changes == []


@pytest.mark.parametrize(
    "older",
    [{"watt": 40, "dropped": True}, {"watt": 40, "base": {"wood": "oak", "dropped": 1}}],
    ids=["a field", "a field of a field"],
)
def test_a_field_that_a_new_version_has_dropped_makes_no_difference(lamp: Lamp, older: dict[str, Any]) -> None:
    news = {key: {"wood": "oak"} if key == "base" else value for key, value in older.items() if key != "dropped"}
    news, problems = lifecycle(lamp).check({}, news, context())
    assert problems == []
    assert lifecycle(lamp).diff(("id", {}, older), news, context()).changes == []


def test_what_is_gone_outside_is_gone(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    lamp.lamps.clear()
    assert lifecycle(lamp).read(made.id, made.outputs, NEWS, context()) is None


def test_a_lamp_that_a_state_has_had_is_neither_removed_nor_named(lamp: Lamp) -> None:
    kept = lifecycle(lamp).create(NEWS, context())
    later = lifecycle(lamp)
    made = later.create({**NEWS, "watt": 60}, context())
    last = (made.id, made.outputs, {**NEWS, "watt": 60})
    assert lifecycle(lamp).diff(last, last[2], context()).changes == []
    lifecycle(lamp).update(last, last[2], context())
    lifecycle(lamp).delete(last, context())
    assert list(lamp.lamps) == [kept.id]


def test_a_lamp_that_moved_to_another_declaration_is_not_adopted_by_its_first_one(lamp: Lamp) -> None:
    moved = lifecycle(lamp).create(NEWS, context())
    lifecycle(lamp).read(moved.id, moved.outputs, NEWS, context(f"{URN}2"))
    assert lamp.lamps[moved.id].settled == owner_of(f"{URN}2")
    assert lifecycle(lamp).create(NEWS, context()).id != moved.id
    assert len(lamp.lamps) == 2


def test_a_lamp_that_the_state_has_under_another_name_is_left_alone(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, killed())
    process = lifecycle(lamp)
    process.read(first.id, first.outputs, NEWS, context(f"{URN}2"))
    assert process.create(NEWS, context()).id != first.id
    assert first.id in lamp.lamps


def test_where_the_engine_does_not_read_first_nothing_settled_is_adopted(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    blind = Lifecycle(lamp, Known(reads_first=False))
    assert blind.create(NEWS, context()).id != first.id
    assert len(lamp.lamps) == 2


def test_where_the_engine_does_not_read_first_a_killed_create_is_still_adopted(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, killed())
    blind = Lifecycle(lamp, Known(reads_first=False))
    assert blind.create(NEWS, context()).id == first.id


def test_a_diff_of_what_nobody_read_shows_that_the_engine_does_not_read_first(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    process = lifecycle(lamp)
    process.diff(("unread", first.outputs, NEWS), NEWS, context(f"{URN}2"))
    assert process.create(NEWS, context()).id != first.id


def test_of_a_type_that_cannot_settle_nothing_is_removed(monkeypatch: pytest.MonkeyPatch, lamp: Lamp) -> None:
    monkeypatch.setattr(Lamp, "settle", Resource.settle)
    first = lifecycle(lamp).create(NEWS, killed())
    lifecycle(lamp).create({**NEWS, "watt": 60}, context())
    assert first.id in lamp.lamps
    assert lifecycle(lamp).create(NEWS, context()).id == first.id


def test_what_carries_no_token_is_nobodys_business(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, killed())
    lamp.lamps[first.id] = replace(lamp.lamps[first.id], token="")
    made = lifecycle(lamp).create(NEWS, context())
    assert lifecycle(lamp).diff((made.id, made.outputs, NEWS), NEWS, context()).changes == []


def test_a_lamp_that_could_not_be_settled_is_settled_by_its_next_read(lamp: Lamp) -> None:
    lamp.broken["settle"] = Failed("no pen")
    made = lifecycle(lamp).create(NEWS, context())
    assert made.reasons == ("no pen",)
    lamp.lamps[made.id] = replace(lamp.lamps[made.id], settled="")
    lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
    assert lamp.lamps[made.id].settled == owner_of(URN)


def test_a_lamp_whose_settling_was_not_answered_is_kept_as_unwell_by_any_engine(lamp: Lamp) -> None:
    settle = lamp.settle

    def unanswered(id: str, last: Any, at: Context) -> None:
        settle(id, last, at)
        raise Failed("no answer")

    lamp.settle = unanswered  # type: ignore[method-assign]
    for known in (Known(), Known(reads_first=False)):
        made = Lifecycle(lamp, known).create(NEWS, context())
        assert made.reasons == ("no answer",)
        assert made.id in lamp.lamps
        lamp.lamps.clear()


def test_a_delete_takes_along_what_a_killed_replacement_has_made(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    replacing = lifecycle(lamp)
    replacing.read(first.id, first.outputs, NEWS, context())
    replacing.create({**NEWS, "watt": 60}, killed())
    lifecycle(lamp).delete((first.id, first.outputs, NEWS), context())
    assert lamp.lamps == {}


def test_a_replacement_that_could_not_be_settled_survives_the_removal_of_the_old_one(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, context())
    process = lifecycle(lamp)
    process.read(first.id, first.outputs, NEWS, context())
    second = process.create({**NEWS, "watt": 60}, killed())
    process.delete((first.id, first.outputs, NEWS), context())
    assert list(lamp.lamps) == [second.id]


def interrupted(lamp: Lamp) -> Any:
    """What the state has of a killed create after `seldon-infra recover`, as a process reads it."""
    return lifecycle(lamp).read(INTERRUPTED_ID, {}, NEWS, context())


def test_an_interrupted_create_that_made_nothing_is_gone(lamp: Lamp) -> None:
    assert interrupted(lamp) is None


def test_an_interrupted_create_is_taken_over_by_a_replacement_of_what_stands_for_it(lamp: Lamp) -> None:
    first = lifecycle(lamp).create(NEWS, killed())
    there = interrupted(lamp)
    process, last = lifecycle(lamp), (there.id, there.outputs, NEWS)
    (change,) = process.diff(last, NEWS, context()).changes
    assert change.replaces
    assert process.create(NEWS, context()).id == first.id
    process.delete(last, context())
    assert list(lamp.lamps) == [first.id]


def test_destroying_what_stands_for_an_interrupted_create_removes_what_it_made(lamp: Lamp) -> None:
    lifecycle(lamp).create(NEWS, killed())
    there = interrupted(lamp)
    lifecycle(lamp).delete((there.id, there.outputs, NEWS), context())
    assert lamp.lamps == {}


LONG = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg" * 5


@pytest.mark.parametrize(
    "raw",
    [
        {"watt": Sealed(LONG)},
        {"watt": 40, "colour": Sealed([LONG])},
        {"watt": 40, "colour": [Sealed(LONG)]},
        {"watt": 40, "colour": Sealed([4711])},
        {"watt": [LONG], "colour": Sealed(LONG)},
    ],
    ids=["long", "in a list", "below", "a number", "again elsewhere"],
)
def test_nothing_of_a_secret_is_quoted_however_long_it_is(lamp: Lamp, raw: dict[str, Any]) -> None:
    _, problems = lifecycle(lamp).check({}, raw, context())
    (said,) = [problem.reason for problem in problems]
    assert "[secret]" in said
    assert not any(part in said for part in ("MIIEv", "BEGIN", "4711"))


@pytest.mark.parametrize("secret", [LONG, "two  spaces", "a\ttab"], ids=["lines", "spaces", "tab"])
def test_a_secret_with_white_space_is_masked_in_an_exceptions_one_line(lamp: Lamp, secret: str) -> None:
    lamp.broken["after create"] = RuntimeError(f"cannot use {secret} here")
    unwell = lifecycle(lamp).create({**NEWS, "colour": Sealed(secret)}, context())
    assert unwell.reasons == ("RuntimeError: cannot use [secret] here",)


def test_a_secret_that_the_object_brought_is_masked_in_its_reasons(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    outputs = LampOutputs(watt=40, serial=made.id, key="key-4711")
    for moment in ("before create", "read", "update"):
        lamp.broken[moment] = PartialFailure(made.id, outputs, "no light with key-4711")
    read = lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
    updated = lifecycle(lamp).update((made.id, made.outputs, NEWS), {**NEWS, "watt": 60}, context())
    created = lifecycle(lamp).create({**NEWS, "watt": 60}, context())
    assert [it and it.reasons for it in (read, updated, created)] == [("no light with [secret]",)] * 3
    assert created.outputs["key"] == Sealed("key-4711")


def test_what_a_read_has_found_unwell_is_well_again_when_a_read_finds_it_so(lamp: Lamp) -> None:
    made = lifecycle(lamp).create(NEWS, context())
    lamp.broken["read"] = PartialFailure(made.id, lamp.lamps[made.id].outputs, "dim")
    dim = lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
    assert dim is not None
    repaired = lifecycle(lamp).update((made.id, dim.outputs, NEWS), NEWS, context())
    assert lamp.updates == [made.id]
    assert repaired.outputs == made.outputs
    again = lifecycle(lamp).read(made.id, dim.outputs, NEWS, context())
    assert again is not None
    assert (again.reasons, again.outputs) == ((), made.outputs)


def test_what_failed_to_be_made_stays_unwell_though_a_read_finds_more_wrong_with_it(lamp: Lamp) -> None:
    lamp.broken["after create"] = Failed("flickers")
    made = lifecycle(lamp).create(NEWS, context())
    for _ in range(2):
        lamp.broken["read"] = PartialFailure(made.id, lamp.lamps[made.id].outputs, "dim")
        dim = lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
        assert dim is not None
        assert dim.reasons == ("flickers", "dim")
        made = dim
    again = lifecycle(lamp).read(made.id, made.outputs, NEWS, context())
    assert again is not None
    assert again.reasons == ("flickers", "dim")


def test_a_preview_goes_on_where_the_outside_cannot_be_asked(lamp: Lamp) -> None:
    said: list[str] = []
    lamp.broken["find"] = Unreached("no way there")
    previewing = lifecycle(lamp)
    asking = replace(context(), warn=said.append)
    assert previewing.preview(None, NEWS, asking)["watt"] == 40
    assert previewing.preview(None, NEWS, asking)["watt"] == 40
    assert said == ["what an interrupted run may have left behind is not known: no way there"]
    lamp.broken["find"] = Unreached("no way there")
    with pytest.raises(Failed, match="no way there"):
        previewing.create(NEWS, context())


def test_a_preview_ends_where_the_outside_says_no(lamp: Lamp) -> None:
    lamp.broken["find"] = Failed("another account")
    with pytest.raises(Failed, match="another account"):
        lifecycle(lamp).preview(None, NEWS, context())


class Unreached(Failed):
    """Nobody answers."""

    unasked = True
