"""A wrong shape is an error in the editor, before anything runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
DEFINITIONS = Path(__file__).with_name("definitions.py")
PYRIGHT = Path(sys.executable).with_name("pyright")
FOUND = re.compile(r"definitions\.py:(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)
SETTINGS = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "venvPath": str(ROOT), "venv": ".venv"}


def wanted() -> dict[int, str]:
    """Give the lines that must be refused, with mypy's word for why."""
    lines = DEFINITIONS.read_text().splitlines()
    return {
        number: line.partition("# refused: ")[2] for number, line in enumerate(lines, start=1) if "# refused: " in line
    }


def test_mypy_refuses_what_it_should_and_nothing_else() -> None:
    config = ROOT / "pyproject.toml"
    said, errors, _ = api.run(["--strict", "--config-file", str(config), str(DEFINITIONS)])
    assert errors == ""
    found: dict[int, set[str]] = {}
    for number, code in FOUND.findall(said):
        found.setdefault(int(number), set()).add(code)
    assert set(found) == set(wanted()), said
    assert all(code in found[number] for number, code in wanted().items()), said


def test_pyright_refuses_the_same_lines(tmp_path: Path) -> None:
    (tmp_path / DEFINITIONS.name).write_text(DEFINITIONS.read_text())
    settings = tmp_path / "pyrightconfig.json"
    settings.write_text(json.dumps({**SETTINGS, "include": ["."], "extraPaths": [str(ROOT)]}))
    command = [str(PYRIGHT), "--outputjson", "--project", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright's own program is not on this machine and could not be fetched: {done.stderr[-200:]}")
    errors = json.loads(done.stdout)["generalDiagnostics"]
    assert {error["range"]["start"]["line"] + 1 for error in errors} == set(wanted()), errors
