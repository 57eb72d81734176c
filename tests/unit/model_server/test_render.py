"""What a cluster gets of a model server: exactly what the golden files show."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.artifacts.spec import OciStorage, S3Storage
from seldon_infra.graph.spec import EnvVar, Pdb, PodSecurity, PodTemplate
from seldon_infra.model_server.render import model_server
from seldon_infra.model_server.spec import ModelServer
from seldon_infra.servers.spec import HuggingFaceServer, SklearnServer, TritonServer
from tests.unit.core.later import Later
from tests.unit.model_server.cases import CASES, GOLDEN, golden


def iris(**fields: Any) -> ModelServer:
    return ModelServer(**{"name": "iris", "server": SklearnServer(), "model_uri": "s3://models/iris", **fields})


def container(spec: ModelServer) -> dict[str, Any]:
    return dict(model_server(spec)["Deployment"]["spec"]["template"]["spec"]["containers"][0])


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_is_rendered(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), "run: python -m tests.unit.model_server.cases, then read the difference"


@pytest.mark.parametrize("name", CASES)
def test_every_selector_is_answered_by_the_pods(name: str) -> None:
    objects = model_server(CASES[name].server)
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    assert objects["Service"]["spec"]["selector"].items() <= labels
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert objects[kind]["spec"]["selector"]["matchLabels"].items() <= labels
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels


def test_labels_of_pods_cannot_take_them_from_their_service() -> None:
    spec = iris(pod=PodTemplate(labels={"app.kubernetes.io/name": "other", "team": "risk"}))
    labels = model_server(spec)["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert (labels["app.kubernetes.io/name"], labels["team"]) == ("iris", "risk")


def test_one_server_is_swapped_for_another_without_a_word_to_its_callers() -> None:
    one, other = iris(), iris(server=TritonServer())
    assert model_server(one)["Service"] == model_server(other)["Service"]


def test_how_many_pods_there_are_is_said_once() -> None:
    assert model_server(iris(replicas=3))["Deployment"]["spec"]["replicas"] == 3
    assert "replicas" not in model_server(CASES["sklearn"].server)["Deployment"]["spec"]


def test_what_is_not_asked_for_is_not_there() -> None:
    assert list(model_server(iris())) == [
        "ServiceAccount",
        "NetworkPolicy",
        "Service",
        "PodDisruptionBudget",
        "Deployment",
    ]


def test_a_budget_of_one_s_own_takes_the_place_of_the_default() -> None:
    spec = model_server(iris(pdb=Pdb(min_available="50%")))["PodDisruptionBudget"]["spec"]
    assert (spec["minAvailable"], "maxUnavailable" in spec) == ("50%", False)


def test_a_variable_of_one_s_own_wins_and_stands_once() -> None:
    names = [each["name"] for each in container(iris(env=[EnvVar(name="MLSERVER_DEBUG", value="true")]))["env"]]
    assert names.count("MLSERVER_DEBUG") == 1


def test_what_opens_a_pod_has_the_names_that_it_has_for_a_deployment() -> None:
    opened = container(iris(security=PodSecurity(read_only_root=False, image_pull_policy="IfNotPresent")))
    assert opened["securityContext"]["readOnlyRootFilesystem"] is False
    assert opened["imagePullPolicy"] == "IfNotPresent"


def test_a_pipeline_s_own_settings_reach_its_runtime() -> None:
    server = HuggingFaceServer(task="text-generation", pretrained_model="distilgpt2", optimum_model=True)
    env = {each["name"]: each["value"] for each in container(iris(server=server, model_uri=None))["env"]}
    said = {name.removeprefix("MLSERVER_MODEL_HUGGINGFACE_"): value for name, value in env.items()}
    assert (said["TASK"], said["PRETRAINED_MODEL"], said["OPTIMUM_MODEL"]) == ("text-generation", "distilgpt2", "true")


def test_a_value_of_later_stays_where_it_is() -> None:
    uri = Later()
    rendered = model_server(iris(model_uri=uri))["Deployment"]["spec"]["template"]["spec"]
    assert rendered["initContainers"][0]["args"] == [uri, "/mnt/models"]


def test_a_secret_that_is_there_already_is_what_its_model_is_fetched_with() -> None:
    spec = iris(storage=[S3Storage()], env_secret_ref_name="own")
    (fetches,) = model_server(spec)["Deployment"]["spec"]["template"]["spec"]["initContainers"]
    assert fetches["envFrom"] == [{"secretRef": {"name": "own"}}]


def test_who_reads_an_image_here_leaves_no_secret_on_a_cluster() -> None:
    spec = iris(model_uri="oci://ghcr.io/acme/iris:7", storage=[OciStorage(registry="ghcr.io/acme")])
    assert "Secret" not in model_server(spec)
