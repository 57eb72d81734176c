from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.runtime.orchestrator import built_in
from seldon_infra.runtime.orchestrator.config import DEFAULT_METHODS, Logger, Unit
from seldon_infra.runtime.orchestrator.failures import Failure
from seldon_infra.runtime.orchestrator.told import Once
from seldon_infra.runtime.orchestrator.told import Told as Remembered
from seldon_infra.runtime.orchestrator.walk import Trip, chosen_children, predict, send_feedback


def unit(
    name: str, type_: str = "MODEL", *children: Unit, implementation: str | None = None, **parameters: str
) -> Unit:
    return Unit(name, type_, DEFAULT_METHODS[type_], implementation, parameters, name, "", 0, 0, children)


class Notes:
    """A wire whose messages are the names of the nodes that saw them."""

    def __init__(self, route: int = 0) -> None:
        self.chosen = route
        self.logged: list[tuple[str, str, str]] = []

    def log(self, unit: Unit, event: str, message: str, trip: Trip) -> None:
        self.logged.append((unit.name, event, message))

    async def transform_input(self, unit: Unit, message: str, trip: Trip) -> str:
        if unit.name == "broken":
            raise Failure(500, "is broken", unit.name)
        trip.tags["last"] = unit.name
        return f"{message}>{unit.name}"

    async def transform_output(self, unit: Unit, message: str, trip: Trip) -> str:
        return f"{message}<{unit.name}"

    async def route(self, unit: Unit, message: str, trip: Trip) -> int:
        return self.chosen

    async def aggregate(self, unit: Unit, messages: Sequence[str], trip: Trip) -> str:
        return f"{unit.name}({','.join(messages)})"


def walk(graph: Unit, route: int = 0) -> tuple[str, Trip]:
    trip = Trip("id", 0.0)
    return asyncio.run(predict(graph, "in", Notes(route), trip)), trip


def test_steps_of_a_node_come_in_order() -> None:
    graph = unit("out", "OUTPUT_TRANSFORMER", unit("in", "TRANSFORMER", unit("m", "MODEL", unit("n"))))
    assert walk(graph)[0] == "in>in>m>n<out"


@pytest.mark.parametrize(
    ("route", "answer"), [(0, "in>a"), (1, "in>b"), (-1, "in>a"), (-2, "in")], ids=["first", "second", "all", "none"]
)
def test_a_router_chooses_one_child_all_or_none(route: int, answer: str) -> None:
    found, trip = walk(unit("r", "ROUTER", unit("a"), unit("b")), route)
    assert found == answer
    assert trip.routing == {"r": route}


LOGGED = [
    # a node with a logger, and what of it is logged
    (unit("m", "MODEL", unit("n")), [("m", "request", "in"), ("m", "response", "in>m")]),
    (unit("t", "TRANSFORMER", unit("n")), [("t", "request", "in"), ("t", "response", "in>t")]),
    (unit("o", "OUTPUT_TRANSFORMER", unit("n")), [("o", "request", "in>n"), ("o", "response", "in>n<o")]),
    (unit("c", "COMBINER", unit("a"), unit("b")), [("c", "request", "in"), ("c", "response", "c(in>a,in>b)")]),
    (unit("r", "ROUTER", unit("a")), []),
]


@pytest.mark.parametrize(("graph", "events"), LOGGED, ids=[graph.type for graph, _ in LOGGED])
@pytest.mark.parametrize(("requests", "responses"), [(True, True), (True, False), (False, True)])
def test_what_goes_into_a_call_and_comes_out_of_it_is_logged(
    graph: Unit, events: list[tuple[str, str, str]], requests: bool, responses: bool
) -> None:
    wire = Notes()
    logger = Logger(requests, responses, None, 1.0, 1000, frozenset())
    asyncio.run(predict(replace(graph, logger=logger), "in", wire, Trip("id", 0.0)))
    wanted = {"request": requests, "response": responses}
    assert wire.logged == [event for event in events if wanted[event[1]]]


def test_all_childrens_tags_count_the_last_ones_most() -> None:
    assert walk(unit("c", "COMBINER", unit("a"), unit("b")))[1].tags == {"last": "b"}


def test_a_combiner_gets_its_childrens_answers_in_order() -> None:
    graph = unit("c", "COMBINER", unit("a"), unit("d", "COMBINER", unit("b"), unit("e")))
    assert walk(graph)[0] == "c(in>a,d(in>b,in>e))"


@pytest.mark.parametrize(
    "graph", [unit("c", "COMBINER", unit("a"), unit("broken")), unit("r", "ROUTER", unit("broken"))]
)
def test_a_broken_node_is_named(graph: Unit) -> None:
    with pytest.raises(Failure, match="node 'broken': is broken"):
        walk(graph)


@pytest.mark.parametrize("route", [2, -3, 99])
def test_a_route_must_lead_somewhere(route: int) -> None:
    with pytest.raises(Failure, match=rf"node 'r': route {route}, must be one of 0 to 1"):
        chosen_children(unit("r", "ROUTER", unit("a"), unit("b")), route, 500)


def test_dice_keep_to_their_ratio() -> None:
    graph = unit("dice", "ROUTER", unit("a"), unit("b"), implementation="RANDOM_ABTEST", ratioA="0.8")
    took_a = sum(walk(graph)[0] == "in>a" for _ in range(2000))
    assert 1500 < took_a < 1700  # 1600 expected, five standard deviations are 89


def test_a_simple_router_takes_the_first_child() -> None:
    assert walk(unit("r", "ROUTER", unit("a"), unit("b"), implementation="SIMPLE_ROUTER"), 1)[0] == "in>a"


class Told:
    """A wire that notes which nodes were told of a reward; some of them fail, the slower the longer their name."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def send_feedback(self, unit: Unit, feedback: str, trip: Trip) -> None:
        for _ in unit.name:
            await asyncio.sleep(0)
        self.told.append(unit.name)
        if unit.name.startswith("broken"):
            raise Failure(500, "is broken", unit.name)


def test_feedback_reaches_all_children_whichever_fails_but_not_the_node_above_them() -> None:
    graph = unit("r", "ROUTER", unit("broken"), unit("a", "MODEL", unit("below")), unit("slower-than-all"))
    wire = Told()
    with pytest.raises(Failure, match="node 'broken': is broken"):
        asyncio.run(send_feedback(graph, "well done", {}, wire, Trip("id", 0.0), Once(set())))
    assert sorted(wire.told) == ["a", "below", "broken", "slower-than-all"]


def test_feedback_reaches_children_before_the_node_above_them() -> None:
    wire = Told()
    graph = unit("r", "ROUTER", unit("a", "MODEL", unit("b")), unit("c"))
    asyncio.run(send_feedback(graph, "well done", {"r": 0}, wire, Trip("id", 0.0), Once(set())))
    assert wire.told == ["b", "a", "r"]


class Refusing(Told):
    """A wire of which nodes refuse the first time, or are late with an answer."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.failure: Failure | None = Failure(status, "not now", "b")

    async def send_feedback(self, unit: Unit, feedback: str, trip: Trip) -> None:
        self.told.append(unit.name)
        if unit.name == "b" and self.failure:
            failure, self.failure = self.failure, None
            raise failure


@pytest.mark.parametrize(
    ("status", "told"), [(500, ["a", "b", "b", "r"]), (503, ["a", "b", "b", "r"]), (504, ["a", "b", "r"])]
)
def test_feedback_that_is_sent_again_comes_to_those_that_it_did_not_reach(status: int, told: list[str]) -> None:
    wire, once, graph = Refusing(status), Once(set()), unit("r", "ROUTER", unit("a"), unit("b"))
    with pytest.raises(Failure):
        asyncio.run(send_feedback(graph, "well done", {"r": -1}, wire, Trip("id", 0.0), once))
    for _ in range(2):
        asyncio.run(send_feedback(graph, "well done", {"r": -1}, wire, Trip("id", 0.0), once))
    assert wire.told == told


SAME = [
    # ids and contents of two, and whether the second is news
    (("a", b"1"), ("a", b"1"), False),
    (("a", b"1"), ("a", b"2"), True),
    (("a", b"1"), ("b", b"1"), True),
    ((None, b"1"), (None, b"1"), True),
]


@pytest.mark.parametrize(("first", "second", "news"), SAME)
def test_feedback_is_the_same_by_its_id_and_what_it_says(
    first: tuple[str | None, bytes], second: tuple[str | None, bytes], news: bool
) -> None:
    told = Remembered()
    assert told.of(*first).comes_to("m")
    assert told.of(*second).comes_to("m") is news


def test_what_is_remembered_is_bounded() -> None:
    told = Remembered(most=2)
    for number in range(3):
        assert told.of(str(number), b"").comes_to("m")
    assert [told.of(id, b"").comes_to("m") for id in ("2", "1")] == [False, False]
    assert told.of("0", b"").comes_to("m")


def test_the_answering_node_is_where_the_way_ends() -> None:
    model = unit("m", "MODEL", unit("last"))
    assert unit("t", "TRANSFORMER", unit("r", "ROUTER", model, unit("other"))).answering().name == "last"
    assert unit("t", "TRANSFORMER", unit("out", "OUTPUT_TRANSFORMER", model)).answering().name == "out"
    assert unit("c", "COMBINER", model, unit("other")).answering().name == "c"


ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.lists(st.integers(-1000, 1000), min_size=width, max_size=width), min_size=2, max_size=2),
        min_size=2,
        max_size=4,
    )
)


@given(ROWS)
def test_the_average_is_the_mean_of_each_number(children: list[list[list[int]]]) -> None:
    found = built_in.average([{"names": ["x"], "ndarray": rows} for rows in children], "c")
    assert found["names"] == ["x"]
    for index, row in enumerate(found["ndarray"]):
        for column, number in enumerate(row):
            assert number == pytest.approx(sum(rows[index][column] for rows in children) / len(children))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([{"ndarray": [1]}, {"tensor": {"shape": [1], "values": [1]}}], "all be tensors, or all ndarrays"),
        ([{"ndarray": [1]}, {"ndarray": [1, 2]}], "differ in shape"),
        ([{"ndarray": ["a"]}, {"ndarray": ["b"]}], "more than numbers"),
        ([{"tensor": {"shape": [2], "values": [1, 2]}}, {"tensor": {"shape": [1, 2], "values": [1, 2]}}], "shape"),
        ([None, None], "all be tensors"),
        ([{"tensor": {}}, {"tensor": {}}], "more than numbers"),
        ([{"tensor": {"shape": 5, "values": 1}}, {"tensor": {"shape": 6, "values": 1}}], "shape"),
        ([{"tensor": {"values": {}}}, {"tensor": {"values": 1}}], "more than numbers"),
    ],
)
def test_what_cannot_be_averaged_is_said(answers: list[Any], words: str) -> None:
    with pytest.raises(Failure, match=words):
        built_in.average(answers, "c")


@pytest.mark.parametrize("data", [{"ndarray": [[2]]}, {"ndarray": 2.0}, {"tensor": {"shape": [1], "values": [2.0]}}])
def test_a_route_is_the_one_number_of_an_answer(data: Any) -> None:
    assert built_in.route_in(data, "r") == 2


@pytest.mark.parametrize(
    "data",
    [None, [1], {}, {"tensor": 5}, {"tensor": None}, {"ndarray": []}, {"ndarray": [0.5]}, {"ndarray": float("inf")}],
)
def test_an_answer_without_a_route_is_the_routers_fault(data: Any) -> None:
    with pytest.raises(Failure, match=r"node 'r': answered the route .*, must be a child's index") as failure:
        built_in.route_in(data, "r")
    assert failure.value.status == 500
