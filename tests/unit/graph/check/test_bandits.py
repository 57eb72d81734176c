from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check, check_cluster
from seldon_infra.graph.spec import Model, Router, SeldonDeployment
from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling
from tests.unit.graph.check.build import PREDICTOR, Row, graph, model

ROUTER = f"{PREDICTOR} → router 'best'"
KEPT = {"image": "registry/bandit:1", "claim": "learnt"}


def routed(server: Any, *children: str) -> SeldonDeployment:
    nodes = tuple(model(name) for name in children or ("a", "b"))
    return graph(Router(name="best", server=server, children=nodes))


ROWS = {
    "one child is no choice": Row(
        routed(ThompsonSampling(), "a"),
        f"{ROUTER}: ThompsonSampling has 1 child, must have two to choose from; add a child, or use the child alone",
        routed(ThompsonSampling()),
    ),
    "epsilon in percent": Row(
        routed(EpsilonGreedy(epsilon=10)),
        f"{ROUTER}: epsilon 10, must be from 0 to 1; write epsilon=0.1",
        routed(EpsilonGreedy(epsilon=0)),
    ),
}
CLUSTER = {
    "a cluster runs an image": Row(
        routed(EpsilonGreedy(claim="learnt")),
        f"{ROUTER}: EpsilonGreedy has no image, must be given for a cluster, which runs images; build it from "
        "`seldon-infra containerfile fraud best` and write image=…",
        routed(EpsilonGreedy(**KEPT)),
    ),
    "a pod that is replaced": Row(
        routed(ThompsonSampling(image="registry/bandit:1")),
        f"{ROUTER}: ThompsonSampling has no claim, must be given for a cluster, or each new pod begins anew; make a "
        "PersistentVolumeClaim and write claim='its-name'",
        routed(ThompsonSampling(**KEPT)),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize("row", CLUSTER.values(), ids=CLUSTER)
def test_a_cluster_is_told_what_it_needs(row: Row) -> None:
    assert [str(problem) for problem in check_cluster(row.wrong)] == [row.message]
    assert check_cluster(row.right) == []


def test_a_model_does_not_learn_to_route() -> None:
    wrong = graph(Model(name="best", server=EpsilonGreedy()))
    assert any("EpsilonGreedy" in str(problem) for problem in check(wrong))
