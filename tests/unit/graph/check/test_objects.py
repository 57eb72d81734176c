from __future__ import annotations

import pytest

from seldon_infra.graph.check import check, check_together
from seldon_infra.graph.spec import Explainer, Pod, SeldonDeployment
from tests.unit.graph.check.build import DEPLOYMENT, PREDICTOR, Row, deployment, graph, model, of_node, predictor


def two(first: object, second: object) -> SeldonDeployment:
    return deployment(first.model_copy(update={"traffic": 50}), second.model_copy(update={"traffic": 50}))


def both(kind: str, name: str, first: str, second: str) -> str:
    return (
        f"{DEPLOYMENT}: {kind} '{name}' is made for {first} and for {second}, must be made for one alone; "
        "rename one of them"
    )


ALE = Explainer(type="ALE", model_uri="s3://b/e")
ROWS = {
    "a node's Service and another predictor's": Row(
        two(predictor("b", graph=model("c")), predictor("b-c")),
        both("Service", "fraud-b-c", "node 'c' of predictor 'b'", "predictor 'b-c'"),
        two(predictor("b", graph=model("d")), predictor("b-c")),
    ),
    "Services of two nodes": Row(
        two(predictor("b", graph=model("c-d")), predictor("b-c", graph=model("d"))),
        both("Service", "fraud-b-c-d", "node 'c-d' of predictor 'b'", "node 'd' of predictor 'b-c'"),
        two(predictor("b", graph=model("c-d")), predictor("b-c", graph=model("e"))),
    ),
    "a node called as the explainer": Row(
        deployment(predictor(explainer=ALE, graph=model("explainer"))),
        both("Service", "fraud-main-explainer", "node 'explainer' of predictor 'main'", "the explainer of 'main'"),
        deployment(predictor(explainer=ALE, graph=model("explained"))),
    ),
    "a Service's name comes once": Row(
        two(predictor(service_name="svc"), predictor("canary", service_name="svc")),
        both("Service", "svc", "predictor 'main'", "predictor 'canary'"),
        two(predictor(service_name="svc"), predictor("canary", service_name="svc-2")),
    ),
    "a Service's name is not another's default": Row(
        two(predictor(service_name="fraud-canary"), predictor("canary")),
        both("Service", "fraud-canary", "predictor 'main'", "predictor 'canary'"),
        two(predictor(service_name="canary"), predictor("canary")),
    ),
    "pods of two nodes": Row(
        two(
            predictor("b", graph=model("e", children=(model("0-c", pod=Pod()),))),
            predictor("b-1", graph=model("c")),
        ),
        both("Deployment", "fraud-b-1-0-c", "node '0-c' of predictor 'b'", "node 'c' of predictor 'b-1'"),
        two(predictor("b", graph=model("e", children=(model("0-c"),))), predictor("b-1", graph=model("c"))),
    ),
    "a container of Seldon's": Row(
        of_node(name="seldon-container-engine"),
        f"{PREDICTOR} → model 'seldon-container-engine': name 'seldon-container-engine', must not be that of a "
        "container that Seldon or Istio adds; rename it",
        of_node(name="engine"),
    ),
    "TensorFlow Serving's container": Row(
        graph(model("tfserving")),
        f"{PREDICTOR} → model 'tfserving': name 'tfserving', must not be that of a container that Seldon or Istio "
        "adds; rename it",
        graph(model("tf")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_deployments_side_by_side_do_not_share_an_object() -> None:
    first, second = deployment(predictor("b-c"), name="a"), deployment(predictor("c"), name="a-b")
    said = [str(problem) for problem in check_together([first, second])]
    assert said[0] == (
        "SeldonDeployment 'a': Service 'a-b-c' is made for predictor 'b-c' and for predictor 'c' of SeldonDeployment "
        "'a-b', must be made for one alone; rename one of them"
    )
    assert check_together([first, deployment(predictor("d"), name="a-b")]) == []
    assert check_together([first, first]) == []
