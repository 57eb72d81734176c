"""A wrong shape is an error in the editor, before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

DEFINITIONS = Path(__file__).with_name("definitions.py")
FOUND = re.compile(r"definitions\.py:(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)


def test_the_type_checker_refuses_what_it_should_and_nothing_else() -> None:
    lines = DEFINITIONS.read_text().splitlines()
    wanted = {
        number: line.partition("# refused: ")[2] for number, line in enumerate(lines, start=1) if "# refused: " in line
    }
    config = Path(__file__).parents[2] / "pyproject.toml"
    said, errors, _ = api.run(["--strict", "--config-file", str(config), str(DEFINITIONS)])
    assert errors == ""
    found: dict[int, set[str]] = {}
    for number, code in FOUND.findall(said):
        found.setdefault(int(number), set()).add(code)
    assert set(found) == set(wanted), said
    assert all(code in found[number] for number, code in wanted.items()), said
