"""An outside that fails, is slow or is interrupted: the object stays known and the next `up` repairs it."""

from __future__ import annotations

import os
import signal

import pytest

from tests.engine.memory_provider.world import World, lock_files
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.engine

PHOTOS = "BUCKET.register('b', name='photos', size=2)"
TASK = "TASK.register('t', name='train', command='python train.py')"
SHORT = "opts = ResourceOptions(custom_timeouts=CustomTimeouts(create='1s', update='1s'))\n"


def test_a_create_that_never_reached_the_outside_leaves_nothing(world: World) -> None:
    world.cloud.fail("POST", "before", "quota exceeded")
    said = world.failed_up(PHOTOS)
    assert "the cloud says: quota exceeded" in said
    assert "Traceback" not in said
    world.assert_clean()
    world.up()
    world.assert_clean("photos")


def test_a_create_that_failed_after_the_outside_call_keeps_its_object_and_is_repaired(world: World) -> None:
    world.cloud.fail("POST", "after", "gateway timeout")
    assert "gateway timeout" in world.failed_up(PHOTOS)
    assert world.only()["id"] == world.cloud.only()["id"]
    assert world.only()["initErrors"] == ["the cloud says: gateway timeout"]
    world.up()
    world.assert_clean("photos")
    assert [call.split()[0] for call in world.cloud.calls] == ["POST", "PUT"]


def test_where_there_is_no_update_the_repair_is_a_replacement(world: World) -> None:
    world.cloud.fail("POST", "after", "gateway timeout")
    world.failed_up(TASK)
    world.up()
    world.assert_clean("train")
    assert [call.split()[0] for call in world.cloud.calls] == ["POST", "POST", "DELETE"]


def test_an_unwell_object_is_removed_by_destroy(world: World) -> None:
    world.cloud.fail("POST", "after", "gateway timeout")
    world.failed_up(PHOTOS)
    world.engine.destroy()
    world.assert_clean()


def test_an_update_that_failed_half_way_is_done_again(world: World) -> None:
    world.up(PHOTOS)
    world.cloud.fail("PUT", "after", "connection lost")
    assert "connection lost" in world.failed_up(PHOTOS.replace("size=2", "size=5"))
    world.up(PHOTOS)
    world.assert_clean("photos")
    assert world.cloud.only()["size"] == 2


def test_a_delete_that_failed_keeps_the_object_in_the_state(world: World) -> None:
    world.up(PHOTOS)
    world.cloud.fail("DELETE", "before", "still in use")
    assert "still in use" in world.failed_up("")
    world.assert_clean("photos")
    world.up()
    world.assert_clean()


def test_the_users_time_limit_ends_a_wait_and_says_for_what_it_waited(world: World) -> None:
    world.cloud.ready = False
    said = world.failed_up(f"{SHORT}BUCKET.register('b', opts, name='photos')")
    assert "waited 1 s for the bucket to be ready; raise customTimeouts if it needs longer" in said
    assert world.only()["id"] == world.cloud.only()["id"]
    world.cloud.ready = True
    world.up("BUCKET.register('b', name='photos')")  # to heal may take as long as it takes
    world.assert_clean("photos")


def test_interrupted_in_a_create_it_saves_what_there_is_and_ends(world: World) -> None:
    world.cloud.ready = False
    world.declare(PHOTOS)
    running = world.engine.start("up", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
    wait_until(lambda: world.cloud.objects)
    os.kill(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert "cancelled while waiting for the bucket to be ready" in said
    assert world.only()["id"] == world.cloud.only()["id"]
    assert not world.state.get("pending_operations")
    assert lock_files(world.engine) == []
    world.cloud.ready = True
    world.up()
    world.assert_clean("photos")


LIMITED = "opts = ResourceOptions(custom_timeouts=CustomTimeouts(update='1s', delete='1s'))\n"


def test_the_users_time_limit_holds_for_update_and_delete_too(world: World) -> None:
    declared = f"{LIMITED}BUCKET.register('b', opts, name='photos', size=2)"
    world.up(declared)
    with world.cloud.gate("PUT", "before"):
        assert "the cloud did not answer PUT in time" in world.failed_up(declared.replace("size=2", "size=5"))
    with world.cloud.gate("DELETE", "before"):
        assert "the cloud did not answer DELETE in time" in world.failed_up("")
    world.up(PHOTOS)
    world.assert_clean("photos")
    assert world.cloud.only()["size"] == 2


def test_interrupted_twice_it_is_healed_by_one_further_up(world: World) -> None:
    world.declare(PHOTOS)
    with world.cloud.gate("POST", "after") as gate:
        running = world.engine.start("up", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
        plugin = gate.wait()
        wait_until(lambda: running.send_signal(signal.SIGINT) or running.poll() is not None)  # the second ends it
        world.assert_gone(plugin)
    running.communicate(timeout=60)
    world.heal()
    world.up()
    world.assert_clean("photos")
    assert [call.split()[0] for call in world.cloud.calls] == ["POST"]
