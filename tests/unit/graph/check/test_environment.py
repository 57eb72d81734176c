from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    Endpoint,
    EnvVar,
    Explainer,
    Logger,
    Orchestrator,
    Parameter,
    Pod,
    SecretKey,
    SeldonDeployment,
)
from tests.unit.core.later import Later
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, graph, model, of_node, of_predictor

RULE = "must be letters, digits, '_', '-' or '.', and not start with a digit"


def env(*variables: EnvVar) -> SeldonDeployment:
    return of_node(env=variables)


def variable(name: str = "LEVEL", **fields: object) -> EnvVar:
    return EnvVar(**{"name": name, "value": "x", **fields})


def parameters(*values: Parameter) -> SeldonDeployment:
    return of_node(parameters=values)


def ports(first: int, second: int, **fields: object) -> SeldonDeployment:
    below = model("b", endpoint=Endpoint(http_port=second), **fields)
    return graph(model("a", endpoint=Endpoint(http_port=first), children=(below,)))


SECRET = SecretKey(secret="store", key="token")

ROWS = {
    "a variable's name": Row(
        env(variable("1ST")), f"{NODE}: env name '1ST', {RULE}; rename it", env(variable("FIRST"))
    ),
    "a variable once": Row(
        env(variable(), variable()),
        f"{NODE}: env sets 'LEVEL' twice, must be set once; remove one 'LEVEL'",
        env(variable(), variable("LEVEL_2")),
    ),
    "a variable of Seldon's": Row(
        env(variable("PREDICTIVE_UNIT_ID")),
        f"{NODE}: env sets 'PREDICTIVE_UNIT_ID', must leave it to Seldon; remove 'PREDICTIVE_UNIT_ID'",
        env(variable("UNIT_ID")),
    ),
    "a variable without value": Row(
        env(variable(value=None)),
        f"{NODE}: env 'LEVEL' has neither value nor value_from, must have one; write value='…'",
        env(variable(value="")),
    ),
    "a variable with two values": Row(
        env(variable(value_from=SECRET)),
        f"{NODE}: env 'LEVEL' has both value and value_from, must have one; remove one of them",
        env(variable(value=None, value_from=SECRET)),
    ),
    "the orchestrator's variables": Row(
        of_predictor(orchestrator=Orchestrator(env=[variable("ENGINE_PREDICTOR")])),
        f"{PREDICTOR}: orchestrator.env sets 'ENGINE_PREDICTOR', must leave it to Seldon; remove 'ENGINE_PREDICTOR'",
        of_predictor(orchestrator=Orchestrator(env=[variable()])),
    ),
    "the explainer's variables": Row(
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", env=[variable("A B")])),
        f"{PREDICTOR}: explainer.env name 'A B', {RULE}; rename it",
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", env=[variable("A_B")])),
    ),
    "a parameter once": Row(
        parameters(Parameter(name="a", value=1), Parameter(name="a", value=2)),
        f"{NODE}: parameter 'a' is given twice, must be given once; remove one 'a'",
        parameters(Parameter(name="a", value=1), Parameter(name="b", value=2)),
    ),
    "a parameter has a name": Row(
        parameters(Parameter(name="", value=1)),
        f"{NODE}: a parameter has no name, must have one; write name='…'",
        parameters(Parameter(name="a", value=1)),
    ),
    "a parameter's value has its type": Row(
        parameters(Parameter(name="a", value="three", type="INT")),
        f"{NODE}: parameter 'a' 'three', must be a whole number for type INT; change the value or the type",
        parameters(Parameter(name="a", value=3, type="INT")),
    ),
    "True is no number": Row(
        parameters(Parameter(name="a", value=True, type="DOUBLE")),
        f"{NODE}: parameter 'a' True, must be a number for type DOUBLE; change the value or the type",
        parameters(Parameter(name="a", value=1, type="DOUBLE")),
    ),
    "a number is finite": Row(
        parameters(Parameter(name="a", value=float("nan"))),
        f"{NODE}: parameter 'a' nan, must be a finite number; change the value",
        parameters(Parameter(name="a", value=0.5)),
    ),
    "a port exists": Row(
        of_node(endpoint=Endpoint(grpc_port=70000)),
        f"{NODE}: endpoint.grpc_port 70000, must be a port from 1 to 65535; write a port from 9000 up, or remove it",
        of_node(endpoint=Endpoint(grpc_port=9500)),
    ),
    "a port is free": Row(
        of_node(endpoint=Endpoint(http_port=8000)),
        f"{NODE}: endpoint.http_port 8000, must not be the orchestrator's for REST; "
        "write a port from 9000 up, or remove it",
        of_node(endpoint=Endpoint(http_port=8000, service_host="models.example.com")),
    ),
    "a port once in a pod": Row(
        ports(9000, 9000),
        f"{PREDICTOR} → model 'b': endpoint.http_port 9000, which 'a' has too, must be unique within a pod; "
        "change one, or give a node its own pod",
        ports(9000, 9000, pod=Pod()),
    ),
    "REST and gRPC have a port each": Row(
        of_node(endpoint=Endpoint(http_port=9000, grpc_port=9000)),
        f"{NODE}: endpoint.grpc_port 9000, which is http_port too, must be unique within a pod; "
        "change one, or give a node its own pod",
        of_node(endpoint=Endpoint(http_port=9000, grpc_port=9500)),
    ),
    "a variable is no path": Row(env(variable("..")), f"{NODE}: env name '..', {RULE}; rename it", env(variable(".a"))),
    "an explainer's port exists": Row(
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", endpoint=Endpoint(http_port=99999))),
        f"{PREDICTOR}: explainer.endpoint.http_port 99999, must be a port from 1 to 65535; "
        "write a port from 9000 up, or remove it",
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", endpoint=Endpoint(http_port=9000))),
    ),
    "a logger's host": Row(
        of_node(logger=Logger(mode="all", url="http://")),
        f"{NODE}: logger.url 'http://', must begin with http:// or https:// and name a host; "
        "write url='http://host/path'",
        of_node(logger=Logger(mode="all", url="http://broker")),
    ),
    "a logger's address": Row(
        of_node(logger=Logger(mode="all", url="broker/default")),
        f"{NODE}: logger.url 'broker/default', must begin with http:// or https:// and name a host; "
        "write url='http://broker/default'",
        of_node(logger=Logger(mode="all", url="http://broker/default")),
    ),
    "a logger's other address": Row(
        of_node(logger=Logger(mode="all", url="kafka://broker")),
        f"{NODE}: logger.url 'kafka://broker', must begin with http:// or https:// and name a host; "
        "write url='http://host/path'",
        of_node(logger=Logger(mode="all")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_a_port_of_a_host_that_is_known_later_may_be_any() -> None:
    assert check(of_node(endpoint=Endpoint(http_port=8000, service_host=Later()))) == []
