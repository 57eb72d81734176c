from __future__ import annotations

import pytest

from seldon_infra.experiments.rollout import (
    AccuracyGate,
    DifferenceGate,
    ErrorGate,
    LatencyGate,
    MirrorGate,
    Rollout,
    SmokeGate,
)
from seldon_infra.graph.check import check, check_cluster
from seldon_infra.graph.spec import EnvVar, Orchestrator, SeldonDeployment, Ssl
from tests.unit.graph.check.build import DEPLOYMENT, Row, deployment, predictor

AT = f"{DEPLOYMENT} → rollout"


def rolled(*gates: object, **fields: object) -> SeldonDeployment:
    """A deployment with a rollout; fields that end with _of are the deployment's own."""
    own = {name.removesuffix("_of"): value for name, value in fields.items() if name.endswith("_of")}
    rollout = Rollout(gates=gates, **{name: value for name, value in fields.items() if not name.endswith("_of")})
    return deployment(rollout=rollout, **own)


ROWS = {
    "steps ascend": Row(
        rolled(steps=(10, 5, 100)),
        f"{AT}: steps (10, 5, 100), must ascend from 1 or more to 100; write steps=(1, 10, 50, 100)",
        rolled(steps=(5, 10, 100)),
    ),
    "the last step is all": Row(
        rolled(steps=(10, 50)),
        f"{AT}: steps (10, 50), must ascend from 1 or more to 100; write steps=(1, 10, 50, 100)",
        rolled(steps=(100,)),
    ),
    "a hold is a duration": Row(
        rolled(hold="soon"), f"{AT}: hold 'soon', must be a duration; write hold=\"10m\"", rolled(hold="30s")
    ),
    "patience is a duration": Row(
        rolled(patience="2 h"), f"{AT}: patience '2 h', must be a duration; write patience=\"10m\"", rolled()
    ),
    "smoke needs a row": Row(
        rolled(SmokeGate(data="rows.json", rows=0)),
        f"{AT}: gates[0] rows 0, must be at least one; write rows=3",
        rolled(SmokeGate(data="rows.json", rows=1)),
    ),
    "accuracy is a share": Row(
        rolled(AccuracyGate(data="rows.json", at_least=90)),
        f"{AT}: gates[0] at_least 90, must be a share above 0, at most 1; write at_least=0.9",
        rolled(AccuracyGate(data="rows.json", at_least=1)),
    ),
    "a difference is a share": Row(
        rolled(DifferenceGate(data="rows.json", at_most=1)),
        f"{AT}: gates[0] at_most 1, must be a share from 0 to 1, below 1; write at_most=0.01",
        rolled(DifferenceGate(data="rows.json", at_most=0)),
    ),
    "a latency is a duration": Row(
        rolled(LatencyGate(at_most="fast")),
        f"{AT}: gates[0] at_most 'fast', must be a duration; write at_most=\"200ms\"",
        rolled(LatencyGate(at_most="1s")),
    ),
    "a quantile is a share": Row(
        rolled(LatencyGate(at_most="1s", quantile=99)),
        f"{AT}: gates[0] quantile 99, must be a share between 0 and 1; write quantile=0.99",
        rolled(LatencyGate(at_most="1s", quantile=0.5)),
    ),
    "copies come over REST": Row(
        rolled(MirrorGate(), transport_of="grpc"),
        f"{AT}: MirrorGate with transport 'grpc', must have requests over REST, which alone are copied; "
        "remove transport, or use a DifferenceGate",
        rolled(MirrorGate(), transport_of="rest"),
    ),
    "a share of copies is one": Row(
        rolled(MirrorGate(at_most=1)),
        f"{AT}: gates[0] at_most 1, must be a share from 0 to 1, below 1; write at_most=0.01",
        rolled(MirrorGate(at_most=0)),
    ),
    "a gate needs requests": Row(
        rolled(ErrorGate(min_requests=0)),
        f"{AT}: gates[0] min_requests 0, must be at least one; write min_requests=100",
        rolled(ErrorGate(min_requests=1)),
    ),
    "somebody counts": Row(
        deployment(predictor(no_engine=True), rollout=Rollout(gates=[ErrorGate()])),
        f"{AT}: gate 'errors' where no orchestrator counts requests, must have one; remove no_engine, or the gate",
        deployment(predictor(no_engine=True), rollout=Rollout(gates=[SmokeGate(data="rows.json")])),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_rule_is_broken_by_one_and_kept_by_its_neighbour(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


KAFKA = Orchestrator(
    env=[EnvVar(name=f"KAFKA_{name}", value="x") for name in ("BROKER", "INPUT_TOPIC", "OUTPUT_TOPIC")]
)
LONG = "a-predictor-with-a-name-of-some-length"
ON_CLUSTERS = {
    "messages come by no share": Row(
        deployment(predictor(orchestrator=KAFKA), server_type="kafka", rollout=Rollout()),
        f"{DEPLOYMENT}: rollout with server_type 'kafka', must not be: traffic splits requests, and no messages; "
        "remove rollout",
        rolled(),
    ),
    "gates trust no certificate over gRPC": Row(
        deployment(
            predictor(ssl=Ssl(cert_secret_name="c")),
            transport="grpc",
            rollout=Rollout(gates=[SmokeGate(data="r.json")]),
        ),
        f"{AT}: gates with transport 'grpc' and ssl, must not be on a cluster, where gates trust no certificate; "
        "remove transport, or ssl, or use gates of errors and latency",
        deployment(predictor(ssl=Ssl(cert_secret_name="c")), transport="grpc", rollout=Rollout(gates=[ErrorGate()])),
    ),
    "the name on the way is nobody's": Row(
        deployment(predictor(traffic=50), predictor("main-next", traffic=50), rollout=Rollout()),
        f"{DEPLOYMENT}: predictor name 'main-next', must be left to the rollout of 'main' on a cluster; "
        "rename 'main-next'",
        deployment(predictor(traffic=50), predictor("next", traffic=50), rollout=Rollout()),
    ),
    "the name on the way fits": Row(
        deployment(predictor(LONG + "-abcdefg"), rollout=Rollout()),
        f"{DEPLOYMENT} → predictor '{LONG}-abcdefg': object name 'fraud-{LONG}-abcdefg-next-0-score' of a rollout has "
        "65 characters, must have at most 63; shorten the names of deployment, predictor or nodes by 2, or remove "
        "rollout",
        deployment(predictor(LONG + "-abcde"), rollout=Rollout()),
    ),
}


@pytest.mark.parametrize("row", ON_CLUSTERS.values(), ids=ON_CLUSTERS.keys())
def test_a_cluster_has_rules_of_its_own(row: Row) -> None:
    assert [str(problem) for problem in check_cluster(row.wrong)] == [row.message]
    assert check_cluster(row.right) == []
    assert check(row.wrong) == []
