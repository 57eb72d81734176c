"""The manifest's types: they know every field that is rendered, and Seldon's definition follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from seldon_infra.graph.crd import DEEPEST_GRAPH, seldon_deployment_crd
from seldon_infra.graph.manifest import SeldonDeploymentSpec
from tests.unit.graph.cases import CASES, GOLDEN


@pytest.mark.parametrize("name", CASES)
def test_what_is_rendered_reads_back_without_loss(name: str) -> None:
    spec = yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))["spec"]
    read = SeldonDeploymentSpec.model_validate(spec)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == spec


def inside(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from inside(value)


def test_the_definition_is_structural() -> None:
    for version in seldon_deployment_crd()["spec"]["versions"]:
        for part in inside(version["schema"]):
            assert not {"$ref", "$defs", "anyOf", "title", "x-schema"} & set(part)


def test_a_graph_is_described_to_a_depth_and_open_below_it() -> None:
    (spec,) = (version["schema"] for version in seldon_deployment_crd()["spec"]["versions"] if version["storage"])
    unit = spec["openAPIV3Schema"]["properties"]["spec"]["properties"]["predictors"]["items"]["properties"]["graph"]
    levels = 0
    while "properties" in unit:
        unit, levels = unit["properties"]["children"]["items"], levels + 1
    assert levels == DEEPEST_GRAPH
    assert unit["x-kubernetes-preserve-unknown-fields"] is True


def test_types_of_kubernetes_stand_where_they_are_handed_in() -> None:
    pod = {"type": "object", "properties": {"nodeName": {"type": "string"}}}
    definition = seldon_deployment_crd({"PodSpec": pod})
    predictor = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"][
        "predictors"
    ]["items"]["properties"]
    assert predictor["componentSpecs"]["items"]["properties"]["spec"] == pod
    assert predictor["engineResources"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
