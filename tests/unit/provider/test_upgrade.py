"""A state that an earlier version wrote: a new version of the library alone changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.provider.framework import Context, Resource
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.local import RESOURCES
from seldon_infra.provider.siblings import Known, owner_of

WRITTEN = json.loads((Path(__file__).parent / "golden" / "inputs-0.1.0.json").read_text())
"""What a program declared, and what version 0.1.0 kept of it in the state."""


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.type.token)
def test_a_state_of_version_0_1_0_makes_no_difference(kind: type[Resource[Any, Any]], tmp_path: Path) -> None:
    written = json.loads(json.dumps(WRITTEN[kind.type.token]).replace("/stack", str(tmp_path)))
    urn = f"urn:pulumi:test::scratch::{kind.type.token}::name"
    news = kind.type.inputs.model_validate(written["program"]).wire()
    diffed = Lifecycle(kind(), Known()).diff(("id", {}, written["state"]), news, Context(urn, owner_of(urn)))
    assert diffed.changes == []
