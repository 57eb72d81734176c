from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Explainer, Pod
from tests.unit.graph.check.build import (
    DEPLOYMENT,
    PREDICTOR,
    Row,
    deployment,
    graph,
    model,
    of_node,
    of_predictor,
    predictor,
)

LABEL = "must be at most 63 of a-z, 0-9 and '-', with a letter or digit at both ends"
SERVICE = "must be at most 63 of a-z, 0-9 and '-', start with a letter and end with a letter or digit"
LONG = "a" * 30


def chain(*names: str, **last: object) -> object:
    first, *others = names
    return model(first, children=(chain(*others, **last),)) if others else model(first, **last)


ROWS = {
    "a deployment's name is a label": Row(
        deployment(name="Fraud_Model"),
        f"SeldonDeployment 'Fraud_Model': name 'Fraud_Model', {SERVICE}; write name='fraud-model'",
        deployment(name="fraud-model"),
    ),
    "a deployment's name starts with a letter": Row(
        deployment(name="2fraud"),
        f"SeldonDeployment '2fraud': name '2fraud', {SERVICE}; write name='x-2fraud'",
        deployment(name="fraud2"),
    ),
    "a namespace is a label": Row(
        deployment(namespace="Models.prod"),
        f"{DEPLOYMENT}: namespace 'Models.prod', {LABEL}; write namespace='models-prod'",
        deployment(namespace="models-prod"),
    ),
    "a predictor's name is a label": Row(
        deployment(predictor("main_1")),
        f"{DEPLOYMENT} → predictor 'main_1': name 'main_1', {LABEL}; write name='main-1'",
        deployment(predictor("main-1")),
    ),
    "a node's name is a label": Row(
        of_node(name="Score"),
        f"{PREDICTOR} → model 'Score': name 'Score', {LABEL}; write name='score'",
        of_node(name="score"),
    ),
    "a predictor's name comes once": Row(
        deployment(predictor(traffic=50), predictor(traffic=50)),
        f"{DEPLOYMENT}: predictor name 'main' is used twice, must be unique within the deployment; rename one 'main'",
        deployment(predictor(traffic=50), predictor("canary", traffic=50)),
    ),
    "a node's name comes once": Row(
        graph(chain("score", "score")),
        f"{PREDICTOR}: node name 'score' is used twice, must be unique within the predictor; rename one 'score'",
        graph(chain("score", "score-2")),
    ),
    "names of pods fit": Row(
        graph(chain(LONG, "score-all-of-them-twice")),
        f"{PREDICTOR}: object name 'fraud-main-0-{LONG}-score-all-of-them-twice' has 67 characters, "
        "must have at most 63; shorten the names of deployment, predictor or nodes by 4, "
        "or give a node a pod of its own",
        graph(chain(LONG, "score-all-of-them-twice", pod=Pod())),
    ),
    "the explainer's name fits": Row(
        deployment(
            predictor("b" * 24, explainer=Explainer(type="ALE", model_uri="s3://b/e"), graph=model("m")), name=LONG
        ),
        f"SeldonDeployment '{LONG}' → predictor '{'b' * 24}': object name '{LONG}-{'b' * 24}-explainer' has 65 "
        "characters, must have at most 63; shorten the names of deployment, predictor or nodes by 2, "
        "or give a node a pod of its own",
        deployment(predictor("b" * 24, graph=model("m")), name=LONG),
    ),
    "the orchestrator's name fits": Row(
        deployment(predictor("b" * 25, graph=model("m")), name=LONG, engine_separate_pod=True),
        f"SeldonDeployment '{LONG}' → predictor '{'b' * 25}': object name '{LONG}-{'b' * 25}-svc-orch' has 65 "
        "characters, must have at most 63; shorten the names of deployment, predictor or nodes by 2, "
        "or give a node a pod of its own",
        deployment(predictor("b" * 25, graph=model("m")), name=LONG),
    ),
    "a Service's name is a label": Row(
        of_predictor(service_name="1.fraud"),
        f"{PREDICTOR}: service_name '1.fraud', {SERVICE}; write service_name='x-1-fraud'",
        of_predictor(service_name="fraud"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []
