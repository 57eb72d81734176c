"""What the page on model files shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import seldon_infra
from seldon_infra.artifacts.judge.content import judge
from seldon_infra.artifacts.judge.finding import FREE_BYTES, STEEPEST
from seldon_infra.settings import settings_of
from seldon_infra.stack import Stack
from tests.unit.artifacts.judge.written import File, called_in_protocol_4

PAGE = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text()


def test_the_definition_with_a_store_is_valid() -> None:
    (text,) = re.findall(r"```python file=stacks/local.py\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    with settings_of("local", {}.get, {"storeKey": "key"}.get):
        exec(compile(text, "page", "exec"), names)
    stack = names["stack"]
    assert isinstance(stack, Stack)
    assert not stack.check()


def test_the_finding_is_worded_as_shown() -> None:
    (found,) = judge([File("model.joblib", called_in_protocol_4("os", "system"))], "sklearn")
    path = "SeldonDeployment 'd' → predictor 'main' → model 'm'"
    assert f"    {found.problem(path, 'models/m')}\n" in PAGE


def test_the_bounds_are_those_of_the_code() -> None:
    assert f"more than {STEEPEST} times the file's size, from {FREE_BYTES // 2**20} MiB on" in PAGE
