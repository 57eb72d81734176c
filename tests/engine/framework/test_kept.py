"""What a state has had once is nobody's leftover: however it went out of the state, it lives on."""

from __future__ import annotations

import pytest

from tests.engine.framework.test_kills import CREATE, kill_at
from tests.engine.memory_provider.world import World

pytestmark = pytest.mark.engine

URN = "urn:pulumi:test::scratch::seldon:memory:Bucket::"
PHOTOS = "BUCKET.register('b', name='photos')"
RETAINED = "BUCKET.register('b', ResourceOptions(retain_on_delete=True), name='photos', size=%d)"
FIRST = "BUCKET.register('a', name='photos')\n"
MOVED = "BUCKET.register('b', ResourceOptions(aliases=[pulumi.Alias(name='a')]), name='photos')\n"


def test_what_was_retained_at_its_replacement_stays(world: World) -> None:
    world.up(RETAINED % 1)
    world.up((RETAINED % 1).replace("photos", "pictures"))
    assert world.cloud.names() == ["photos", "pictures"]
    assert "2 unchanged" in world.up(None, "--expect-no-changes")
    assert world.cloud.names() == ["photos", "pictures"]


def test_what_was_retained_at_destroy_stays_when_it_is_declared_again(world: World) -> None:
    world.up(RETAINED % 1)
    (old,) = world.cloud.objects
    world.engine.destroy()
    said = world.up(RETAINED % 2)
    assert sorted(world.cloud.objects) == sorted([old, world.only()["id"]])
    assert f"{old} was made by this declaration too, and the state does not have it: it is left alone" in said


def test_what_was_retained_is_taken_over_where_it_is_just_what_is_declared(world: World) -> None:
    world.up(RETAINED % 1)
    (old,) = world.cloud.objects
    world.engine.destroy()
    world.up(RETAINED % 1)
    assert world.only()["id"] == old
    world.assert_clean("photos")


def test_what_was_taken_out_of_the_state_by_hand_stays(world: World) -> None:
    world.up(PHOTOS)
    (old,) = world.cloud.objects
    world.engine.run("state", "delete", "--stack", "test", "--yes", f"{URN}b")
    world.up(PHOTOS.replace("photos", "pictures"))
    assert old in world.cloud.objects
    assert world.cloud.names() == ["photos", "pictures"]


@pytest.mark.parametrize("name", ["photos", "other"])
def test_what_moved_to_another_name_stays_with_it_when_the_first_name_is_used_again(world: World, name: str) -> None:
    world.up(FIRST)
    (old,) = world.cloud.objects
    both = MOVED + FIRST.replace("photos", name)
    world.up(MOVED)
    world.up(both)
    world.assert_clean("photos", name)
    assert {it["urn"].rpartition("::")[2] for it in world.resources() if it["id"] == old} == {"b"}
    assert "3 unchanged" in world.up(None, "--expect-no-changes")


def test_what_was_renamed_in_the_state_stays_when_the_first_name_is_used_again(world: World) -> None:
    world.up(FIRST)
    (old,) = world.cloud.objects
    world.engine.run("state", "rename", "--stack", "test", "--yes", f"{URN}a", "b")
    world.up(FIRST + FIRST.replace("'a'", "'b'"))
    world.assert_clean("photos", "photos")
    assert {it["urn"].rpartition("::")[2] for it in world.resources() if it["id"] == old} == {"b"}


def test_an_object_is_marked_as_recorded_once_in_its_life(world: World) -> None:
    world.up(PHOTOS)
    world.up(PHOTOS.replace("')", "', size=3)"))
    world.preview()
    assert world.cloud.marks == [world.only()["id"]]


def test_what_an_interrupted_run_left_is_named_before_it_is_removed(world: World) -> None:
    kill_at(world, CREATE, "plugin", "after")
    world.heal()
    (left,) = world.cloud.objects
    world.declare(PHOTOS.replace("photos", "pictures"))
    said = world.engine.preview().stdout
    assert f"an interrupted run left {left} behind: `pulumi up` takes it over or removes it" in said
    assert world.cloud.names() == ["photos"]


def test_one_that_fails_to_be_marked_is_marked_by_the_next_run(world: World) -> None:
    world.cloud.fail("PATCH", "before", "not now")
    assert "not now" in world.failed_up(PHOTOS)
    world.up()
    world.assert_clean("photos")
    assert world.cloud.only()["settled"]


TWO = "a = BUCKET.register('a', name='{}'); BUCKET.register('c', name='route', motto=a.url)\n"


@pytest.fixture(params=["switched off", "by running the program"])
def unread(world: World, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Arguments of an `up` whose engine does not read first."""
    if request.param == "switched off":
        world.engine.environment["PULUMI_DISABLE_REFRESH_BEFORE_UPDATE"] = "true"
        return ()
    return ("--run-program",)


def test_where_nothing_is_read_first_what_waits_for_its_removal_is_removed_and_nothing_else(
    world: World, unread: tuple[str, ...]
) -> None:
    world.up(TWO.format("photos"), *unread)
    world.cloud.fail("PUT", "before", "not now")
    world.failed_up(TWO.format("pictures"))
    assert world.cloud.names() == ["photos", "pictures", "route"]
    world.up(None, *unread)
    world.assert_clean("pictures", "route")


def test_where_nothing_is_read_first_a_move_keeps_its_object(world: World, unread: tuple[str, ...]) -> None:
    world.up(FIRST, *unread)
    (old,) = world.cloud.objects
    world.up(MOVED, *unread)
    world.up(MOVED + FIRST, *unread)
    world.assert_clean("photos", "photos")
    assert {it["urn"].rpartition("::")[2] for it in world.resources() if it["id"] == old} == {"b"}
