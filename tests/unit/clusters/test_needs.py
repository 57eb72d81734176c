"""What pods ask for: what is declared, and what Seldon's operator adds to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from seldon_infra.clusters.needs import PodNeed, pods, surge
from seldon_infra.graph.spec import (
    Amounts,
    Explainer,
    Hpa,
    Keda,
    KedaTrigger,
    MetricTarget,
    Orchestrator,
    Pod,
    PodsMetric,
    PodTemplate,
    Resources,
    SeldonDeployment,
)
from tests.unit.clusters.cluster import amounts
from tests.unit.graph.check.build import deployment, model, of_predictor, predictor

GI = 2**30
HPA = Hpa(min_replicas=2, max_replicas=9, metrics=[PodsMetric(name="r", target=MetricTarget(average_value=1))])
KEDA = Keda(triggers=[KedaTrigger(type="prometheus", metadata={})])


def asks(**named: Any) -> Resources:
    return Resources(requests=Amounts(**named))


def only(deployment: SeldonDeployment, **settings: str) -> PodNeed:
    (need,) = pods(deployment, settings)
    return need


def open_predictor(**fields: Any) -> SeldonDeployment:
    """A deployment whose pods hold what it says, and what the operator adds."""
    return deployment(predictor(**fields), pod_defaults="operator")


def test_a_container_of_which_nothing_is_said_is_there() -> None:
    assert [it.name for it in only(open_predictor()).containers] == ["score", "seldon-container-engine"]


def test_what_the_library_fills_in_is_counted_too() -> None:
    filled = amounts(cpu=1, memory=1.5 * GI, ephemeral_storage=GI + 100 * 2**20)
    assert only(of_predictor()).requests == filled


def test_the_orchestrator_is_counted_with_the_charts_amounts_or_the_operators() -> None:
    declared = open_predictor(graph=model(resources=asks(cpu=1, memory="1Gi")))
    assert only(declared).requests == amounts(cpu=1.5, memory=1.5 * GI)
    assert only(declared, EXECUTOR_DEFAULT_CPU_REQUEST="2").requests == amounts(cpu=3, memory=1.5 * GI)


def test_an_orchestrator_with_amounts_of_its_own_is_counted_with_those() -> None:
    own = Orchestrator(resources=asks(cpu="200m", memory="1Gi"))
    assert only(open_predictor(orchestrator=own)).requests == amounts(cpu=0.2, memory=GI)


def test_without_orchestrator_what_fetches_the_model_counts_where_it_asks_for_more() -> None:
    assert only(open_predictor(no_engine=True)).requests == amounts(cpu=0.1, memory=100 * 2**20)
    assert only(open_predictor(no_engine=True)).limits == amounts(cpu=1, memory=GI)
    assert (
        only(deployment(predictor(no_engine=True), pod_defaults="operator", no_storage_initializer=True)).requests == {}
    )


def test_an_orchestrator_in_a_pod_of_its_own_is_a_pod_more() -> None:
    models, orchestrator = pods(
        deployment(predictor(replicas=2, orchestrator=Orchestrator(replicas=3)), engine_separate_pod=True), {}
    )
    assert [it.name for it in models.containers] == ["score"]
    assert [it.name for it in orchestrator.containers] == ["seldon-container-engine"]
    assert (models.replicas, orchestrator.replicas) == (2, 3)


def test_a_node_with_a_pod_of_its_own_is_named_and_counted_by_itself() -> None:
    below = model("below", pod=Pod(replicas=4, template=PodTemplate(spec={"nodeSelector": {"a": "b"}})))
    shared, own = pods(deployment(predictor(replicas=2, graph=model(children=(below,)))), {})
    assert [it.name for it in shared.containers] == ["score", "seldon-container-engine"]
    assert [it.name for it in own.containers] == ["below"]
    assert (own.path.rpartition(" → ")[2], own.replicas) == ("model 'below'", 4)
    assert own.spec["nodeSelector"] == {"a": "b"}


@pytest.mark.parametrize(
    ("fields", "count"),
    [({}, 1), ({"replicas": 3}, 3), ({"hpa": HPA}, 2), ({"keda": KEDA}, 0), ({"replicas": 0}, 0)],
)
def test_pods_are_as_many_as_there_are_at_least(fields: dict[str, Any], count: int) -> None:
    assert only(of_predictor(**fields)).replicas == count


def test_a_predictor_has_the_deployments_replicas_where_it_says_nothing() -> None:
    assert only(deployment(predictor(), replicas=5)).replicas == 5


def test_an_explainer_is_a_pod_more_that_ends_with_its_predictor() -> None:
    explained = Explainer(type="AnchorTabular", model_uri="s3://b/e", replicas=2, resources=asks(cpu=2))
    _, explainer = pods(of_predictor(replicas=3, explainer=explained), {})
    assert (explainer.path.rpartition(" → ")[2], explainer.replicas) == ("explainer", 2)
    assert explainer.requests["cpu"] == 2
    assert [need.replicas for need in pods(of_predictor(replicas=0, explainer=explained), {})] == [0, 0]


@pytest.mark.parametrize(("replicas", "more"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_a_rollout_takes_a_quarter_more_pods(replicas: int, more: int) -> None:
    assert surge(only(of_predictor(replicas=replicas))) == more


def test_limits_stand_for_requests_that_are_not_given() -> None:
    declared = open_predictor(no_engine=True, graph=model(resources=Resources(limits=Amounts(gpu=2, cpu=3))))
    assert only(declared).requests == {**amounts(cpu=3, memory=100 * 2**20), "nvidia.com/gpu": Decimal(2)}
