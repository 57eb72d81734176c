"""Another row beside the one that is explained: each feature that differs on a line from what it was to what it is."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.explain.draw_parts import INNER, MARGIN, TITLE, WIDTH, Drawn, note, number, text
from seldon_infra.explain.reasons import Change, Contrast

MOST = 12
"""Lines of a picture."""
_ROW, _NAMES, _VALUE, _DOT = 34.0, 220.0, 76.0, 6.0


def contrast(reasons: Contrast) -> Drawn:
    """Draw the changes, and say how much stays as it is."""
    shown = reasons.changes[:MOST]
    elements = [line for index, each in enumerate(shown) for line in _row(each, TITLE + index * _ROW)]
    bottom = TITLE + len(shown) * _ROW
    elements.append(f'<path class="line thin" d="M{number(MARGIN)} {number(bottom)}H{number(MARGIN + INNER)}"/>')
    elements.append(note(MARGIN, bottom + 22, _kept(reasons)))
    return Drawn(elements, len(shown) * _ROW + 36)


def _kept(reasons: Contrast) -> str:
    if reasons.other is None:
        return "the search ended without one"
    others = len(reasons.changes) - MOST
    more = f"{others} more differ; " if others > 0 else ""
    return f"{more}{reasons.kept} of {reasons.kept + len(reasons.changes)} features stay as they are"


def _row(change: Change, top: float) -> Iterator[str]:
    """Draw one feature on a line of its own that reaches to nought."""
    low, high = min(change.before, change.after, 0.0), max(change.before, change.after, 0.0)
    left, right = MARGIN + _NAMES + _VALUE, WIDTH - MARGIN - _VALUE
    scale = (right - left) / ((high - low) or 1.0)
    old, new = (left + (value - low) * scale for value in (change.before, change.after))
    middle = top + _ROW / 2
    yield text("name", MARGIN, middle + 4, change.feature, _NAMES - 10)
    yield f'<path class="line thin" d="M{number(left)} {number(middle)}H{number(right)}"/>'
    yield f'<path class="curve" d="M{number(old)} {number(middle)}H{number(new)}"/>'
    yield f'<circle class="panel" cx="{number(old)}" cy="{number(middle)}" r="{number(_DOT)}"/>'
    yield f'<circle class="for" cx="{number(new)}" cy="{number(middle)}" r="{number(_DOT)}"/>'
    first, last = sorted(((old, "note", change.before), (new, "strong", change.after)))
    # Above the line, which goes on beyond the dots.
    yield text(f"{first[1]} end", first[0] - _DOT, middle - 5, f"{first[2]:.4g}", _VALUE)
    yield text(last[1], last[0] + _DOT, middle - 5, f"{last[2]:.4g}", _VALUE)
