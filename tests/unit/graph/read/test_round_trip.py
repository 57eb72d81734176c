"""A manifest that is read and rendered again says the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from seldon_infra.graph.read import read_deployment
from seldon_infra.graph.read.normal import differences, normal
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import Model, Pod, PodTemplate, Predictor, SeldonDeployment
from seldon_infra.servers.spec import SklearnServer
from tests.unit.graph.cases import CASES, GOLDEN


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", CASES)
def test_a_golden_manifest_is_rendered_again(name: str) -> None:
    read = read_deployment(manifest(name))
    assert list(differences(normal(manifest(name)), normal(seldon_deployment(read.deployment)))) == []
    assert read.notes == ()


@pytest.mark.parametrize("own", [None, Pod(), Pod(template=PodTemplate(annotations={"team": "ml"}))])
def test_the_digest_at_a_pod_is_read_as_the_nodes_and_no_other_annotation_is(own: Pod | None) -> None:
    digest, team = "sha256:" + "0a" * 32, {"team": "ml", "model-digest.seldon-infra/other": "sha256:1"}
    node = Model(name="m", server=SklearnServer(), model_uri="s3://b/m", model_digest=digest, pod=own)
    second = Model(name="n", server=SklearnServer(), model_uri="s3://b/n")
    predictor = Predictor(
        name="p", graph=node.model_copy(update={"children": (second,)}), pod=PodTemplate(annotations=team)
    )
    wanted = seldon_deployment(SeldonDeployment(name="d", protocol="v2", predictors=[predictor]))
    read = read_deployment(wanted).deployment
    assert read.predictors[0].graph.model_digest == digest
    assert annotations(read.predictors[0].pod) == team
    alone = read.predictors[0].graph.pod
    assert annotations(alone.template if alone else None) == annotations(own.template if own else None)
    assert list(differences(normal(wanted), normal(seldon_deployment(read)))) == []


def annotations(template: PodTemplate | None) -> dict[str, Any]:
    return dict(template.annotations) if template else {}


def test_a_digest_of_a_listing_stays_an_annotation_since_nothing_is_pinned_by_it() -> None:
    marks = {"model-digest.seldon-infra/m": f"listing-sha256:{'0a' * 32}"}
    node = Model(name="m", server=SklearnServer(), model_uri="s3://b/m")
    predictor = Predictor(name="p", graph=node, pod=PodTemplate(annotations=marks))
    read = read_deployment(seldon_deployment(SeldonDeployment(name="d", protocol="v2", predictors=[predictor])))
    assert annotations(read.deployment.predictors[0].pod) == marks
    assert read.deployment.predictors[0].graph.model_digest is None
