"""docs/provider-resource-types.md: its example works as it is printed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.engine.scratch import Engine, scratch_engine

pytestmark = [pytest.mark.docs, pytest.mark.engine]

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "provider-resource-types.md"
BLOCK = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAM = """
from note_values import NOTE

NOTE.register("hello", folder={folder!r}, title={title!r}, text={text!r}, signature="hugs and kisses")
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A project with the page's files and a folder for its notes."""
    engine = scratch_engine(tmp_path)
    for name, text in BLOCK.findall(PAGE.read_text()):
        (tmp_path / name).write_text(text.replace("#!PYTHON", f"#!{sys.executable}"))
    (tmp_path / "pulumi-resource-seldon").chmod(0o755)
    (tmp_path / "notes").mkdir()
    engine.environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    engine.use_plugin("seldon", tmp_path)
    return engine


def declare(engine: Engine, title: str = "hello", text: str = "hi", folder: str = "notes") -> None:
    engine.write_program(PROGRAM.format(folder=str(engine.directory.parent / folder), title=title, text=text))


def notes(engine: Engine) -> dict[str, str]:
    return {path.name: path.read_text() for path in (engine.directory.parent / "notes").iterdir()}


def test_the_example_makes_updates_replaces_repairs_and_removes_a_note(engine: Engine) -> None:
    declare(engine)
    engine.up()
    (name,) = notes(engine)
    declare(engine, text="hello again")
    engine.up()
    assert '"text": "hello again"' in notes(engine)[name]
    (engine.directory.parent / "notes" / name).unlink()
    assert "+ 1 created" in engine.up().stdout
    declare(engine, title="bye")
    assert "+-1 replaced" in engine.up().stdout
    assert [name.split("-")[0] for name in notes(engine)] == ["bye"]
    assert "hugs" not in engine.state_file.read_text()
    engine.destroy()
    assert notes(engine) == {}


def test_the_example_imports_a_note(engine: Engine) -> None:
    declare(engine)
    engine.up()
    (name,) = notes(engine)
    path = str(engine.directory.parent / "notes" / name)
    engine.run("state", "delete", "--stack", "test", "--yes", "urn:pulumi:test::scratch::seldon:example:Note::hello")
    engine.run("import", "--stack", "test", "--yes", "--protect=false", "--generate-code=false",
               "seldon:example:Note", "hello", path)  # fmt: skip
    assert "2 unchanged" in engine.up().stdout


def test_the_example_refuses_at_preview_what_cannot_work(engine: Engine) -> None:
    declare(engine, title="x" * 41, folder="nowhere")
    done = engine.preview(check=False)
    assert "property title" in done.stdout + done.stderr
    declare(engine, folder="nowhere")
    done = engine.preview(check=False)
    assert "nowhere is not there; make it first" in done.stdout + done.stderr
