"""What is said about an operator that cannot work, and about deployments that it would not see to."""

from __future__ import annotations

import pytest

from seldon_infra import (
    Executor,
    Keda,
    KedaTrigger,
    Model,
    OperatorProcess,
    Predictor,
    RequestLogger,
    SeldonCore,
    SeldonDeployment,
    ServerImage,
    SklearnServer,
    StorageInitializer,
)
from seldon_infra.seldon_core.check import check, check_together
from tests.unit.seldon_core.cases import CASES


def deployment(keda: Keda | None = None, **fields: object) -> SeldonDeployment:
    """Give a deployment of one model."""
    graph = Model(name="m", server=SklearnServer(), model_uri="s3://b/m")
    return SeldonDeployment(name="d", predictors=[Predictor(name="p", graph=graph, keda=keda)], **fields)  # type: ignore[arg-type]


def server(version: str = "1.0.0", image: str = "team/catboost") -> ServerImage:
    return ServerImage(implementation="CATBOOST_SERVER", protocol="v2", image=image, version=version)


@pytest.mark.parametrize("name", CASES)
def test_an_operator_of_a_golden_file_is_right(name: str) -> None:
    assert check(CASES[name][1]) == []


def test_a_version_under_another_licence_is_an_explicit_choice() -> None:
    (problem,) = check(SeldonCore(version="1.18.2"))
    assert str(problem) == (
        "SeldonCore: version '1.18.2' is under BSL-1.1, whose use in production has to be paid for, must be at most "
        "1.17.1, the last under Apache-2.0, unless you accept that licence; write version='1.17.1', or "
        "licence='BSL-1.1' if you have one"
    )
    assert check(SeldonCore(version="1.18.2", licence="BSL-1.1")) == []


@pytest.mark.parametrize(
    ("core", "said"),
    [
        (SeldonCore(version="latest"), "version 'latest', must be three numbers"),
        (SeldonCore(namespace="Seldon_System"), "namespace 'Seldon_System', must be a DNS label"),
        (SeldonCore(controller_id="a b"), "controller_id 'a b', must be at most 63 letters"),
        (
            SeldonCore(executor=Executor(image="seldonio/executor")),
            "executor.image 'seldonio/executor', must be an image",
        ),
        (SeldonCore(executor=Executor(image="seldonio/seldon-core-executor:1.18.0")), "is under BSL-1.1"),
        (SeldonCore(explainer_image_v2="seldonio/mlserver:1.6.1-alibi-explain"), "must be at most 1.4.0"),
        (SeldonCore(executor=Executor(cpu_limit="half")), "executor.cpu_limit 'half', must be an amount"),
        (SeldonCore(storage_initializer=StorageInitializer(memory_limit="1GB")), "memory_limit '1GB', must be"),
        (SeldonCore(operator=OperatorProcess(memory_limit="x")), "operator.memory_limit 'x'"),
        (SeldonCore(executor=Executor(request_logger=RequestLogger(queue_size=0))), "queue_size 0, must be 1 or more"),
        (
            SeldonCore(executor=Executor(request_logger=RequestLogger(write_timeout="2"))),
            "write_timeout '2', must be a",
        ),
        (SeldonCore(servers=[server(), server()]), "'CATBOOST_SERVER' for protocol 'v2' twice"),
        (SeldonCore(values={"executor": {"user": 1}}), "values executor.user, must be given by its field"),
        (SeldonCore(values={"istio": {"enabled": True}}), "write ingress=Istio(…) in Kubernetes"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(core: SeldonCore, said: str) -> None:
    (problem,) = check(core)
    assert said in str(problem)


def test_servers_and_values_of_ones_own_need_no_licence_and_no_field() -> None:
    assert check(SeldonCore(servers=[server("9.9.9")], values={"hostNetwork": True})) == []


@pytest.mark.parametrize(
    ("core", "fields", "said"),
    [
        (
            SeldonCore(),
            {"controller_id": "a"},
            "controller_id 'a', must be that of the stack's SeldonCore, which is not set",
        ),
        (
            SeldonCore(controller_id="a"),
            {},
            "controller_id is not set, must be that of the stack's SeldonCore, which is 'a'",
        ),
        (SeldonCore(single_namespace=True), {"namespace": "models"}, "namespace 'models', must be 'seldon-system'"),
        (
            SeldonCore(),
            {"keda": Keda(max_replica_count=2, triggers=[KedaTrigger(type="cpu", metadata={"value": "60"})])},
            "must have SeldonCore(keda=True)",
        ),
    ],
)
def test_a_deployment_that_the_operator_would_pass_over_is_named(core: SeldonCore, fields: object, said: str) -> None:
    (problem,) = check_together(core, [deployment(**fields)])  # type: ignore[arg-type]
    assert said in str(problem)


def test_of_an_operator_that_is_there_nothing_is_assumed() -> None:
    keda = Keda(max_replica_count=2, triggers=[KedaTrigger(type="cpu", metadata={"value": "60"})])
    assert check_together(SeldonCore(existing=True), [deployment(keda, controller_id="a")]) == []
