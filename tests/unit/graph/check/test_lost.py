from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    Amounts,
    EnvVar,
    Hpa,
    Logger,
    MetricTarget,
    Pdb,
    Pod,
    PodsMetric,
    PodTemplate,
    RandomAbTest,
    Resources,
    Router,
    SeldonDeployment,
    Ssl,
)
from seldon_infra.servers.spec import MLflowServer, SklearnServer, TensorFlowServer, XGBoostServer
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, graph, model, of_node, of_predictor, python

DICE = f"{PREDICTOR} → router 'pick'"
HPA = Hpa(max_replicas=3, metrics=[PodsMetric(name="requests", target=MetricTarget(average_value=1))])


def served(server: object, protocol: str) -> SeldonDeployment:
    return graph(model(server=server), protocol=protocol)


def dice(**fields: object) -> SeldonDeployment:
    return graph(Router(**{"name": "pick", "server": RandomAbTest(), "children": (model("a"), model("b")), **fields}))


def alone(**fields: object) -> SeldonDeployment:
    return of_predictor(graph=model(pod=Pod()), **fields)


def unread(what: str, protocol: str, field: str) -> str:
    return f"{NODE}: {what} on protocol '{protocol}', must be on protocol 'seldon', where it is read; remove {field}"


def no_server(field: str) -> str:
    return f"{DICE}: {field} with RandomAbTest, must not be given, since no server runs; remove {field}"


def no_pod(field: str) -> str:
    return (
        f"{PREDICTOR}: {field}, must be given on nodes, because none is left in the predictor's own pod; "
        f"move {field} into pod=Pod(…) of a node"
    )


ROWS = {
    "a method of the wrapper": Row(
        served(SklearnServer(method="predict_proba"), "v2"),
        unread("SklearnServer method 'predict_proba'", "v2", "method"),
        served(SklearnServer(method="predict_proba"), "seldon"),
    ),
    "a version of the wrapper for scikit-learn": Row(
        served(SklearnServer(version="1.17.1"), "v2"),
        unread("SklearnServer version '1.17.1'", "v2", "version"),
        served(SklearnServer(version="1.17.1"), "seldon"),
    ),
    "a version of the wrapper for XGBoost": Row(
        served(XGBoostServer(version="1.17.1"), "v2"),
        unread("XGBoostServer version '1.17.1'", "v2", "version"),
        served(XGBoostServer(version="1.17.1"), "seldon"),
    ),
    "a version of the wrapper for MLflow": Row(
        served(MLflowServer(version="1.17.1"), "v2"),
        unread("MLflowServer version '1.17.1'", "v2", "version"),
        served(MLflowServer(version="1.17.1"), "seldon"),
    ),
    "a signature of the proxy": Row(
        served(TensorFlowServer(signature_name="score"), "tensorflow"),
        unread("TensorFlowServer signature_name 'score'", "tensorflow", "signature_name"),
        served(TensorFlowServer(signature_name="score"), "seldon"),
    ),
    "an environment of dice": Row(dice(env=[EnvVar(name="A", value="1")]), no_server("env"), dice()),
    "resources of dice": Row(
        dice(resources=Resources(limits=Amounts(cpu=1))),
        no_server("resources"),
        graph(model(resources=Resources(limits=Amounts(cpu=1)))),
    ),
    "a pod of dice": Row(dice(pod=Pod(replicas=2)), no_server("pod"), graph(model(pod=Pod(replicas=2)))),
    "a model of dice": Row(dice(model_uri="s3://bucket/m"), no_server("model_uri"), graph(model())),
    "a key without a model": Row(
        of_node(server=python(), model_uri=None, signed_by="keys/maker.pub"),
        f"{NODE}: signed_by 'keys/maker.pub' without model_uri, must have files to verify; "
        "write model_uri=…, or remove signed_by",
        of_node(server=python(), model_uri="models/m", signed_by="keys/maker.pub"),
    ),
    "a digest without a model": Row(
        of_node(server=python(), model_uri=None, model_digest="sha256:" + "a" * 64),
        f"{NODE}: model_digest 'sha256:{'a' * 64}' without model_uri, must have files to verify; "
        "write model_uri=…, or remove model_digest",
        of_node(server=python(), model_uri="models/m", model_digest="sha256:" + "a" * 64),
    ),
    "a digest of dice": Row(dice(model_digest="sha256:" + "a" * 64), no_server("model_digest"), graph(model())),
    "a logger without orchestrator": Row(
        of_predictor(no_engine=True, graph=model(logger=Logger(mode="all"))),
        f"{NODE}: logger with no_engine=True on predictor 'main', must not be given: the orchestrator sends payloads "
        "on; remove logger or no_engine=True",
        of_predictor(graph=model(logger=Logger(mode="all"))),
    ),
    "TLS of an orchestrator that is not there": Row(
        of_predictor(no_engine=True, ssl=Ssl(cert_secret_name="tls")),
        f"{PREDICTOR}: ssl with no_engine=True, must not be given; remove ssl or no_engine=True",
        of_predictor(ssl=Ssl(cert_secret_name="tls")),
    ),
    "the shared pod's template": Row(
        alone(pod=PodTemplate(labels={"a": "b"})), no_pod("pod"), of_predictor(pod=PodTemplate(labels={"a": "b"}))
    ),
    "the shared pod's autoscaler": Row(alone(hpa=HPA), no_pod("hpa"), of_predictor(hpa=HPA)),
    "the shared pod's budget": Row(
        alone(pdb=Pdb(min_available=1)), no_pod("pdb"), of_predictor(pdb=Pdb(min_available=1))
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []
