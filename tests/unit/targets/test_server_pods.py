"""What pods of model servers ask a cluster for, and how the checks count them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from seldon_infra import (
    Amounts,
    Hpa,
    Keda,
    KedaTrigger,
    Kubernetes,
    MetricTarget,
    ModelServer,
    Monitoring,
    PrometheusStack,
    ResourceMetric,
    Resources,
    SklearnServer,
    TritonServer,
)
from seldon_infra.clusters import read_facts
from seldon_infra.clusters.check import Declared, check_live
from seldon_infra.model_server.render import deployment
from seldon_infra.targets.live_checks import nothing_is_there_yet
from seldon_infra.targets.server_pods import autoscaler_of, models_of, pods_of
from seldon_infra.targets.way import NotMade, Seen, Unseen
from tests.unit.clusters.cluster import facts, node, pod

GPUS = ModelServer(
    name="resnet", server=TritonServer(), model_uri="s3://b/m", resources=Resources(limits=Amounts(gpu=4))
)
TOLERANT = GPUS.model_copy(update={"replicas": 1})
CPU = ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70))
NODE = replace(node("gpu-0", gpu=8), allocatable={**node(gpu=8).allocatable, "ephemeral-storage": Decimal(2**40)})


def test_a_server_asks_for_what_it_says_and_for_what_fetches_its_model() -> None:
    need = pods_of(GPUS)
    assert (need.path, need.deployment, need.namespace, need.replicas) == (
        "model server 'resnet'",
        "resnet",
        "default",
        2,
    )
    assert need.requests["nvidia.com/gpu"] == Decimal(4)
    assert [each.name for each in need.containers] == ["server"]
    assert len(need.before) == 1


def test_an_autoscaler_starts_from_its_fewest() -> None:
    scaled = ModelServer(name="iris", server=SklearnServer(), hpa=Hpa(min_replicas=3, max_replicas=5, metrics=[CPU]))
    assert pods_of(scaled).replicas == 3


def test_a_server_makes_room_for_itself_and_for_nobody_else() -> None:
    running = pod("gpu-0", of="resnet", gpu=6)
    declared = Declared((), "models/prod", others=(pods_of(TOLERANT),))
    assert check_live(declared, facts(nodes=(NODE,), pods=(running,))) == []
    (found,) = check_live(declared, facts(nodes=(NODE,), pods=(pod("gpu-0", of="other", gpu=6),)))
    assert "1 of 1 pods find no room now" in str(found.problem)
    assert (found.severity, found.deployment) == ("warning", "resnet")


def test_a_running_pod_of_a_server_is_known_by_the_labels_that_it_is_given() -> None:
    template = deployment(GPUS)["spec"]["template"]
    running = {"metadata": {"namespace": "default", "labels": template["metadata"]["labels"]}, "spec": template["spec"]}
    assert read_facts.pods({"items": [running]})[0].seldon_deployment == "resnet"


def test_the_model_of_a_server_is_looked_for_where_its_uri_names_a_store() -> None:
    (model,) = models_of(GPUS)
    assert (model.path, model.deployment, model.uri) == ("model server 'resnet'", "resnet", "s3://b/m")
    assert not [*models_of(GPUS.model_copy(update={"model_uri": "pvc://claim/m"}))]
    assert not [*models_of(GPUS.model_copy(update={"model_uri": None}))]


@pytest.mark.parametrize(("version", "refused"), [("v1.34.2", True), ("v1.35.0", False), (None, False)])
def test_a_model_in_an_image_wants_a_cluster_that_mounts_images(version: str | None, refused: bool) -> None:
    server = ModelServer(name="iris", server=SklearnServer(), model_uri="oci://ghcr.io/acme/iris:7")
    assert len(pods_of(server).before) == 0
    found = check_live(Declared((), "models/prod", others=(pods_of(server),)), facts(kubernetes=version))
    said = [str(each.problem) for each in found if each.severity == "error"]
    wanted = (
        "model server 'iris': model_uri 'oci://ghcr.io/acme/iris:7' on Kubernetes 1.34, must be on 1.36 or later, "
        "where images are volumes, or on 1.35, where they are by default; copy the model to a store and write its URI, "
        "or upgrade Kubernetes"
    )
    assert said == ([wanted] if refused else [])


@pytest.mark.parametrize(
    ("scaled", "group", "said"),
    [
        (
            {"keda": Keda(triggers=[KedaTrigger(type="cpu", metadata={"value": "70"})])},
            "keda.sh",
            "keda, must have keda",
        ),
        ({"hpa": Hpa(max_replicas=5, metrics=[CPU])}, "autoscaling", "hpa, must have autoscaling/v2"),
    ],
)
def test_an_autoscaler_s_api_is_asked_for(scaled: dict[str, Any], group: str, said: str) -> None:
    server = ModelServer(name="iris", server=SklearnServer(), model_uri="s3://b/m", **scaled)
    declared = Declared((), "models/prod", autoscaled=(*autoscaler_of(server),))
    (found,) = check_live(declared, facts(served={}))
    assert f"model server 'iris': {said}" in str(found.problem)
    assert (found.severity, found.deployment) == ("error", "iris")
    versions = {group: frozenset({"v1alpha1", "v2"})}
    assert check_live(declared, facts(served=versions)) == []
    assert check_live(declared, facts(served=None)) == []
    assert not [*autoscaler_of(server.model_copy(update=dict.fromkeys(scaled)))]


def test_a_cluster_that_is_not_made_yet_has_no_operator_of_prometheus() -> None:
    watched, brought = Kubernetes(monitoring=Monitoring()), Kubernetes(monitoring=Monitoring(install=PrometheusStack()))
    not_made = NotMade("cluster 'new': it is not made yet")
    (found,) = nothing_is_there_yet(watched, not_made)
    assert str(found.problem) == (
        "Kubernetes → monitoring: install is not set, must be given for a cluster that is not made yet: "
        "no Prometheus operator is on it; write Monitoring(install=PrometheusStack())"
    )
    assert found.severity == "error"
    for target, way in (
        (brought, not_made),
        (Kubernetes(), not_made),
        (watched, Unseen("no answer")),
        (watched, Seen()),
    ):
        assert not [*nothing_is_there_yet(target, way)]
