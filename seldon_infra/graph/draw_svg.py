"""Pictures as SVG text: one file that needs nothing else, light or dark as the reader's screen is, read aloud too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from seldon_infra.graph.draw_flow import Lane, Picture
from seldon_infra.graph.draw_layout import (
    CAPTION_LINE,
    CIRCLE,
    DETAIL_LINE,
    DETAIL_SIZE,
    DIAMOND,
    DOT,
    NAME_LINE,
    NAME_SIZE,
    PADDING,
    Block,
    Box,
    Edge,
    Point,
    layout,
)
from seldon_infra.graph.draw_style import stylesheet
from seldon_infra.graph.draw_text import width
from seldon_infra.graph.draw_words import sentences

_MARGIN, _TITLE, _TITLE_SIZE, _DEPLOYMENT_GAP = 28.0, 62.0, 20.0, 40.0
_LANE_GAP, _LANE_HEAD, _LANE_PADDING, _LANE_INDENT = 18.0, 54.0, 20.0, 48.0
_INGRESS_GAP, _PILL, _TIP = 96.0, 22.0, 7.0
_THINNEST, _THICKEST = 1.5, 5.0
_SEPARATOR = " · "


def document(pictures: tuple[Picture, ...]) -> str:
    """Draw deployments below each other as one SVG document."""
    elements: list[str] = []
    y = _MARGIN
    right = 0.0
    for picture in pictures:
        size, drawn = _deployment(picture, y)
        elements.extend(drawn)
        y += size.y + _DEPLOYMENT_GAP
        right = max(right, size.x)
    return _page(pictures, Point(right + _MARGIN, y - _DEPLOYMENT_GAP + _MARGIN), elements)


def _page(pictures: tuple[Picture, ...], size: Point, elements: list[str]) -> str:
    ident = "-".join(escape(picture.name) for picture in pictures)
    names = escape(" and ".join(picture.name for picture in pictures))
    wide, high = _number(size.x), _number(size.y)
    place = f'width="{wide}" height="{high}"'
    spoken = f'role="img" aria-labelledby="{ident}-title {ident}-desc"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {place} viewBox="0 0 {wide} {high}" {spoken}>',
        f'<title id="{ident}-title">Predictor graph of {names}</title>',
        f'<desc id="{ident}-desc">{escape(" ".join(map(sentences, pictures)))}</desc>',
        f"<style>{stylesheet()}</style>",
        f'<rect class="page" {place}/>',
        *elements,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Columns(NamedTuple):
    """What one deployment's lanes share: where their panels begin, where their flows begin, how wide they are."""

    border: float
    flow: float
    width: float


def _deployment(picture: Picture, top: float) -> tuple[Point, list[str]]:
    """Draw one deployment from a height downwards; returns its right end and height, and the elements."""
    entrance = layout(picture.entrance)
    columns = _columns(picture, _MARGIN + entrance.size.x + _INGRESS_GAP)
    elements = list(_heading(picture, top))
    starts: list[float] = []
    y = top + _TITLE
    for lane in picture.lanes:
        flow = layout(lane.flow).moved(columns.flow, y + _LANE_HEAD)
        size = Point(columns.width, _lane_height(lane))
        elements.extend(_lane(lane, flow, Point(columns.border, y), size))
        starts.append(flow.axis)
        y += size.y + _LANE_GAP
    middle = (starts[0] + starts[-1]) / 2 if starts else y + entrance.axis
    way_in = entrance.moved(_MARGIN, middle - entrance.axis)
    for lane, start in zip(picture.lanes, starts, strict=True):
        elements.extend(_way_in(lane, way_in.exits[0], start, columns))
    elements.extend(_block(way_in))
    right = max(columns.border + columns.width, _MARGIN + _heading_width(picture.name, picture.notes, _TITLE_SIZE))
    return Point(right, max(y - _LANE_GAP, middle + entrance.size.y / 2) - top), elements


def _heading(picture: Picture, top: float) -> Iterator[str]:
    yield _text("title", Point(_MARGIN, top + _TITLE_SIZE - 2), picture.name)
    yield _text("note", Point(_MARGIN, top + _TITLE_SIZE + 20), _SEPARATOR.join(picture.notes))


def _heading_width(name: str, notes: Sequence[str], size: float) -> float:
    return max(width(name, size, "bold"), width(_SEPARATOR.join(notes), DETAIL_SIZE))


def _columns(picture: Picture, border: float) -> _Columns:
    """Leave room right of the border for half of the widest pill that stands on it, and the arrow after it."""
    indent = max((_pill_width(lane.share) / 2 for lane in picture.lanes if lane.share), default=0.0) + _LANE_INDENT
    flows = [layout(lane.flow).size.x for lane in picture.lanes]
    explainers = [layout(lane.explainer).size.x for lane in picture.lanes if lane.explainer]
    headings = [_LANE_PADDING + _heading_width(lane.name, lane.notes, NAME_SIZE) for lane in picture.lanes]
    widest = max([0.0, *headings, *(indent + each for each in (*flows, *explainers))])
    return _Columns(border, border + indent, widest + _LANE_PADDING)


def _lane_height(lane: Lane) -> float:
    explainer = layout(lane.explainer).size.y + _LANE_PADDING if lane.explainer else 0.0
    return _LANE_HEAD + layout(lane.flow).size.y + explainer + _LANE_PADDING


def _lane(lane: Lane, flow: Block, at: Point, size: Point) -> Iterator[str]:
    """Draw a predictor's panel, its heading, its flow, and its explainer below."""
    yield _rect(f"panel{' dashed' if lane.shadow else ''}", at, size, 12)
    yield _text("name", Point(at.x + _LANE_PADDING, at.y + 24), lane.name)
    yield _text("note", Point(at.x + _LANE_PADDING, at.y + 42), _SEPARATOR.join(lane.notes))
    yield from _block(flow)
    if lane.explainer:
        below = at.y + _LANE_HEAD + flow.size.y + _LANE_PADDING
        yield from _block(layout(lane.explainer).moved(flow.entries[0].point.x, below))


def _way_in(lane: Lane, start: Point, axis: float, columns: _Columns) -> Iterator[str]:
    """Draw the way from the ingress to a predictor: as thick as its share, which stands where it crosses the border."""
    thickness = _THINNEST + (_THICKEST - _THINNEST) * lane.weight / 100
    dashed = " dashed" if lane.shadow else ""
    tip = max(_TIP, 2.2 * thickness)
    middle = _number((start.x + columns.border) / 2)
    curve = f"C{middle} {_number(start.y)} {middle} {_number(axis)} {_pair(Point(columns.border, axis))}"
    path = f"M{_pair(start)}{curve}H{_number(columns.flow - tip)}"
    yield f'<path class="way{dashed}" style="stroke-width:{_number(thickness)}px" d="{path}"/>'
    yield _tip(Point(columns.flow, axis), tip)
    if lane.share:
        yield from _pill(Point(columns.border, axis), lane.share)


def _block(block: Block) -> Iterator[str]:
    forks = {_pair(Point(fork.x - DOT, fork.y)) for fork in block.forks}
    for edge in block.edges:
        yield from _edge(edge)
        # A dot is where a way parts, not where it ends.
        if _pair(edge.end) not in forks:
            yield _tip(edge.end, _TIP)
    for fork in block.forks:
        yield f'<circle class="fork" cx="{_number(fork.x)}" cy="{_number(fork.y)}" r="{_number(DOT)}"/>'
    for box in block.boxes:
        yield from _box(box)


def _edge(edge: Edge) -> Iterator[str]:
    middle = (edge.turn + edge.end.x) / 2
    curve = f"C{_number(middle)} {_number(edge.start.y)} {_number(middle)} {_number(edge.end.y)}"
    yield f'<path class="way" d="M{_pair(edge.start)}H{_number(edge.turn)}{curve} {_pair(edge.end)}"/>'
    if edge.label:
        yield from _pill(Point(middle, (edge.start.y + edge.end.y) / 2), edge.label)


def _tip(end: Point, length: float) -> str:
    back, half = _number(end.x - length - 1), length * 0.6
    return f'<path class="tip" d="M{_pair(end)}L{back} {_number(end.y - half)}V{_number(end.y + half)}Z"/>'


def _pill(centre: Point, label: str) -> Iterator[str]:
    size = Point(_pill_width(label), _PILL)
    yield _rect("pill", Point(centre.x - size.x / 2, centre.y - size.y / 2), size, _PILL / 2)
    yield _text("label", Point(centre.x, centre.y + 4), label)


def _pill_width(label: str) -> float:
    return width(label, DETAIL_SIZE, "bold") + 18


def _box(box: Box) -> Iterator[str]:
    """Draw a step: box, lines of text, and the sign of a router or combiner on its edge; the whole text on hovering."""
    whole = "\n".join([f"{box.step.caption} {box.step.name}", *box.step.details])
    yield f'<g class="{box.step.kind}"><title>{escape(whole)}</title>'
    yield _rect("box", box.at, box.size, 8)
    yield from _sign(box)
    x, y = box.at.x + PADDING, box.at.y + PADDING * 0.75 + CAPTION_LINE - 4
    yield _text("caption", Point(x, y), box.step.caption)
    yield _text("name", Point(x, y + NAME_LINE - 1), box.name)
    for line, detail in enumerate(box.details, start=1):
        yield _text("note", Point(x, y + NAME_LINE - 1 + line * DETAIL_LINE), detail)
    yield "</g>"


def _sign(box: Box) -> Iterator[str]:
    """Draw a diamond where a router's ways part, or a circle where a combiner's ways meet."""
    if box.step.kind == "router":
        x, y = box.at.x + box.size.x, box.axis
        yield f'<path class="sign" d="M{_pair(Point(x - DIAMOND, y))}l10 -10 10 10 -10 10Z"/>'
        yield f'<path class="glyph" d="M{_pair(Point(x - 4, y))}h3l4 -3M{_pair(Point(x - 1, y))}l4 3"/>'
    elif box.step.kind == "combiner":
        x, y = box.at.x, box.axis
        yield f'<circle class="sign" cx="{_number(x)}" cy="{_number(y)}" r="{_number(CIRCLE)}"/>'
        yield f'<path class="glyph" d="M{_pair(Point(x - 5, y - 4))}l4 4 -4 4M{_pair(Point(x - 1, y))}h6"/>'


def _rect(kind: str, at: Point, size: Point, radius: float) -> str:
    place = f'x="{_number(at.x)}" y="{_number(at.y)}" width="{_number(size.x)}" height="{_number(size.y)}"'
    return f'<rect class="{kind}" {place} rx="{_number(radius)}"/>'


def _text(kind: str, at: Point, content: str) -> str:
    return f'<text class="{kind}" x="{_number(at.x)}" y="{_number(at.y)}">{escape(content)}</text>'


def _pair(point: Point) -> str:
    return f"{_number(point.x)} {_number(point.y)}"


def _number(value: float) -> str:
    """Write a coordinate with one decimal at most, so that the same picture is the same text everywhere."""
    return f"{value:.1f}".removesuffix(".0")
