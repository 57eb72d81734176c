"""Where each box of a flow goes: left to right as a request travels, branches below each other.

Every flow becomes a :class:`Block`, a rectangle with the line that requests enter and leave it on (its axis). Blocks
in series are set side by side with their axes level; branches are stacked, with the axis through the middle one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Series, Step
from seldon_infra.graph.draw_text import elide, width

PADDING = 16.0
CAPTION_SIZE, NAME_SIZE, DETAIL_SIZE = 10.5, 14.0, 11.5
CAPTION_LINE, NAME_LINE, DETAIL_LINE = 15.0, 20.0, 16.0
DIAMOND, CIRCLE, DOT = 10.0, 11.0, 3.5
_STEP_GAP, _BRANCH_GAP, _ROW_GAP = 48.0, 72.0, 20.0
_SMALLEST_BOX, _WIDEST_TEXT = 120.0, 280.0


class Point(NamedTuple):
    """A place in the picture, in pixels from the top left."""

    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """A step with its place and size, and the lines of text that fit into it."""

    step: Step
    at: Point
    size: Point
    name: str
    details: tuple[str, ...]

    @property
    def axis(self) -> float:
        """Height of the line on which requests enter and leave."""
        return self.at.y + self.size.y / 2


@dataclass(frozen=True)
class Edge:
    """A way of a request: straight on to ``turn``, then in a curve to the end; the label stands at the end."""

    start: Point
    turn: float
    end: Point
    label: str = ""


class Entry(NamedTuple):
    """Where requests enter a block, and what the way there is labelled with."""

    point: Point
    label: str = ""


@dataclass(frozen=True)
class Block:
    """A laid-out flow: its size, its axis, what is in it, and where requests enter and leave."""

    size: Point
    axis: float
    entries: tuple[Entry, ...]
    exits: tuple[Point, ...]
    boxes: tuple[Box, ...] = ()
    edges: tuple[Edge, ...] = ()
    forks: tuple[Point, ...] = ()

    def moved(self, x: float, y: float) -> Block:
        """Return the same block elsewhere."""
        return replace(
            self,
            axis=self.axis + y,
            entries=tuple(Entry(_moved(entry.point, x, y), entry.label) for entry in self.entries),
            exits=tuple(_moved(point, x, y) for point in self.exits),
            boxes=tuple(replace(box, at=_moved(box.at, x, y)) for box in self.boxes),
            edges=tuple(_moved_edge(edge, x, y) for edge in self.edges),
            forks=tuple(_moved(point, x, y) for point in self.forks),
        )


def layout(flow: Flow, room: float = 0.0) -> Block:
    """Lay a flow out with its top left at the origin; every gap is ``room`` wider, for what is written on edges."""
    match flow:
        case Step():
            return _box(flow)
        case Series(parts):
            placed = [layout(part, room) for part in parts]
            return reduce(lambda left, right: _after(left, right, _STEP_GAP + room), placed)
        case Choice(step, branches, labels):
            return _after(_router(_box(step)), _stack(branches, labels, room), _BRANCH_GAP + room)
        case Gather(branches, step):
            fanned = _after(_fork(), _stack(branches, ("",) * len(branches), room), _BRANCH_GAP / 2 + room)
            return _after(fanned, _combiner(_box(step)), _BRANCH_GAP + room)


def _box(step: Step) -> Block:
    name = elide(step.name, _WIDEST_TEXT, NAME_SIZE, "bold")
    details = tuple(elide(line, _WIDEST_TEXT, DETAIL_SIZE) for line in step.details)
    lines = [width(step.caption, CAPTION_SIZE, "bold"), width(name, NAME_SIZE, "bold")]
    widest = max(*lines, *(width(line, DETAIL_SIZE) for line in details))
    height = CAPTION_LINE + NAME_LINE + DETAIL_LINE * len(details) + 1.5 * PADDING
    size = Point(max(_SMALLEST_BOX, widest + 2 * PADDING), height)
    axis = height / 2
    box = Box(step, Point(0, 0), size, name, details)
    return Block(size, axis, (Entry(Point(0, axis)),), (Point(size.x, axis),), (box,))


def _router(box: Block) -> Block:
    """A box with half a diamond standing out on its right."""
    corner = Point(box.size.x + DIAMOND, box.axis)
    return replace(box, size=Point(corner.x, box.size.y), exits=(corner,))


def _combiner(box: Block) -> Block:
    """A box with half a circle standing out on its left."""
    box = box.moved(CIRCLE, 0)
    return replace(box, size=Point(box.size.x + CIRCLE, box.size.y), entries=(Entry(Point(0, box.axis)),))


def _fork() -> Block:
    """A dot from which a request goes to every branch."""
    across = 2 * DOT
    entry, exit_ = Entry(Point(0, DOT)), Point(across, DOT)
    return Block(Point(across, across), DOT, (entry,), (exit_,), forks=(Point(DOT, DOT),))


def _after(left: Block, right: Block, gap: float) -> Block:
    """Set a block to the right of another, axes level, with an edge from each exit to each entry."""
    axis = max(left.axis, right.axis)
    turn = left.size.x
    below = max(left.size.y - left.axis, right.size.y - right.axis)
    left = left.moved(0, axis - left.axis)
    right = right.moved(turn + gap, axis - right.axis)
    ways = tuple(Edge(start, turn, entry.point, entry.label) for start in left.exits for entry in right.entries)
    return Block(
        size=Point(turn + gap + right.size.x, axis + below),
        axis=axis,
        entries=left.entries,
        exits=right.exits,
        boxes=left.boxes + right.boxes,
        edges=left.edges + ways + right.edges,
        forks=left.forks + right.forks,
    )


def _stack(branches: tuple[Flow, ...], labels: tuple[str, ...], room: float) -> Block:
    """Set branches below each other; the axis is that of the middle one, or midway between the middle two."""
    placed: list[Block] = []
    y = 0.0
    for branch, label in zip(branches, labels, strict=True):
        block = layout(branch, room)
        entries = tuple(Entry(entry.point, label) for entry in block.entries)
        placed.append(replace(block, entries=entries).moved(0, y))
        y += block.size.y + _ROW_GAP
    return Block(
        size=Point(max(block.size.x for block in placed), y - _ROW_GAP),
        axis=(placed[(len(placed) - 1) // 2].axis + placed[len(placed) // 2].axis) / 2,
        entries=tuple(entry for block in placed for entry in block.entries),
        exits=tuple(point for block in placed for point in block.exits),
        boxes=tuple(box for block in placed for box in block.boxes),
        edges=tuple(edge for block in placed for edge in block.edges),
        forks=tuple(point for block in placed for point in block.forks),
    )


def _moved(point: Point, x: float, y: float) -> Point:
    return Point(point.x + x, point.y + y)


def _moved_edge(edge: Edge, x: float, y: float) -> Edge:
    return Edge(_moved(edge.start, x, y), edge.turn + x, _moved(edge.end, x, y), edge.label)
