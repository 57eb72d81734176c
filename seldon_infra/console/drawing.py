"""Where everything of a deployment's picture goes: the layout of `seldon-infra graph`, with room for live numbers.

What comes out is plain data that the page draws. Boxes and ways carry the id under which their numbers come:
``PREDICTOR`` for the way into a predictor, ``PREDICTOR/NODE`` for a node and the way to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Series, Step
from seldon_infra.graph.draw_layout import CIRCLE, DETAIL_SIZE, DIAMOND, DOT, NAME_SIZE, Block, Box, Edge, Point, layout
from seldon_infra.graph.draw_text import width

Drawing: TypeAlias = Mapping[str, Any]
ROOM = 94.0
"""Further width of each gap, for the numbers on the edge in it."""
NUMBERS = "0000/s · 99.9 % · 9999 ms"
"""As wide as a node's numbers get."""
_MARGIN, _WAY_IN, _INDENT, _PADDING = 12.0, 130.0, 92.0, 20.0
_HEAD, _LANE_GAP, _ROW_GAP = 56.0, 18.0, 24.0
_THINNEST, _THICKEST, _TIP = 1.5, 5.0, 7.0


@dataclass(frozen=True)
class Part:
    """A node of a graph as it runs."""

    name: str
    type: str
    """MODEL, TRANSFORMER, OUTPUT_TRANSFORMER, ROUTER or COMBINER."""
    details: tuple[str, ...] = ()
    children: tuple[Part, ...] = ()

    def walk(self) -> Iterator[Part]:
        """Give the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Predictor:
    """A predictor as it runs."""

    name: str
    weight: int
    """Share of the traffic in percent; a shadow's is what is copied to it."""
    shadow: bool
    graph: Part
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> str:
        """The share in words."""
        return f"{'shadow ' if self.shadow else ''}{self.weight} %"


@dataclass(frozen=True)
class _Made:
    """What is drawn so far."""

    boxes: list[Drawing] = field(default_factory=list)
    ways: list[Drawing] = field(default_factory=list)
    panels: list[Drawing] = field(default_factory=list)
    forks: list[tuple[float, float]] = field(default_factory=list)


def drawing(entrance: str, notes: tuple[str, ...], predictors: tuple[Predictor, ...]) -> Drawing:
    """Draw a deployment.

    Args:
        entrance: the path at which clients ask.
        notes: what is said below it.
        predictors: the ways that requests take from there.
    """
    made = _Made()
    way_in = layout(Step(entrance, "ingress", "INGRESS", notes))
    border = _MARGIN + way_in.size.x + _WAY_IN
    flows = [layout(flow(each.graph), ROOM) for each in predictors]
    across = max((_width(each, block) for each, block in zip(predictors, flows, strict=True)), default=0.0)
    y, axes = _MARGIN, []
    for predictor, block in zip(predictors, flows, strict=True):
        placed = block.moved(border + _INDENT, y + _HEAD)
        high = _HEAD + block.size.y + _PADDING
        made.panels.append(_panel(predictor, Point(border, y), Point(across, high)))
        _add(made, placed, predictor.name)
        axes.append(placed.axis)
        y += high + _LANE_GAP
    middle = (axes[0] + axes[-1]) / 2 if axes else _MARGIN + way_in.axis
    start = way_in.moved(_MARGIN, max(middle - way_in.axis, _MARGIN))
    made.boxes.append(_box(start.boxes[0], ""))
    made.ways.extend(_way_in(each, start.exits[0], axis, border) for each, axis in zip(predictors, axes, strict=True))
    high = max(y - _LANE_GAP, start.boxes[0].at.y + way_in.size.y) + _MARGIN
    size = {"width": round(border + across + _MARGIN, 1), "height": round(high, 1)}
    return {**size, "panels": made.panels, "boxes": made.boxes, "ways": made.ways, "forks": made.forks}


def flow(part: Part) -> Flow:
    """Turn a graph into the flow that a request takes through it."""
    kind = "transformer" if part.type == "OUTPUT_TRANSFORMER" else part.type.lower()
    step = Step(part.name, kind, part.type.replace("_", " "), (*part.details, NUMBERS))
    below = tuple(map(flow, part.children))
    if part.type == "ROUTER" and below:
        return Choice(step, below, tuple(str(index) for index in range(len(below))))
    if part.type == "COMBINER" and below:
        return Gather(below, step)
    if part.type == "OUTPUT_TRANSFORMER":
        return Series((*below, step)) if below else step
    if len(below) > 1:
        # Seldon lets any node have several children, which all get the request; the first one's answer counts.
        return Choice(step, below, ("",) * len(below))
    return Series((step, *below)) if below else step


def _width(predictor: Predictor, block: Block) -> float:
    heading = max(width(predictor.name, NAME_SIZE, "bold"), width(" · ".join(predictor.notes), DETAIL_SIZE))
    # A panel's heading leaves room for its state and its numbers.
    return max(_INDENT + block.size.x, 2 * _PADDING + heading + 190) + _PADDING


def _panel(predictor: Predictor, at: Point, size: Point) -> Drawing:
    notes = " · ".join(predictor.notes)
    return {
        "id": predictor.name, "x": at.x, "y": at.y, "w": size.x, "h": size.y, "name": predictor.name, "notes": notes,
        "shadow": predictor.shadow,
    }  # fmt: skip


def _add(made: _Made, block: Block, predictor: str) -> None:
    for box in block.boxes:
        made.boxes.append(_box(box, f"{predictor}/{box.step.name}"))
    for edge in block.edges:
        made.ways.append(_way(edge, block, predictor))
    made.forks.extend(block.forks)


def _box(box: Box, ident: str) -> Drawing:
    return {
        "id": ident, "kind": box.step.kind, "x": box.at.x, "y": box.at.y, "w": box.size.x, "h": box.size.y,
        "caption": box.step.caption, "name": box.name, "whole": box.step.name,
        "details": [detail for detail in box.details if detail != NUMBERS],
    }  # fmt: skip


def _way(edge: Edge, block: Block, predictor: str) -> Drawing:
    """Draw the way to a node. The ways into a combiner carry the numbers of the node that they come from."""
    forks = {Point(fork.x - DOT, fork.y) for fork in block.forks}
    into = next((box for box in block.boxes if edge.end in _entries(box)), None)
    out = next((box for box in block.boxes if edge.start in _exits(box)), None)
    told = out if into is None or (into.step.kind == "combiner" and out is not None) else into
    middle = (edge.turn + edge.end.x) / 2
    path = (
        f"M{edge.start.x:.1f} {edge.start.y:.1f}H{edge.turn:.1f}"
        f"C{middle:.1f} {edge.start.y:.1f} {middle:.1f} {edge.end.y:.1f} {edge.end.x:.1f} {edge.end.y:.1f}"
    )
    return {
        "id": f"{predictor}/{told.step.name}" if told else predictor,
        "path": path,
        "tip": None if edge.end in forks else [edge.end.x, edge.end.y, _TIP],
        "label": edge.label, "x": middle, "y": (edge.start.y + edge.end.y) / 2, "thick": _THINNEST, "shadow": False,
    }  # fmt: skip


def _entries(box: Box) -> tuple[Point, ...]:
    return Point(box.at.x, box.axis), Point(box.at.x - CIRCLE, box.axis)


def _exits(box: Box) -> tuple[Point, ...]:
    right = box.at.x + box.size.x
    return Point(right, box.axis), Point(right + DIAMOND, box.axis)


def _way_in(predictor: Predictor, start: Point, axis: float, border: float) -> Drawing:
    """Draw the way from the ingress to a predictor: as thick as its share."""
    thick = _THINNEST + (_THICKEST - _THINNEST) * min(predictor.weight, 100) / 100
    tip = max(_TIP, 2.2 * thick)
    end, middle = border + _INDENT, (start.x + border) / 2
    path = (
        f"M{start.x:.1f} {start.y:.1f}C{middle:.1f} {start.y:.1f} {middle:.1f} {axis:.1f} {border:.1f} {axis:.1f}"
        f"H{end - tip:.1f}"
    )
    return {
        "id": predictor.name, "path": path, "tip": [end, axis, tip], "label": predictor.share,
        "x": border, "y": axis, "thick": thick, "shadow": predictor.shadow,
    }  # fmt: skip
