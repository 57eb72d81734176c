from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Amounts, Combiner, Orchestrator, RandomAbTest, Resources, Router
from tests.unit.graph.check.build import (
    NODE,
    PREDICTOR,
    Row,
    deployment,
    graph,
    model,
    of_node,
    of_predictor,
    predictor,
    python,
)

PAIR = (model("a"), model("b"))
HALF = Resources(limits=Amounts(cpu="500m"))


def router(**fields: object) -> Router:
    return Router(**{"name": "pick", "server": RandomAbTest(), "children": PAIR, **fields})


def combiner(**fields: object) -> Combiner:
    return Combiner(**{"name": "join", "server": python(), "children": PAIR, **fields})


ROWS = {
    "a model has at most one child": Row(
        of_node(children=PAIR),
        f"{NODE}: children has 2 nodes, must have at most one; put a Router or a Combiner between them",
        of_node(children=PAIR[:1]),
    ),
    "a router has a child": Row(
        graph(router(server=python(), children=())),
        f"{PREDICTOR} → router 'pick': children is empty, must have at least one to choose from; add nodes to children",
        graph(router(server=python(), children=PAIR[:1])),
    ),
    "a combiner has two children": Row(
        graph(combiner(children=PAIR[:1])),
        f"{PREDICTOR} → combiner 'join': children has one node, must have at least two to join; "
        "add nodes to children, or use its child in its place",
        graph(combiner()),
    ),
    "dice have two sides": Row(
        graph(router(children=(*PAIR, model("c")))),
        f"{PREDICTOR} → router 'pick': children has 3 nodes, must have two with RandomAbTest; "
        "give two children, or a PythonServer that chooses",
        graph(router()),
    ),
    "a ratio is a share": Row(
        graph(router(server=RandomAbTest(ratio_a=1.5))),
        f"{PREDICTOR} → router 'pick': ratio_a 1.5, must be a share from 0 to 1; write ratio_a=0.015",
        graph(router(server=RandomAbTest(ratio_a=1))),
    ),
    "a ratio is not negative": Row(
        graph(router(server=RandomAbTest(ratio_a=-0.1))),
        f"{PREDICTOR} → router 'pick': ratio_a -0.1, must be a share from 0 to 1; write ratio_a=0.5",
        graph(router(server=RandomAbTest(ratio_a=0))),
    ),
    "one node alone needs no engine": Row(
        of_predictor(no_engine=True, graph=model(children=PAIR[:1])),
        f"{PREDICTOR}: no_engine=True on a graph of 2 nodes, must have one node; remove no_engine=True",
        of_predictor(no_engine=True),
    ),
    "no settings of an engine that is not there": Row(
        of_predictor(no_engine=True, engine_resources=HALF),
        f"{PREDICTOR}: engine_resources with no_engine=True, must not be given; "
        "remove engine_resources or no_engine=True",
        of_predictor(engine_resources=HALF),
    ),
    "the engine's resources once": Row(
        of_predictor(engine_resources=HALF, orchestrator=Orchestrator(resources=HALF)),
        f"{PREDICTOR}: engine_resources and orchestrator.resources are both given, must be one of them; "
        "remove engine_resources",
        of_predictor(orchestrator=Orchestrator(resources=HALF)),
    ),
    "an orchestrator beside its nodes has no replicas": Row(
        of_predictor(orchestrator=Orchestrator(replicas=2)),
        f"{PREDICTOR}: orchestrator.replicas without engine_separate_pod, must not be given where the orchestrator "
        "shares the predictor's pod; set engine_separate_pod=True on SeldonDeployment 'fraud' or remove it",
        deployment(predictor(orchestrator=Orchestrator(replicas=2)), engine_separate_pod=True),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []
