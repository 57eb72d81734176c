"""What is rendered is what the API server takes, to the last field; what is misspelt it refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.manifest import GROUP
from tests.cluster.control_plane import ControlPlane, Refused
from tests.engine.waiting import wait_until
from tests.unit.graph.cases import CASES, GOLDEN

pytestmark = pytest.mark.cluster

STRICT = "fieldValidation=Strict&dryRun=All"
OPERATORS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Service": "/api/v1/namespaces/{}/services",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "ScaledObject": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
}
"""Where the kinds are posted that Seldon's operator makes."""
POSTED = f"/apis/{GROUP}/v1/namespaces/{{}}/seldondeployments?{STRICT}"


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")))


def namespace_of(manifest: dict[str, Any]) -> str:
    return str(manifest["metadata"]["namespace"])


def all_namespaces(control_plane: ControlPlane) -> list[dict[str, Any]]:
    return list(control_plane.request("GET", "/api/v1/namespaces")["items"])


@pytest.fixture(scope="module", autouse=True)
def namespaces(control_plane: ControlPlane) -> Iterator[None]:
    names = {namespace_of(manifest(name)) for name in CASES} - {"default"}
    for name in names:
        control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield
    for name in names:
        control_plane.request("DELETE", f"/api/v1/namespaces/{name}")
    wait_until(lambda: not names & {it["metadata"]["name"] for it in all_namespaces(control_plane)})


@pytest.mark.parametrize("name", CASES)
def test_the_api_server_takes_every_field_of_a_golden_file(control_plane: ControlPlane, name: str) -> None:
    wanted = manifest(name)
    taken = control_plane.request("POST", POSTED.format(namespace_of(wanted)), wanted)
    assert taken["metadata"]["name"] == wanted["metadata"]["name"]


@pytest.mark.parametrize("name", CASES)
def test_the_api_server_takes_what_is_said_that_the_operator_makes(control_plane: ControlPlane, name: str) -> None:
    made = expanded(manifest(name))
    for each in made:
        path = f"{OPERATORS[each['kind']].format(namespace_of(each))}?{STRICT}"
        assert control_plane.request("POST", path, each)["metadata"]["name"] == each["metadata"]["name"]
    assert {each["kind"] for each in made} >= {"Deployment", "Service"}


def test_every_kind_that_the_operator_makes_is_among_the_golden_files() -> None:
    assert {each["kind"] for name in CASES for each in expanded(manifest(name))} == {*OPERATORS}


def misspelt(path: str) -> dict[str, Any]:
    """A manifest with a field too many at a path."""
    wrong = copy.deepcopy(manifest("canary"))
    *parents, name = path.split(".")
    at: Any = wrong
    for key in parents:
        at = at[int(key) if key.isdigit() else key]
    at[name] = "x"
    return wrong


@pytest.mark.parametrize(
    "path",
    [
        "spec.predictorz",
        "spec.predictors.0.trafic",
        "spec.predictors.0.graph.modelURI",
        "spec.predictors.0.componentSpecs.0.spec.nodeSelektor",
        "spec.predictors.0.componentSpecs.0.spec.containers.0.imagePullPolice",
    ],
)
def test_a_misspelt_field_is_refused_wherever_it_is(control_plane: ControlPlane, path: str) -> None:
    wrong = misspelt(path)
    with pytest.raises(Refused) as refused:
        control_plane.request("POST", POSTED.format(namespace_of(wrong)), wrong)
    assert f'.{path.rpartition(".")[2]}"' in refused.value.message
