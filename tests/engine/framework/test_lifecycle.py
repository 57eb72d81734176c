"""Create, update, replace, refresh, import and delete, as the real engine asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.memory_provider.world import World

pytestmark = pytest.mark.engine

PHOTOS = "b = BUCKET.register('b', name='photos', size=2, settings={'max_age': 'x'})"
TASK = "TASK.register('t', name='train', command='python train.py')"
URN = "urn:pulumi:test::scratch::seldon:memory:Bucket::b"


def test_a_declared_object_is_made_once_and_then_left_alone(world: World) -> None:
    assert "+ 2 created" in world.up(PHOTOS)
    world.assert_clean("photos")
    assert world.only()["outputs"]["url"] == f"memory://{world.only()['id']}/"
    again = world.engine.up("--expect-no-changes").stdout
    assert "2 unchanged" in again
    assert world.cloud.calls == [f"POST {world.only()['id']}"]


def test_a_changed_size_is_updated_in_place_and_a_nested_change_is_named_by_its_path(world: World) -> None:
    world.up("BUCKET.register('b', name='photos', rules=[{'prefix': 'a'}, {'prefix': 'b', 'keepDays': 2}])")
    id = world.only()["id"]
    changed = "BUCKET.register('b', name='photos', size=3, rules=[{'prefix': 'a'}, {'prefix': 'b', 'keepDays': 9}])"
    preview = world.preview(changed)
    assert "~ size : 1 => 3" in preview
    assert "~ keepDays: 2 => 9" in preview
    assert "prefix" not in preview
    world.up()
    assert (world.only()["id"], world.cloud.only()["size"]) == (id, 3)
    assert world.cloud.calls == [f"POST {id}", f"PUT {id}"]


def test_a_changed_name_replaces_and_the_new_object_is_there_before_the_old_goes(world: World) -> None:
    world.up(PHOTOS)
    old = world.only()["id"]
    assert "+-seldon:memory:Bucket: (replace)" in world.preview(PHOTOS.replace("photos", "pictures"))
    world.up()
    world.assert_clean("pictures")
    assert world.cloud.calls == [f"POST {old}", f"POST {world.only()['id']}", f"DELETE {old}"]


def test_every_change_replaces_where_the_type_has_no_update(world: World) -> None:
    world.up(TASK)
    old = world.only()["id"]
    world.up(TASK.replace("train.py", "train.py --fast"))
    world.assert_clean("train")
    assert world.only()["id"] != old


def test_a_replacement_with_equal_inputs_makes_a_new_object(world: World) -> None:
    world.up(PHOTOS)
    old = world.only()["id"]
    assert "+-1 replaced" in world.up(None, "--replace", URN)
    world.assert_clean("photos")
    assert world.cloud.calls == [f"POST {old}", f"POST {world.only()['id']}", f"DELETE {old}"]


def test_what_someone_changed_by_hand_shows_in_the_next_preview_and_is_put_back(world: World) -> None:
    world.up(PHOTOS)
    world.cloud.only()["size"] = 9
    world.cloud.only()["settings"] = {"max_age": "y"}
    preview = world.preview()
    assert "~ size    : 9 => 2" in preview
    assert '~ max_age: "y" => "x"' in preview
    world.up()
    assert (world.cloud.only()["size"], world.cloud.only()["settings"]) == (2, {"max_age": "x"})


def test_a_refresh_takes_an_outside_change_into_the_state(world: World) -> None:
    world.up(PHOTOS)
    world.cloud.only()["size"] = 9
    assert "~ size: 2 => 9" in world.engine.refresh("--diff").stdout
    assert world.only()["inputs"]["size"] == 9


def test_a_drift_check_tells_an_outside_change_from_none_by_its_exit_code(world: World) -> None:
    world.up(PHOTOS)
    check = ("refresh", "--stack", "test", "--preview-only", "--expect-no-changes")
    assert world.engine.run(*check, check=False).returncode == 0
    world.cloud.only()["size"] = 9
    assert world.engine.run(*check, check=False).returncode == 7


def test_what_someone_deleted_by_hand_is_made_again(world: World) -> None:
    world.up(PHOTOS)
    world.cloud.objects.clear()
    assert "+ 1 created" in world.up()
    world.assert_clean("photos")


def test_an_object_that_exists_is_imported_and_then_unchanged(world: World) -> None:
    world.cloud.objects["photos-1"] = {
        "id": "photos-1", "revision": 1, "name": "photos", "size": 2, "settings": {"max_age": "x"},
        "region": "here", "owner": "someone", "token": "",
    }  # fmt: skip
    world.declare("")
    world.engine.run("import", "--stack", "test", "--yes", "--protect=false", "--generate-code=false",
                     "seldon:memory:Bucket", "b", "photos-1")  # fmt: skip
    assert world.only()["inputs"]["size"] == 2
    assert "2 unchanged" in world.up(PHOTOS)
    assert world.cloud.calls == []


FOUND = {
    "id": "photos-0", "revision": 1, "name": "photos", "size": 2, "settings": {}, "region": "here", "owner": "someone",
    "token": "",
}  # fmt: skip


def test_an_object_that_a_program_imports_becomes_its_own(world: World) -> None:
    world.cloud.objects["photos-0"] = dict(FOUND)
    declared = "BUCKET.register('b', ResourceOptions(import_='photos-0'), name='photos', size=%d)"
    world.up(declared % 3)
    assert "2 unchanged" in world.up("BUCKET.register('b', name='photos', size=3)")
    assert (world.cloud.calls, world.cloud.marks) == (["PUT photos-0"], [])
    world.up("")
    world.assert_clean()


def test_importing_what_does_not_exist_says_so(world: World) -> None:
    world.declare("")
    done = world.engine.run("import", "--stack", "test", "--yes", "--generate-code=false",
                            "seldon:memory:Bucket", "b", "nothing", check=False)  # fmt: skip
    assert done.returncode != 0
    assert "does not exist" in done.stdout + done.stderr


def test_destroy_takes_all_away_also_what_is_gone_already(world: World) -> None:
    world.up(f"{PHOTOS}\n{TASK}")
    world.cloud.objects.pop(next(id for id in world.cloud.objects if id.startswith("train")))
    world.engine.destroy()
    world.assert_clean()


def test_a_value_that_the_plugin_computes_shows_in_the_preview(world: World, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_text("one")
    world.up(f"BUCKET.register('b', name='photos', source={str(source)!r})")
    source.write_text("two")
    assert "~ digest:" in world.preview()


def test_the_schema_of_the_package_comes_from_the_models(world: World, tmp_path: Path) -> None:
    done = world.engine.run("package", "get-schema", str(tmp_path / "plugin" / "pulumi-resource-seldon"))
    assert '"seldon:memory:Bucket"' in done.stdout
    assert '"seldon:memory:Rule"' in done.stdout
