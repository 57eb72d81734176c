"""A secret is encrypted wherever it turns up, and nobody prints it."""

from __future__ import annotations

import pytest

from tests.engine.memory_provider.world import World

pytestmark = pytest.mark.engine

CANARY = "canary-4711"
DECLARED = f"b = BUCKET.register('b', name='photos', password='{CANARY}')"
SECRET_VALUES = (
    f"b = BUCKET.register('b', name='photos', motto=secret('say {CANARY}'), settings={{'key': secret('{CANARY}')}})"
)

EXPORTS = """
pulumi.export('url', b.url)
pulumi.export('password', b.password)
pulumi.export('settings', b.settings)
"""


def everything_written(world: World) -> str:
    """Every file that the engine or the plugin left, but for the program and the history of what was typed."""
    folder = world.engine.directory / "backend"
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("declared", [DECLARED, SECRET_VALUES], ids=["by the type", "by the program"])
def test_a_secret_is_in_no_file_and_in_no_output(world: World, declared: str) -> None:
    said = world.up(declared + EXPORTS)
    said += world.preview(declared.replace("photos", "pictures"))
    assert CANARY in str(world.cloud.only())
    assert CANARY not in said + everything_written(world)
    assert "[secret]" in said


def test_an_output_that_shows_a_secret_input_is_secret_too(world: World) -> None:
    world.up(f"{SECRET_VALUES}\npulumi.export('url', b.url)")
    assert "ciphertext" in world.only()["outputs"]["url"]
    assert world.engine.outputs()["url"].endswith(f"say {CANARY}")


def test_a_field_declared_secret_is_secret_among_the_outputs(world: World) -> None:
    world.up("BUCKET.register('b', name='photos')")
    assert "ciphertext" in world.only()["outputs"]["accessKey"]


def test_secrets_stay_secret_through_a_refresh(world: World) -> None:
    world.up(SECRET_VALUES)
    world.cloud.only()["size"] = 5
    world.engine.refresh()
    assert world.only()["inputs"]["size"] == 5
    assert "ciphertext" in world.only()["inputs"]["settings"]["key"]
    assert CANARY not in everything_written(world)


def test_the_text_of_an_exception_does_not_tell_a_secret(world: World) -> None:
    said = world.failed_up(f"BUCKET.register('b', name='photos', motto='explode', password='{CANARY}')")
    assert "RuntimeError: cannot log in with '[secret]'" in said
    assert CANARY not in said
    assert "Traceback" not in said


def test_a_wrong_secret_is_not_quoted(world: World) -> None:
    said = world.failed_up(f"BUCKET.register('b', name=secret('{CANARY[:2]}'), motto=secret(['{CANARY}']))")
    assert "resource 'b' has a problem: motto must be a string, got [secret]" in said
    assert CANARY not in said


def test_a_wrong_value_of_a_secret_field_is_not_quoted(world: World) -> None:
    said = world.failed_up(f"BUCKET.register('b', name='photos', password=['{CANARY}'])")
    assert "resource 'b' has a problem: password must be a string, got [secret]" in said
    assert CANARY not in said
