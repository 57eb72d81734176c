"""Weights of features as bars to both sides of a line, what speaks for the answer to the right, what against to the
left; weights of an image's points as colours over it."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.explain.draw_image import frame, place_of, png
from seldon_infra.explain.draw_parts import INNER, MARGIN, TITLE, WIDTH, Drawn, note, number, text
from seldon_infra.explain.reasons import Weight, Weights

MOST = 12
"""Bars of a picture; what is left is one more."""
_ROW, _BAR = 30.0, 18.0
_NAMES, _VALUE = 232.0, 58.0


def weights(reasons: Weights) -> Drawn:
    """Draw weights over their image, or else as bars."""
    return _image(reasons) if reasons.image else _bars(reasons)


def _image(reasons: Weights) -> Drawn:
    place = place_of(reasons.image)
    most = max(abs(point) for line in reasons.points for point in line) or 1.0
    elements = [*frame(reasons.image, place), f'<rect class="veil" {place.attributes}/>']
    for side, sign in (("for", 1), ("against", -1)):
        strength = [[max(0.0, sign * point / most) for point in line] for line in reasons.points]
        # A mask keeps the colours those of the page, light or dark, and the text short for large images too.
        shown = f'<image {place.attributes} preserveAspectRatio="none" href="{png(strength)}"/>'
        elements.append(f'<mask id="{side}">{shown}</mask>')
        elements.append(f'<rect class="{side}" mask="url(#{side})" {place.attributes}/>')
    elements.append(text("strong", place.beside, TITLE + 16, f"the strongest point moves it by {most:.3g}", place.left))
    return Drawn([*elements, *_sum(reasons, TITLE + place.high)], place.high + 44)


def _bars(reasons: Weights) -> Drawn:
    """Draw the largest weights, and what the others come to together."""
    shown = list(reasons.weights[:MOST])
    others = reasons.weights[MOST:]
    if others:
        shown.append(Weight(f"{len(others)} others", "", sum(each.weight for each in others)))
    most = max(0.0, *(each.weight for each in shown)) if shown else 0.0
    least = min(0.0, *(each.weight for each in shown)) if shown else 0.0
    left = MARGIN + _NAMES + (_VALUE if least < 0 else 0.0)
    scale = (WIDTH - MARGIN - _VALUE - left) / ((most - least) or 1.0)
    middle = left - least * scale
    bottom = TITLE + len(shown) * _ROW
    elements = [f'<path class="line thin" d="M{number(middle)} {number(TITLE - 6)}V{number(bottom + 2)}"/>']
    for index, each in enumerate(shown):
        elements += _row(each, TITLE + index * _ROW, middle, scale * each.weight)
    return Drawn([*elements, *_sum(reasons, bottom)], len(shown) * _ROW + 44)


def _row(weight: Weight, top: float, middle: float, length: float) -> Iterator[str]:
    value = f" = {weight.value}" if weight.value else ""
    yield text("name", MARGIN, top + _BAR - 4, f"{weight.feature}{value}", _NAMES)
    side = "for" if weight.weight >= 0 else "against"
    x, wide = (middle, length) if length >= 0 else (middle + length, -length)
    size = f'width="{number(max(wide, 1))}" height="{_BAR:g}"'
    yield f'<rect class="{side}" x="{number(x)}" y="{number(top)}" {size} rx="2"/>'
    end, anchor = (middle + length + 7, "") if length >= 0 else (middle + length - 7, " end")
    yield text(f"name{anchor}", end, top + _BAR - 4, f"{weight.weight:+.3f}", _VALUE)


def _sum(reasons: Weights, bottom: float) -> Iterator[str]:
    yield f'<path class="line thin" d="M{number(MARGIN)} {number(bottom + 8)}H{number(MARGIN + INNER)}"/>'
    base = f"{reasons.base:.3f} of an unknown row"
    said = f"{base}, with all of these {reasons.total:.3f}" if reasons.adds_up else f"answered {reasons.total:.3f}"
    yield note(MARGIN, bottom + 30, said)
    yield note(WIDTH - MARGIN, bottom + 30, "blue for the answer, red against it", " end")
