"""Anchors: conditions as lines of a list, words marked in their text, parts of an image left bright."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from seldon_infra.explain.draw_image import frame, place_of
from seldon_infra.explain.draw_parts import INNER, MARGIN, TITLE, WIDTH, Drawn, note, number, text
from seldon_infra.explain.reasons import Anchor
from seldon_infra.graph.draw_text import width

_PROSE, _LINE, _PAD = 16.0, 30.0, 5.0
_ROW = 38.0
_METER = 200.0


def anchor(reasons: Anchor) -> Drawn:
    """Draw what holds the answer, and below it how surely and how often."""
    if reasons.image:
        elements, height = _image(reasons)
    elif reasons.text:
        elements, height = _prose(reasons)
    else:
        elements, height = _conditions(reasons)
    return Drawn([*elements, *_meters(reasons, TITLE + height + 14)], height + 62)


def _conditions(reasons: Anchor) -> tuple[list[str], float]:
    conditions = reasons.conditions or ["no condition: nearly every row gets this answer"]
    elements: list[str] = []
    for index, condition in enumerate(conditions):
        y = TITLE + index * _ROW
        elements.append(
            f'<rect class="mark thin" x="{number(MARGIN)}" y="{number(y)}" width="{number(INNER)}" height="30" rx="6"/>'
        )
        word = "if" if index == 0 else "and"
        elements.append(note(MARGIN + 12, y + 20, word))
        elements.append(text("strong", MARGIN + 44, y + 20, condition, INNER - 60))
    return elements, len(conditions) * _ROW


def _prose(reasons: Anchor) -> tuple[list[str], float]:
    """Set the text in lines; words of the anchor stand on a mark."""
    elements: list[str] = []
    x, y = MARGIN, TITLE + 18
    gap = width(" ", _PROSE) + _PAD
    for start, word in _words(reasons.text):
        wide = width(word, _PROSE)
        if x > MARGIN and x + wide > WIDTH - MARGIN:
            x, y = MARGIN, y + _LINE
        if any(start < end and begin < start + len(word) for begin, end in reasons.spans):
            elements.append(
                f'<rect class="mark thin" x="{number(x - _PAD)}" y="{number(y - 18)}" '
                f'width="{number(wide + 2 * _PAD)}" height="25" rx="5"/>'
            )
        # The width is said too, so that a narrower typeface fills the mark that was measured for a wide one.
        elements.append(
            f'<text class="prose" x="{number(x)}" y="{number(y)}" textLength="{number(wide)}">{escape(word)}</text>'
        )
        x += wide + gap
    return elements, y - TITLE + 14


def _words(prose: str) -> Iterator[tuple[int, str]]:
    at = 0
    for word in prose.split():
        at = prose.index(word, at)
        yield at, word
        at += len(word)


def _image(reasons: Anchor) -> tuple[list[str], float]:
    place = place_of(reasons.image)
    elements = frame(reasons.image, place)
    if any(map(any, reasons.kept)):
        elements.append(f'<path class="veil" d="{_hidden(reasons.kept, place.point)}"/>')
        elements.append(f'<path class="outline" d="{_outline(reasons.kept, place.point)}"/>')
    x, most = place.beside, place.left
    said = f"outlined: {reasons.conditions[0]}" if reasons.conditions else "no part in particular holds the answer"
    elements.append(text("strong", x, TITLE + 16, said, most))
    elements.append(text("note", x, TITLE + 38, "the rest may change", most))
    return elements, place.high


def _hidden(kept: Sequence[Sequence[bool]], point: float) -> str:
    square = f"h{number(point)}v{number(point)}h-{number(point)}z"
    return "".join(
        f"M{number(MARGIN + column * point)} {number(TITLE + row * point)}{square}"
        for row, line in enumerate(kept)
        for column, is_kept in enumerate(line)
        if not is_kept
    )


def _outline(kept: Sequence[Sequence[bool]], point: float) -> str:
    """Draw each side of a kept point behind which there is none."""
    rows, columns = len(kept), len(kept[0])

    def is_kept(row: int, column: int) -> bool:
        return 0 <= row < rows and 0 <= column < columns and kept[row][column]

    parts = []
    for row in range(rows):
        for column in range(columns):
            x, y = MARGIN + column * point, TITLE + row * point
            if not kept[row][column]:
                continue
            sides = (
                (-1, 0, f"M{number(x)} {number(y)}h{number(point)}"),
                (1, 0, f"M{number(x)} {number(y + point)}h{number(point)}"),
                (0, -1, f"M{number(x)} {number(y)}v{number(point)}"),
                (0, 1, f"M{number(x + point)} {number(y)}v{number(point)}"),
            )
            parts += [path for down, right, path in sides if not is_kept(row + down, column + right)]
    return "".join(parts)


def _meters(reasons: Anchor, y: float) -> Iterator[str]:
    shares = [("of such rows get this answer", reasons.precision)]
    if reasons.coverage is not None:
        shares.append(("of all rows are such", reasons.coverage))
    for index, (said, share) in enumerate(shares):
        x = MARGIN + index * (INNER / 2)
        yield f'<rect class="panel" x="{number(x)}" y="{number(y)}" width="{number(_METER)}" height="8" rx="4"/>'
        filled = max(_METER * min(share, 1.0), 8.0)
        yield f'<rect class="for" x="{number(x)}" y="{number(y)}" width="{number(filled)}" height="8" rx="4"/>'
        yield note(x, y + 27, f"{share:.1%} {said}")
