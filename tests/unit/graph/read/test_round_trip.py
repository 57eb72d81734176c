"""A manifest that is read and rendered again says the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from seldon_infra.graph.read import read_deployment
from seldon_infra.graph.read.normal import differences, normal
from seldon_infra.graph.render import seldon_deployment
from tests.unit.graph.cases import CASES, GOLDEN


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", CASES)
def test_a_golden_manifest_is_rendered_again(name: str) -> None:
    read = read_deployment(manifest(name))
    assert list(differences(normal(manifest(name)), normal(seldon_deployment(read.deployment)))) == []
    assert read.notes == ()
