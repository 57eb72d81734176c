"""Pictures as SVG text: one file that needs nothing else, light or dark as the reader's screen is, read aloud too."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

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
_LANE_GAP, _LANE_HEAD, _LANE_PADDING, _LANE_INDENT = 18.0, 54.0, 20.0, 76.0
_INGRESS_GAP, _PILL, _TIP = 96.0, 22.0, 7.0
_THINNEST, _THICKEST = 1.5, 5.0


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


def _deployment(picture: Picture, top: float) -> tuple[Point, list[str]]:
    """Draw one deployment from a height downwards; returns its right end and height, and the elements."""
    entrance = layout(picture.entrance)
    blocks = [layout(lane.flow) for lane in picture.lanes]
    left = _MARGIN + entrance.size.x + _INGRESS_GAP
    wide = max(_lane_width(lane, block) for lane, block in zip(picture.lanes, blocks, strict=True))
    panels: list[str] = []
    starts: list[tuple[Lane, Point]] = []
    y = top + _TITLE
    for lane, block in zip(picture.lanes, blocks, strict=True):
        flow = block.moved(left + _LANE_INDENT, y + _LANE_HEAD)
        size = Point(wide, _lane_height(lane, block))
        panels.extend(_lane(lane, flow, Point(left, y), size))
        starts.extend((lane, entry.point) for entry in flow.entries)
        y += size.y + _LANE_GAP
    way_in = entrance.moved(_MARGIN, (starts[0][1].y + starts[-1][1].y) / 2 - entrance.axis)
    title = [
        _text("title", Point(_MARGIN, top + _TITLE_SIZE - 2), picture.name),
        _text("note", Point(_MARGIN, top + _TITLE_SIZE + 20), " · ".join(picture.notes)),
    ]
    heading = max(width(picture.name, _TITLE_SIZE, "bold"), width(" · ".join(picture.notes), DETAIL_SIZE))
    ways = [element for lane, start in starts for element in _way_in(lane, way_in.exits[0], start, left)]
    size = Point(max(left + wide, _MARGIN + heading), y - _LANE_GAP - top)
    return size, [*title, *panels, *ways, *_block(way_in)]


def _lane_width(lane: Lane, block: Block) -> float:
    widths = [block.size.x]
    if lane.explainer:
        widths.append(layout(lane.explainer).size.x)
    heading = max(width(lane.name, NAME_SIZE, "bold"), width(" · ".join(lane.notes), DETAIL_SIZE))
    return max(_LANE_INDENT + max(widths), _LANE_PADDING + heading) + _LANE_PADDING


def _lane_height(lane: Lane, block: Block) -> float:
    explainer = layout(lane.explainer).size.y + _LANE_PADDING if lane.explainer else 0.0
    return _LANE_HEAD + block.size.y + explainer + _LANE_PADDING


def _lane(lane: Lane, flow: Block, at: Point, size: Point) -> Iterator[str]:
    """Draw a predictor's panel, its heading, its flow, and its explainer below."""
    yield _rect(f"panel{' dashed' if lane.shadow else ''}", at, size, 12)
    yield _text("name", Point(at.x + _LANE_PADDING, at.y + 24), lane.name)
    yield _text("note", Point(at.x + _LANE_PADDING, at.y + 42), " · ".join(lane.notes))
    yield from _block(flow)
    if lane.explainer:
        below = at.y + _LANE_HEAD + flow.size.y + _LANE_PADDING
        yield from _block(layout(lane.explainer).moved(at.x + _LANE_INDENT, below))


def _way_in(lane: Lane, start: Point, end: Point, border: float) -> Iterator[str]:
    """Draw the way from the ingress to a predictor: as thick as its share, which stands where it crosses the border."""
    thickness = _THINNEST + (_THICKEST - _THINNEST) * lane.weight / 100
    dashed = " dashed" if lane.shadow else ""
    middle = (start.x + border) / 2
    curve = f"C{_number(middle)} {_number(start.y)} {_number(middle)} {_number(end.y)} {_pair(Point(border, end.y))}"
    path = f"M{_pair(start)}{curve}H{_number(end.x - _TIP)}"
    yield f'<path class="way{dashed}" style="stroke-width:{_number(thickness)}px" d="{path}"/>'
    yield _tip(end)
    if lane.share:
        yield from _pill(Point(border, end.y), lane.share)


def _block(block: Block) -> Iterator[str]:
    forks = {_pair(Point(fork.x - DOT, fork.y)) for fork in block.forks}
    for edge in block.edges:
        yield from _edge(edge)
        # A dot is where a way parts, not where it ends.
        if _pair(edge.end) not in forks:
            yield _tip(edge.end)
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


def _tip(end: Point) -> str:
    back, half = _number(end.x - _TIP - 1), _TIP * 0.6
    return f'<path class="tip" d="M{_pair(end)}L{back} {_number(end.y - half)}V{_number(end.y + half)}Z"/>'


def _pill(centre: Point, label: str) -> Iterator[str]:
    wide = width(label, DETAIL_SIZE, "bold") + 18
    yield _rect("pill", Point(centre.x - wide / 2, centre.y - _PILL / 2), Point(wide, _PILL), _PILL / 2)
    yield _text("label", Point(centre.x, centre.y + 4), label)


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
