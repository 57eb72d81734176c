"""The plugin that ships, as the real CLI sees it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.engine.scratch import Engine

pytestmark = pytest.mark.engine


def test_the_schema_of_the_shipped_plugin_is_valid_and_documented(engine: Engine) -> None:
    plugin = Path(sys.executable).with_name("pulumi-resource-seldon")
    schema = json.loads(engine.run("package", "get-schema", str(plugin)).stdout)
    assert "seldon:local:Process" in schema["resources"]
    for resource in schema["resources"].values():
        assert resource["description"]
        assert all(field.get("description") for field in resource["inputProperties"].values())
