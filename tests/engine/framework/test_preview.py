"""What is only known later: it goes in unknown and comes out unknown, and meets the same rules when it is there."""

from __future__ import annotations

import pytest

from tests.engine.memory_provider.world import World

pytestmark = pytest.mark.engine

CHAIN = """
a = BUCKET.register('a', name='photos')
b = BUCKET.register('b', name=a.url.apply(lambda url: url[9:15]), settings={'of': a.url}, motto='fixed')
pulumi.export('later', Output.concat('b is ', b.name))
pulumi.export('known', b.motto)
"""


def test_unknown_inputs_give_unknown_outputs_and_touch_nothing(world: World) -> None:
    preview = world.preview(CHAIN)
    assert "later: [unknown]" in preview
    assert 'known: "fixed"' in preview
    assert "None" not in preview
    assert world.cloud.calls == []


def test_what_was_unknown_is_right_after_the_apply(world: World) -> None:
    world.up(CHAIN)
    assert world.engine.outputs() == {"later": "b is photos", "known": "fixed"}


def test_what_was_unknown_meets_the_rules_when_it_is_known(world: World) -> None:
    program = """
a = BUCKET.register('a', name='photos')
b = BUCKET.register('b', name=a.url.apply(lambda url: 'x'), size=a.revision.apply(lambda revision: 1000))
"""
    world.preview(program)
    said = world.failed_up()
    assert "property name value {x} has a problem: String should have at least 3 characters" in said
    assert "property size value {1000} has a problem: must be less than or equal to 100" in said
    assert world.cloud.names() == ["photos"]


def test_an_unknown_item_differs_alone(world: World) -> None:
    program = """
a = BUCKET.register('a', name='photos')
rules = [{'prefix': 'a'}, a.url.apply(lambda url: {'prefix': url})]
b = BUCKET.register('b', name='pictures', rules=rules)
"""
    world.up(program)
    said = world.preview(program.replace("'photos'", "'portraits'"))
    assert "[1]: [unknown]" in said
    assert "[0]" not in said
    world.up()
    assert [it["keepDays"] for it in world.cloud.objects["pictures-2"]["rules"]] == [30, 30]


def refused(world: World, statement: str) -> str:
    world.declare(statement)
    done = world.engine.preview(check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_every_problem_is_told_at_once_and_at_its_property(world: World) -> None:
    said = refused(
        world,
        "BUCKET.register('b', name='x', size='big', settings={'a': 1},"
        " rules=[{'prefix': 'a'}, {'keepDays': 0}, {'prefix': 'b', 'keepDay': 3}])",
    )
    for problem in (
        "property name value {x} has a problem: String should have at least 3 characters, got 'x'",
        "property size value {big} has a problem: must be a whole number, got 'big'",
        "resource 'b' has a problem: settings.a must be a string, got 1",
        "resource 'b' has a problem: rules[1].prefix is required",
        "resource 'b' has a problem: rules[1].keepDays must be greater than or equal to 1, got 0",
        "resource 'b' has a problem: rules[2].keepDay is not a property here; did you mean keepDays?",
    ):
        assert problem in said, said


def test_what_only_the_plugin_knows_is_told_at_preview_too(world: World) -> None:
    said = refused(world, "BUCKET.register('b', name='photos', region='nowhere', source='missing.bin')")
    assert "property region value {nowhere} has a problem: does not exist; choose here or there" in said
    assert "property source value {missing.bin} has a problem: there is no file missing.bin" in said


def test_an_input_that_does_not_exist_is_refused_by_the_program_itself(world: World) -> None:
    said = world.failed_up("BUCKET.register('b', nam='photos')")
    assert "seldon:memory:Bucket has no input 'nam'; its inputs are" in said
