"""Whatever the graph, its boxes keep clear of each other, its texts stay inside, its ways connect what they should."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Series, Step
from seldon_infra.graph.draw_layout import (
    CAPTION_SIZE,
    DETAIL_SIZE,
    DIAMOND,
    NAME_SIZE,
    PADDING,
    Box,
    layout,
)
from seldon_infra.graph.draw_text import width

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x3FF), min_size=1, max_size=70)


def _step(kind: str) -> st.SearchStrategy[Step]:
    return st.builds(Step, _TEXT, st.just(kind), st.just(kind.upper()), st.lists(_TEXT, max_size=3).map(tuple))


def _branching(inner: st.SearchStrategy[Flow]) -> st.SearchStrategy[Flow]:
    branches = st.lists(inner, min_size=2, max_size=4).map(tuple)
    choices = st.tuples(_step("router"), branches).map(
        lambda drawn: Choice(drawn[0], drawn[1], tuple(map(str, range(len(drawn[1])))))
    )
    return choices | st.builds(Gather, branches, _step("combiner")) | st.builds(Series, branches)


FLOWS: st.SearchStrategy[Flow] = st.recursive(_step("model"), _branching, max_leaves=12)


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.at.x < other.at.x + other.size.x
        and other.at.x < one.at.x + one.size.x
        and one.at.y < other.at.y + other.size.y
        and other.at.y < one.at.y + one.size.y
    )


@given(FLOWS)
def test_boxes_never_overlap(flow: Flow) -> None:
    assert not [pair for pair in combinations(layout(flow).boxes, 2) if _overlap(*pair)]


@given(FLOWS)
def test_every_box_lies_inside_its_block(flow: Flow) -> None:
    block = layout(flow)
    for box in block.boxes:
        assert min(box.at) >= 0
        assert box.at.x + box.size.x <= block.size.x + 1e-6
        assert box.at.y + box.size.y <= block.size.y + 1e-6


@given(FLOWS)
def test_texts_fit_into_their_boxes(flow: Flow) -> None:
    for box in layout(flow).boxes:
        inner = box.size.x - 2 * PADDING + 1e-6
        assert width(box.step.caption, CAPTION_SIZE, "bold") <= inner
        assert width(box.name, NAME_SIZE, "bold") <= inner
        assert all(width(line, DETAIL_SIZE) <= inner for line in box.details)


@given(FLOWS)
def test_ways_lead_rightwards_and_miss_no_turn(flow: Flow) -> None:
    for edge in layout(flow).edges:
        assert edge.start.x <= edge.turn < edge.end.x


@given(FLOWS)
def test_the_same_flow_is_laid_out_the_same(flow: Flow) -> None:
    assert layout(flow) == layout(flow)


def test_a_router_reaches_every_branch_and_a_combiner_hears_from_every_branch() -> None:
    models = tuple(Step(name, "model", "MODEL") for name in "abc")
    routed = layout(Choice(Step("r", "router", "ROUTER"), models, ("0", "1", "2")))
    router = routed.boxes[0]
    assert {edge.start.x for edge in routed.edges} == {router.at.x + router.size.x + DIAMOND}
    assert [edge.label for edge in routed.edges] == ["0", "1", "2"]
    gathered = layout(Gather(models, Step("c", "combiner", "COMBINER")))
    assert len(gathered.edges) == 2 * len(models)
    assert len({edge.end for edge in gathered.edges[-3:]}) == 1


def test_three_branches_keep_the_middle_one_straight() -> None:
    models = tuple(Step(name, "model", "MODEL") for name in "abc")
    edges = layout(Gather(models, Step("c", "combiner", "COMBINER"))).edges
    assert edges[1].start.y == edges[1].end.y
    assert edges[4].start.y == edges[4].end.y


def test_a_short_branch_goes_straight_past_its_longer_neighbour() -> None:
    short, long = Step("s", "model", "MODEL"), Series((Step("l", "model", "MODEL"), Step("m", "model", "MODEL")))
    block = layout(Gather((short, long), Step("c", "combiner", "COMBINER")))
    last = [edge for edge in block.edges if edge.end.x > block.boxes[2].at.x + block.boxes[2].size.x]
    assert {edge.turn for edge in last} == {block.boxes[2].at.x + block.boxes[2].size.x}
