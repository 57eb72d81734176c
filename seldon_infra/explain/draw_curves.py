"""Curves of features in panels of one scale, three in a line; where the row stands is dashed."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.explain.draw_parts import INNER, MARGIN, TITLE, Drawn, note, number, text
from seldon_infra.explain.reasons import Curve, Curves

_COLUMNS, _GAP = 3, 16.0
_HIGH, _HEAD, _FOOT = 118.0, 24.0, 26.0
_PANEL = (INNER - _GAP * (_COLUMNS - 1)) / _COLUMNS
MOST = 12
"""Panels of a picture: those of the features that move the answer most."""


def curves(reasons: Curves) -> Drawn:
    """Draw the curves that go farthest, all on one scale, so that they can be compared."""
    shown = sorted(reasons.curves, key=_span, reverse=True)[:MOST]
    heights = [height for curve in shown for _, height in curve.points]
    low, high = min(heights, default=0.0), max(heights, default=0.0)
    elements: list[str] = []
    for index, curve in enumerate(shown):
        x = MARGIN + (index % _COLUMNS) * (_PANEL + _GAP)
        y = TITLE + (index // _COLUMNS) * (_HEAD + _HIGH + _FOOT)
        elements += _panel(curve, x, y, low, (high - low) or 1.0)
    lines = -(-len(shown) // _COLUMNS)
    bottom = TITLE + lines * (_HEAD + _HIGH + _FOOT)
    elements.append(
        note(MARGIN, bottom + 8, f"from {low:+.3f} to {high:+.3f} in every panel; dashed: where the row stands")
    )
    return Drawn(elements, lines * (_HEAD + _HIGH + _FOOT) + 20)


def _panel(curve: Curve, x: float, y: float, low: float, span: float) -> Iterator[str]:
    top, values = y + _HEAD, [value for value, _ in curve.points]
    left, wide = min(values), (max(values) - min(values)) or 1.0

    def place(value: float, height: float) -> tuple[float, float]:
        across = min(max((value - left) / wide, 0.0), 1.0)
        return x + 8 + across * (_PANEL - 16), top + 8 + (1 - (height - low) / span) * (_HIGH - 16)

    yield text("name", x, y + 14, curve.feature, _PANEL)
    yield f'<rect class="panel" x="{number(x)}" y="{number(top)}" width="{number(_PANEL)}" height="{_HIGH:g}" rx="6"/>'
    zero = place(left, min(max(0.0, low), low + span))[1]
    yield f'<path class="line thin" d="M{number(x + 8)} {number(zero)}H{number(x + _PANEL - 8)}"/>'
    if curve.at is not None:
        yield f'<path class="dash" d="M{number(place(curve.at, 0)[0])} {number(top + 4)}V{number(top + _HIGH - 4)}"/>'
    points = " ".join(f"{number(px)},{number(py)}" for px, py in (place(*point) for point in curve.points))
    yield f'<polyline class="curve" points="{points}"/>'
    yield note(x, top + _HIGH + 15, f"{left:.4g}")
    yield note(x + _PANEL, top + _HIGH + 15, f"{left + wide:.4g}", " end")


def _span(curve: Curve) -> float:
    heights = [height for _, height in curve.points]
    return max(heights) - min(heights)
