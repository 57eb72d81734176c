"""What the operator makes of a SeldonDeployment, as its source says and as a golden file shows."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.core.yaml import dump
from seldon_infra.graph.expand import expanded
from seldon_infra.graph.expand.names import hashed
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.rules.names import LABEL_LIMIT
from seldon_infra.graph.spec import Model, PodSecurity, Predictor, SeldonDeployment
from seldon_infra.servers.spec import SklearnServer, TensorFlowServer, TritonServer
from tests.unit.graph.cases import CASES, GOLDEN, digits, fraud, separate_orchestrator, single

EXPANDED = GOLDEN.parent / "expanded" / "no-engine.yaml"


def made(deployment: SeldonDeployment) -> dict[str, dict[str, Any]]:
    """Give objects by KIND/NAME."""
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in expanded(seldon_deployment(deployment))}


def containers(objects: dict[str, dict[str, Any]], name: str, kind: str = "containers") -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in objects[f"Deployment/{name}"]["spec"]["template"]["spec"].get(kind, ())}


def text() -> str:
    """Give the text that the golden file must have."""
    objects = expanded(seldon_deployment(CASES["no-engine"].deployment))
    return f"# What the operator makes of golden/no-engine.yaml.\n{dump(*objects)}"


def test_a_golden_file_shows_what_the_operator_makes() -> None:
    assert EXPANDED.read_text(encoding="utf-8") == text(), "run: python -m tests.unit.graph.test_expand"


@pytest.mark.parametrize("name", CASES)
def test_every_object_has_a_name_of_its_own_and_fits(name: str) -> None:
    objects = expanded(seldon_deployment(CASES[name].deployment))
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    assert all(len(each) <= LABEL_LIMIT for _, each in names)


@pytest.mark.parametrize("name", CASES)
def test_every_service_selects_the_pods_of_one_deployment(name: str) -> None:
    objects = expanded(seldon_deployment(CASES[name].deployment))
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in objects if each["kind"] == "Deployment"]
    for service in (each for each in objects if each["kind"] == "Service"):
        wanted = service["spec"]["selector"].items()
        assert len([labels for labels in pods if wanted <= labels.items()]) == 1, service["metadata"]["name"]


def test_every_deployment_selects_its_own_pods() -> None:
    for deployment in made(fraud()).values():
        if deployment["kind"] == "Deployment":
            wanted = deployment["spec"]["selector"]["matchLabels"].items()
            assert wanted <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_nodes_of_one_name_have_the_same_ports_in_all_predictors() -> None:
    objects = made(digits())
    ports = {
        name: [
            each["containerPort"]
            for each in containers(objects, f"digits-{name}-0-scale-classifier")["classifier"]["ports"]
        ]
        for name in ("main", "canary")
    }
    assert ports["main"][:2] == ports["canary"][:2] == [9501, 9001]
    assert ports["main"][2] != ports["canary"][2]


def test_the_orchestrator_stands_beside_the_first_pod_s_nodes() -> None:
    assert list(containers(made(single()), "iris-main-0-classifier")) == ["classifier", "seldon-container-engine"]


def test_an_orchestrator_of_its_own_has_a_deployment() -> None:
    objects = made(separate_orchestrator())
    assert list(containers(objects, "fraud-main-svc-orch")) == ["seldon-container-engine"]
    assert list(containers(objects, "fraud-main-0-features")) == ["features"]
    assert objects["Deployment/fraud-main-svc-orch"]["spec"]["replicas"] == 3
    assert objects["Deployment/fraud-main-1-boosted"]["spec"]["replicas"] == 4


def test_without_orchestrator_the_predictor_s_service_is_the_node_s() -> None:
    objects = made(CASES["no-engine"].deployment)
    assert list(containers(objects, "iris-main-0-classifier")) == ["classifier"]
    assert [port["port"] for port in objects["Service/iris-direct"]["spec"]["ports"]] == [9000, 9500]


def test_what_fetches_a_model_is_the_library_s_or_the_operator_s_but_never_both() -> None:
    locked = containers(made(single()), "iris-main-0-classifier", "initContainers")
    left = single().model_copy(update={"security": PodSecurity(initializer="operator")})
    bare = containers(made(left), "iris-main-0-classifier", "initContainers")
    assert list(locked) == list(bare) == ["classifier-model-initializer"]
    assert "securityContext" in locked["classifier-model-initializer"]
    assert "securityContext" not in bare["classifier-model-initializer"]


def of(server: Any, **fields: Any) -> SeldonDeployment:
    graph = Model(name="m", server=server, model_uri="s3://b/m")
    return SeldonDeployment(name="d", predictors=[Predictor(name="p", graph=graph)], **fields)


@pytest.mark.parametrize(
    ("deployment", "image"),
    [
        (of(SklearnServer(), protocol="v2"), "seldonio/mlserver:1.3.5-sklearn"),
        (of(TritonServer(), protocol="v2"), "nvcr.io/nvidia/tritonserver:21.08-py3"),
        (of(TensorFlowServer(), protocol="tensorflow"), "tensorflow/serving:2.1.0"),
    ],
)
def test_an_image_that_the_definition_leaves_open_is_the_chart_s(deployment: SeldonDeployment, image: str) -> None:
    assert containers(made(deployment), "d-p-0-m")["m"]["image"] == image


def test_seldon_s_tensorflow_proxy_has_the_server_beside_it_with_the_model() -> None:
    inside = containers(made(of(TensorFlowServer())), "d-p-0-m")
    assert list(inside) == ["m", "tfserving", "seldon-container-engine"]
    assert inside["tfserving"]["volumeMounts"][0]["mountPath"] == "/mnt/models"


def test_a_long_name_is_a_hash() -> None:
    assert hashed("a" * 64) == "seldon-014842d480b571495a4a0363793f7367"
    assert hashed("a" * 63) == "a" * 63


if __name__ == "__main__":
    EXPANDED.parent.mkdir(exist_ok=True)
    EXPANDED.write_text(text(), encoding="utf-8")
