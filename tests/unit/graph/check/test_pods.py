from __future__ import annotations

import pytest

from seldon_infra.core.model import resolve
from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Explainer, Pod, PodTemplate, SeldonDeployment
from tests.unit.core.later import Later
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, of_node, of_predictor

NAMED = "must be a list of mappings with a name each"


def pod(**spec: object) -> SeldonDeployment:
    return of_predictor(pod=PodTemplate(spec=spec))


def own(**spec: object) -> SeldonDeployment:
    return of_node(pod=Pod(template=PodTemplate(spec=spec)))


def explained(**container: object) -> SeldonDeployment:
    return of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", container=container))


PROXY = {"name": "proxy", "image": "acme/proxy:1"}
ROWS = {
    "containers are not removed": Row(
        pod(containers=None),
        f"{PREDICTOR}: pod.spec.containers None, {NAMED}; write containers=[{{'name': 'score', …}}]",
        pod(nodeSelector=None),
    ),
    "containers are a list": Row(
        pod(containers="score"),
        f"{PREDICTOR}: pod.spec.containers 'score', {NAMED}; write containers=[{{'name': 'score', …}}]",
        pod(containers=[{"name": "score", "stdin": True}]),
    ),
    "a container has a name": Row(
        pod(containers=[{"image": "acme/proxy:1"}]),
        f"{PREDICTOR}: pod.spec.containers ({{'image': 'acme/proxy:1'}},), {NAMED}; "
        "write containers=[{'name': 'score', …}]",
        pod(containers=[PROXY]),
    ),
    "a name is a text": Row(
        pod(volumes=[{"name": {"a": 1}}]),
        f"{PREDICTOR}: pod.spec.volumes ({{'name': {{'a': 1}}}},), {NAMED}; write volumes=[{{'name': '…', …}}]",
        pod(volumes=[{"name": "scratch", "emptyDir": {}}]),
    ),
    "an environment is a list": Row(
        pod(containers=[{"name": "score", "env": {"A": "b"}}]),
        f"{PREDICTOR}: pod.spec.containers['score'].env {{'A': 'b'}}, {NAMED}; write env=[{{'name': '…', …}}]",
        pod(containers=[{"name": "score", "env": [{"name": "A", "value": "b"}]}]),
    ),
    "a container comes once": Row(
        pod(containers=[PROXY, PROXY]),
        f"{PREDICTOR}: pod.spec.containers names 'proxy' twice, must be named once; remove one 'proxy'",
        pod(containers=[PROXY, {**PROXY, "name": "other"}]),
    ),
    "a misspelt container": Row(
        pod(containers=[{"name": "scoer", "stdin": True}]),
        f"{PREDICTOR}: pod.spec.containers['scoer'] is no node of this pod and has no image, must be a node's name or "
        "have an image; nodes of this pod: score",
        pod(containers=[{"name": "scoer", "image": "acme/proxy:1"}]),
    ),
    "a node's own pod": Row(
        own(containers=[{"name": "other"}]),
        f"{NODE}: pod.template.spec.containers['other'] is no node of this pod and has no image, must be a node's "
        "name or have an image; nodes of this pod: score",
        own(containers=[{"name": "score"}]),
    ),
    "an explainer's environment": Row(
        explained(env=None),
        f"{PREDICTOR}: explainer.container.env None, {NAMED}; write env=[{{'name': '…', …}}]",
        explained(env=[{"name": "A", "value": "b"}]),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_what_comes_late_is_judged_when_it_is_there() -> None:
    late = pod(containers=Later(), volumes=[{"name": Later(), "emptyDir": {}}])
    assert check(late) == []
    values = {
        "predictors[0].pod.spec['containers']": [],
        "predictors[0].pod.spec['volumes'][0]['name']": "v",
    }
    assert check(resolve(late, values)) == []
    assert len(check(resolve(late, {**values, "predictors[0].pod.spec['containers']": "x"}))) == 1
