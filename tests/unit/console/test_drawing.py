"""Where boxes and ways go, and under which id their numbers come."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest

from seldon_infra.console.drawing import Part, Predictor, drawing

CHAIN = Part("clean", "TRANSFORMER", ("x",), (Part("score", "MODEL"),))
ROUTER = Part("pick", "ROUTER", (), (Part("a", "MODEL"), Part("b", "MODEL"), Part("c", "MODEL")))
COMBINER = Part("mean", "COMBINER", (), (Part("a", "MODEL"), Part("b", "MODEL")))
AFTER = Part("round", "OUTPUT_TRANSFORMER", (), (Part("score", "MODEL"),))
GRAPHS = [CHAIN, ROUTER, COMBINER, AFTER, Part("many", "MODEL", (), (Part("a", "MODEL"), Part("b", "MODEL")))]


def drawn(*graphs: Part) -> Any:
    predictors = tuple(Predictor(f"p{index}", 90, index > 0, graph) for index, graph in enumerate(graphs))
    return drawing("/seldon/ns/d/", ("REST",), predictors)


def ways(graph: Part) -> list[str]:
    return [way["id"] for way in drawn(graph)["ways"]]


def test_the_way_to_a_node_has_the_nodes_numbers_and_the_way_in_the_predictors() -> None:
    assert ways(CHAIN) == ["p0/score", "p0"]


def test_each_way_of_a_router_has_the_numbers_of_where_it_leads() -> None:
    assert ways(ROUTER) == ["p0/a", "p0/b", "p0/c", "p0"]


def test_what_a_combiner_gets_has_the_numbers_of_where_it_comes_from() -> None:
    assert ways(COMBINER) == ["p0/a", "p0/b", "p0/a", "p0/b", "p0"]


def test_an_output_transformer_gets_its_turn_last() -> None:
    boxes = {box["name"]: box["x"] for box in drawn(AFTER)["boxes"]}
    assert boxes["score"] < boxes["round"]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_no_box_lies_on_another_and_all_are_in_the_picture(graph: Part) -> None:
    made = drawn(graph, graph, graph)
    assert all(it["x"] >= 0 and it["x"] + it["w"] <= made["width"] for it in (*made["boxes"], *made["panels"]))
    assert all(it["y"] >= 0 and it["y"] + it["h"] <= made["height"] for it in (*made["boxes"], *made["panels"]))
    for one, other in combinations(made["boxes"], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_numbers_of_two_branches_have_room_below_each_other() -> None:
    middles = sorted(way["y"] for way in drawn(ROUTER)["ways"] if way["label"].isdigit())
    assert min(after - before for before, after in pairwise(middles)) >= 40


def test_a_shadow_is_named_one_and_is_dashed() -> None:
    shadow = drawn(CHAIN, CHAIN)["ways"][-1]
    assert (shadow["label"], shadow["shadow"]) == ("shadow 90 %", True)


def test_without_predictors_there_is_the_ingress_alone() -> None:
    assert [box["kind"] for box in drawn()["boxes"]] == ["ingress"]
