"""Rows 55, 56: what each released version left on disk and in Pulumi's state, read by today's code.

A folder per version holds a small stack's records, routes and resources as that version wrote them, with long texts
shortened and paths made neutral. A release adds its folder and changes none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.provider.diff import differences
from seldon_infra.provider.local import RESOURCES
from seldon_infra.provider.validation import recall
from seldon_infra.runtime.gateway import Gateway
from seldon_infra.runtime.processes import Processes
from seldon_infra.runtime.stack_dir import StackDir

VERSIONS = sorted(folder for folder in Path(__file__).parent.iterdir() if (folder / "state.json").exists())
STATES = [
    (version.name, resource) for version in VERSIONS for resource in json.loads((version / "state.json").read_text())
]
TYPES: Mapping[str, Any] = {resource.type.token: resource for resource in RESOURCES}


def holds(whole: Any, part: Any) -> bool:
    """Tell whether everything of a tree is in another one, which may have more fields."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and holds(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_every_record_and_route_on_disk_is_read_whole(version: Path) -> None:
    stack = StackDir(version / "stack")
    records = {record.id: record for record in Processes(stack).all()}
    files = {file.parent.name: file for file in stack.processes.glob("*/record.json")}
    assert records.keys() == files.keys()
    for id, file in files.items():
        assert holds(json.loads(json.dumps(asdict(records[id]))), json.loads(file.read_text()))
    (route,) = Gateway(stack).routes()
    (file,) = (stack.gateway / "routes.d").iterdir()
    assert holds(json.loads(json.dumps(asdict(route))), json.loads(file.read_text()))
    assert len(Gateway(stack)._noted()) == 1


@pytest.mark.parametrize(("version", "state"), STATES, ids=lambda it: it if isinstance(it, str) else it["type"])
def test_no_object_in_a_state_differs_or_is_replaced(version: str, state: Mapping[str, Any]) -> None:
    resource = TYPES[state["type"]]
    inputs = recall(resource.type.inputs, state["inputs"]).wire()
    assert holds(inputs, state["inputs"]), "nothing that was declared is lost"
    assert holds(recall(resource.type.outputs, state["outputs"]).wire(), state["outputs"])
    declared = resource.type.inputs.model_validate(state["inputs"]).wire()
    assert differences(inputs, declared, resource.replace_on) == []
    unread = differences(state["inputs"], declared, resource.replace_on)
    assert not any(difference.replaces for difference in unread)
    assert TYPES.keys() == {each["type"] for name, each in STATES if name == version}
