"""Whatever the deployment: the same text each time, every node once, every container a node's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given

from seldon_infra.core.yaml import dump
from seldon_infra.graph.draw import mermaid, svg
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import AverageCombiner, SeldonDeployment, SimpleRouter
from seldon_infra.graph.walk import nodes
from tests.unit.graph.generated import DEPLOYMENTS


def _units(unit: dict[str, Any]) -> Iterator[str]:
    yield unit["name"]
    for child in unit.get("children", []):
        yield from _units(child)


def _containers(predictor: dict[str, Any]) -> list[str]:
    return [each["name"] for pod in predictor.get("componentSpecs", []) for each in pod["spec"]["containers"]]


@given(DEPLOYMENTS)
def test_the_same_deployment_renders_the_same_text(deployment: SeldonDeployment) -> None:
    again = SeldonDeployment.model_validate(dict(deployment.__dict__))
    assert dump(seldon_deployment(deployment)) == dump(seldon_deployment(again))


@given(DEPLOYMENTS)
def test_yaml_reads_back_as_what_was_rendered(deployment: SeldonDeployment) -> None:
    manifest = seldon_deployment(deployment)
    assert yaml.safe_load(dump(manifest)) == manifest


@given(DEPLOYMENTS)
def test_every_node_is_one_predictive_unit(deployment: SeldonDeployment) -> None:
    rendered = seldon_deployment(deployment)["spec"]["predictors"]
    for predictor, manifest in zip(deployment.predictors, rendered, strict=True):
        assert sorted(_units(manifest["graph"])) == sorted(node.name for node in nodes(predictor.graph))


@given(DEPLOYMENTS)
def test_every_container_is_one_node_s_and_every_served_node_has_one(deployment: SeldonDeployment) -> None:
    rendered = seldon_deployment(deployment)["spec"]["predictors"]
    for predictor, manifest in zip(deployment.predictors, rendered, strict=True):
        built_in = (SimpleRouter, AverageCombiner)
        served = [node.name for node in nodes(predictor.graph) if not isinstance(node.server, built_in)]
        assert sorted(_containers(manifest)) == sorted(served)


@given(DEPLOYMENTS)
def test_no_container_gets_more_rights_than_the_restricted_standard(deployment: SeldonDeployment) -> None:
    for predictor in seldon_deployment(deployment)["spec"]["predictors"]:
        for pod in predictor.get("componentSpecs", []):
            assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
            for container in pod["spec"]["containers"]:
                assert container["securityContext"]["allowPrivilegeEscalation"] is False
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@given(DEPLOYMENTS)
def test_every_node_is_in_both_pictures(deployment: SeldonDeployment) -> None:
    drawn, written = svg(deployment), mermaid(deployment)
    for predictor in deployment.predictors:
        for node in nodes(predictor.graph):
            assert f">{node.name}</text>" in drawn
            assert f"<b>{node.name}</b>" in written
