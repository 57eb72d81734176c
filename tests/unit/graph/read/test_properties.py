"""Whatever is declared: what it renders to reads back, and renders to the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given

import seldon_infra
from seldon_infra.core.source import names_in, source
from seldon_infra.graph.read import read_deployment
from seldon_infra.graph.read.normal import differences, normal
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import SeldonDeployment
from tests.unit.graph.generated import OPERATED


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(differences(normal(one), normal(other))) == []


@given(OPERATED)
def test_what_is_rendered_reads_back_and_renders_to_the_same(deployment: SeldonDeployment) -> None:
    manifest = seldon_deployment(deployment)
    assert same(manifest, seldon_deployment(read_deployment(manifest).deployment))


@given(OPERATED)
def test_the_printed_text_makes_the_same_value(deployment: SeldonDeployment) -> None:
    read = read_deployment(seldon_deployment(deployment)).deployment
    made = eval(source(read), {name: getattr(seldon_infra, name) for name in names_in(read)})
    assert made == read
