"""Whoever is killed and whenever: one further `up` makes all right, with no orphan, no double and nothing pending.

Each case stops one outside call just before or just after it takes effect, kills the engine or the plugin with SIGKILL,
does what `seldon-infra recover` does, and applies the same program once more.
"""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import dataclass

import pytest

from seldon_infra.runtime.leftovers import is_alive
from tests.engine.memory_provider.cloud import Moment
from tests.engine.memory_provider.world import World

pytestmark = pytest.mark.engine

URN = "urn:pulumi:test::scratch::seldon:memory:Bucket::b"
PHOTOS = "BUCKET.register('b', name='photos', size=2)"
BIGGER = "BUCKET.register('b', name='photos', size=5)"
PICTURES = "BUCKET.register('b', name='pictures', size=2)"


@dataclass(frozen=True)
class Step:
    """What an `up` does at the moment of the kill."""

    name: str
    before: str | None
    program: str
    call: str
    left: tuple[str, ...]
    arguments: tuple[str, ...] = ()


CREATE = Step("create", None, PHOTOS, "POST", ("photos",))
UPDATE = Step("update", PHOTOS, BIGGER, "PUT", ("photos",))
DELETE = Step("delete", PHOTOS, "", "DELETE", ())
REPLACE = Step("replace, new", PHOTOS, PICTURES, "POST", ("pictures",))
REPLACE_OLD = Step("replace, old", PHOTOS, PICTURES, "DELETE", ("pictures",))
ONE_VAULT = Step(
    "replace the only one",
    PHOTOS.replace("BUCKET", "VAULT"),
    PICTURES.replace("BUCKET", "VAULT"),
    "POST",
    ("pictures",),
)
ROOM = Step("make room for", ONE_VAULT.before, ONE_VAULT.program, "DELETE", ("pictures",))
SAME = Step("replace with equal inputs", PHOTOS, PHOTOS, "POST", ("photos",), ("--replace", URN))


def kill_at(world: World, step: Step, victim: str, moment: Moment) -> int:
    """Run an `up`, kill the victim at the moment, and return the plugin's process id; all is over afterwards."""
    world.declare(step.program)
    with world.cloud.gate(step.call, moment) as gate:
        running = world.engine.start(
            "up", "--stack", "test", "--yes", "--skip-preview", *step.arguments, is_inline=True
        )
        plugin = gate.wait()
        os.kill(running.pid if victim == "engine" else plugin, signal.SIGKILL)
        world.assert_gone(plugin)
    running.communicate(timeout=60)
    return plugin


MAKING = (CREATE, REPLACE, REPLACE_OLD, SAME, ONE_VAULT, ROOM)


def made_in_all(step: Step, victim: str, moment: Moment) -> int:
    """How many objects an uninterrupted run and its healing make: nothing is made twice.

    The one exception is what stands for the only one of its kind, whose predecessor the state no longer has. And a
    replacement that was only asked for by an argument is not asked for again.
    """
    asked_again = not (step is SAME and moment == "before")
    unrecognised = step is ONE_VAULT and victim == "engine"
    return (step.before is not None) + (step in MAKING and asked_again) + unrecognised


def posts(world: World) -> int:
    """How many objects were ever made."""
    return len([call for call in world.cloud.calls if call.startswith("POST")])


POINTS = [
    *itertools.product([CREATE, UPDATE, DELETE, REPLACE], ["engine", "plugin"], ["before", "after"]),
    *itertools.product([REPLACE_OLD, SAME], ["engine"], ["before", "after"]),
    *itertools.product([REPLACE_OLD, SAME], ["plugin"], ["after"]),
    *itertools.product([ONE_VAULT], ["engine", "plugin"], ["after"]),
    *itertools.product([ROOM], ["engine", "plugin"], ["before"]),
]


@pytest.mark.parametrize(("step", "victim", "moment"), POINTS, ids=lambda it: it.name if isinstance(it, Step) else it)
def test_one_further_up_heals(world: World, step: Step, victim: str, moment: Moment) -> None:
    if step.before is not None:
        world.up(step.before)
    plugin = kill_at(world, step, victim, moment)
    world.heal()
    world.up()
    world.assert_clean(*step.left)
    assert all(it["size"] == (5 if step is UPDATE else 2) for it in world.cloud.objects.values())
    assert posts(world) == made_in_all(step, victim, moment), "what was there was not adopted"
    assert not is_alive(plugin)


@pytest.mark.parametrize("victim", ["engine", "plugin"])
def test_what_was_left_behind_goes_where_the_program_has_changed_since(world: World, victim: str) -> None:
    kill_at(world, CREATE, victim, "after")
    world.heal()
    said = world.up(PICTURES)
    world.assert_clean("pictures")
    assert "which an interrupted run had left behind" in said


@pytest.mark.parametrize("step", [CREATE, REPLACE, ONE_VAULT], ids=lambda it: it.name)
def test_a_destroy_after_the_kill_leaves_nothing(world: World, step: Step) -> None:
    if step.before is not None:
        world.up(step.before)
    kill_at(world, step, "engine", "after")
    world.heal()
    world.engine.destroy()
    world.assert_clean()


def test_a_destroy_removes_what_a_killed_plugin_was_replacing_with(world: World) -> None:
    world.up(PHOTOS)
    kill_at(world, REPLACE, "plugin", "after")
    world.engine.destroy()
    world.assert_clean()


def test_an_idle_plugin_goes_with_the_engine(world: World) -> None:
    world.up(PHOTOS)
    world.declare(PHOTOS + "\nimport time; time.sleep(600)")
    with world.cloud.gate("GET", "before") as gate:
        running = world.engine.start("up", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
        plugin = gate.wait()
    os.kill(running.pid, signal.SIGKILL)
    world.assert_gone(plugin)
    running.communicate(timeout=60)
