"""Graphs of any size: those that no cluster could hold are refused, without a traceback."""

from __future__ import annotations

import pytest

from seldon_infra.graph.check import check, check_cluster, check_local, too_large
from seldon_infra.graph.spec import Combiner, GraphNode, Model, Node, Predictor
from seldon_infra.graph.walk import is_chain, leaf, nodes
from seldon_infra.servers.spec import Server
from tests.unit.graph.check.build import PREDICTOR, graph, model, python


def chain(count: int) -> Node:
    root: Node = model("n0")
    for index in range(1, count):
        root = Model(name=f"n{index}", server=python(), children=(root,))
    return root


def doubled(times: int) -> Node:
    root: Node = model("m")
    for index in range(times):
        root = Combiner(name=f"c{index}", server=python(), children=(root, root))
    return root


def test_a_walk_goes_down_any_depth_each_node_before_its_children() -> None:
    root = chain(5000)
    assert [node.name for node in nodes(root)] == [f"n{index}" for index in reversed(range(5000))]
    assert (is_chain(root), leaf(root).name) == (True, "n0")


def test_a_walk_goes_from_left_to_right() -> None:
    below = Combiner(name="below", server=python(), children=(model("a"), model("b")))
    root = Combiner(name="root", server=python(), children=(below, model("c")))
    assert [node.name for node in nodes(root)] == ["root", "below", "a", "b", "c"]


@pytest.mark.parametrize("judge", [check, check_local, check_cluster, too_large])
def test_a_graph_that_is_too_deep_is_one_problem(judge: object) -> None:
    assert [str(problem) for problem in judge(graph(chain(5000)))] == [  # type: ignore[operator]
        f"{PREDICTOR}: graph is more than 100 nodes deep, must be at most that; "
        "let one server do the work of several nodes"
    ]


@pytest.mark.parametrize("judge", [check, check_local, check_cluster, too_large])
def test_a_graph_with_too_many_nodes_is_one_problem(judge: object) -> None:
    assert [str(problem) for problem in judge(graph(doubled(30)))] == [  # type: ignore[operator]
        f"{PREDICTOR}: graph has more than 1000 nodes, must have at most that; "
        "let one server do the work of several nodes"
    ]


def test_a_graph_of_a_hundred_nodes_is_judged_by_all_rules() -> None:
    assert too_large(graph(chain(100))) == []
    assert any("object name" in problem.got for problem in check(graph(chain(100))))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: GraphNode(name="x"),
            "node 'x': it is of no kind, must be a Model, Transformer, OutputTransformer, Router",
        ),
        (lambda: Predictor(name="p", graph={"name": "m"}), "predictor 'p': graph {'name': 'm'}, must be a Model"),
        (lambda: Server(), "Server: it is of no kind, must be a kind such as SklearnServer"),
    ],
)
def test_what_is_of_no_kind_is_refused_when_it_is_made(make: object, said: str) -> None:
    with pytest.raises(Exception) as raised:
        make()  # type: ignore[operator]
    assert said in str(raised.value)
    assert type(raised.value).__name__ == "InvalidSpec"
