from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import EnvVar, Explainer, Orchestrator, SeldonDeployment
from tests.unit.graph.check.build import DEPLOYMENT, PREDICTOR, Row, deployment, of_predictor, predictor

CANARY = f"{DEPLOYMENT} → predictor 'canary'"
EXPLAINER = {"type": "ALE", "model_uri": "s3://b/e"}


def two(first: int | None, second: int | None, **fields: object) -> SeldonDeployment:
    return deployment(predictor("canary", traffic=first), predictor(traffic=second), **fields)


def kafka(*names: str) -> SeldonDeployment:
    env = [EnvVar(name=name, value="x") for name in names]
    return deployment(predictor(orchestrator=Orchestrator(env=env)), server_type="kafka")


ROWS = {
    "there is a predictor": Row(
        SeldonDeployment(name="fraud", predictors=()),
        f"{DEPLOYMENT}: predictors is empty, must hold at least one; add a Predictor",
        deployment(),
    ),
    "traffic sums to 100": Row(
        two(20, 70), f"{DEPLOYMENT}: traffic 20 + 70 = 90, must sum to 100; set traffic on 'main' to 80", two(20, 80)
    ),
    "too much traffic": Row(
        two(90, 20), f"{DEPLOYMENT}: traffic 90 + 20 = 110, must sum to 100; set traffic on 'main' to 10", two(90, 10)
    ),
    "traffic that is not set": Row(
        two(20, None), f"{DEPLOYMENT}: traffic 20 + 0 = 20, must sum to 100; set traffic on 'main' to 80", two(20, 80)
    ),
    "traffic of the only predictor": Row(
        of_predictor(traffic=90),
        f"{PREDICTOR}: traffic 90, must be 100 for the only predictor that answers; remove traffic",
        of_predictor(traffic=100),
    ),
    "a shadow's traffic is a percentage": Row(
        deployment(predictor(), predictor("canary", shadow=True, traffic=101)),
        f"{CANARY}: traffic 101, must be a percentage from 0 to 100; write traffic=0 to 100",
        deployment(predictor(), predictor("canary", shadow=True, traffic=50)),
    ),
    "at most one shadow": Row(
        deployment(predictor(), predictor("a", shadow=True), predictor("b", shadow=True)),
        f"{DEPLOYMENT}: predictors 'a' and 'b' are shadows, must be at most one; remove shadow=True from all but 'a'",
        deployment(predictor(), predictor("a", shadow=True)),
    ),
    "not only a shadow": Row(
        of_predictor(shadow=True),
        f"{DEPLOYMENT}: the only predictor 'main' is a shadow, must not be one; "
        "remove shadow=True from 'main' or add another Predictor",
        of_predictor(shadow=False),
    ),
    "replicas of the deployment": Row(
        deployment(replicas=-1),
        f"{DEPLOYMENT}: replicas -1, must be 0 or more; write replicas=0 or more",
        deployment(replicas=0),
    ),
    "replicas of a predictor": Row(
        of_predictor(replicas=-1),
        f"{PREDICTOR}: replicas -1, must be 0 or more; write replicas=0 or more",
        of_predictor(replicas=2),
    ),
    "the deadline of a rollout": Row(
        of_predictor(progress_deadline_seconds=0),
        f"{PREDICTOR}: progress_deadline_seconds 0, must be 1 or more; write progress_deadline_seconds=1 or more",
        of_predictor(progress_deadline_seconds=60),
    ),
    "replicas of an orchestrator": Row(
        deployment(predictor(orchestrator=Orchestrator(replicas=-2)), engine_separate_pod=True),
        f"{PREDICTOR}: orchestrator.replicas -2, must be 0 or more; write orchestrator.replicas=0 or more",
        deployment(predictor(orchestrator=Orchestrator(replicas=2)), engine_separate_pod=True),
    ),
    "replicas of an explainer": Row(
        of_predictor(explainer=Explainer(**EXPLAINER, replicas=-2)),
        f"{PREDICTOR}: explainer.replicas -2, must be 0 or more; write explainer.replicas=0 or more",
        of_predictor(explainer=Explainer(**EXPLAINER, replicas=2)),
    ),
    "Kafka's broker and topics": Row(
        kafka("KAFKA_BROKER"),
        f"{PREDICTOR}: orchestrator.env has no KAFKA_INPUT_TOPIC and KAFKA_OUTPUT_TOPIC, must have KAFKA_BROKER, "
        "KAFKA_INPUT_TOPIC and KAFKA_OUTPUT_TOPIC with server_type 'kafka'; "
        "add EnvVar(name='KAFKA_INPUT_TOPIC', value=…), EnvVar(name='KAFKA_OUTPUT_TOPIC', value=…)",
        kafka("KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_a_share_that_no_single_predictor_can_take_names_them_all() -> None:
    three = deployment(*(predictor(name, traffic=80) for name in ("a", "b", "c")))
    assert [problem.fix for problem in check(three)] == ["set traffic on 'a', 'b' and 'c' so that it does"]


def test_a_shadow_has_no_part_in_the_sum() -> None:
    assert check(deployment(predictor(), predictor("canary", shadow=True, traffic=10))) == []
