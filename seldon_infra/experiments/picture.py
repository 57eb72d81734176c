"""An experiment as a picture: the effect and its interval over time, as one SVG, and a page around it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from html import escape

from seldon_infra.core.palette import FONT, Palette, stylesheet
from seldon_infra.experiments.table import rows
from seldon_infra.experiments.verdict import Measure, Verdict

_LEFT, _TOP, _WIDE, _HIGH = 90.0, 84.0, 760.0, 300.0
_PAGE_WIDE, _PAGE_HIGH = 900.0, 450.0
_STEPS = 4
_DAY = 86400.0
_SHAPES = (
    f"text{{font-family:{FONT};font-size:12px}}.title{{font-size:20px;font-weight:700}}.end{{text-anchor:end}}"
    ".line{fill:none;stroke-width:2}.zero{stroke-width:1.5;stroke-dasharray:6 5}.band{fill-opacity:.18}"
)
_PAGE_SHAPES = (
    f"body{{font:16px/1.5 {FONT};max-width:900px;margin:2rem auto;padding:0 1rem}}"
    "table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border-bottom:1px solid;padding:.3rem .8rem;text-align:left}svg{max-width:100%;height:auto}"
)


def svg(verdict: Verdict) -> str:
    """Draw the effect over time."""
    terms = verdict.terms
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_PAGE_WIDE:g}" height="{_PAGE_HIGH:g}" '
        f'viewBox="0 0 {_PAGE_WIDE:g} {_PAGE_HIGH:g}" role="img" aria-labelledby="experiment-title experiment-desc">',
        f'<title id="experiment-title">Experiment {escape(terms.name)}</title>',
        f'<desc id="experiment-desc">{escape(verdict.sentence)}</desc>',
        f"<style>{stylesheet(_SHAPES, _colours)}</style>",
        f'<rect class="page" width="{_PAGE_WIDE:g}" height="{_PAGE_HIGH:g}"/>',
        _text(20, 30, terms.name, "title"),
        _text(20, 54, f"{verdict.measure.name}: {terms.arms[1]} less {terms.arms[0]}, over time", "note"),
        *(_plot(verdict) if verdict.path else [_text(_LEFT, _TOP + 40, "nothing can be said yet", "note")]),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def html(verdict: Verdict) -> str:
    """Write a page with the sentence, the table and the picture."""
    head, *body = rows(verdict)
    table = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(verdict.terms.name)}</title>'
        f"<style>{stylesheet(_PAGE_SHAPES, _page_colours)}</style></head><body>"
        f"<h1>{escape(verdict.terms.name)}</h1><p>{escape(verdict.sentence)}</p>"
        f"<table><thead><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr></thead>"
        f"<tbody>{table}</tbody></table>{svg(verdict)}</body></html>\n"
    )


def _plot(verdict: Verdict) -> Iterator[str]:
    low, high = _range(verdict)
    begin, end = verdict.path[0][0], verdict.path[-1][0]

    def x(at: float) -> float:
        return _LEFT + (_WIDE * (at - begin) / (end - begin) if end > begin else _WIDE)

    def y(value: float) -> float:
        return _TOP + _HIGH * (high - min(max(value, low), high)) / (high - low)

    yield from _axes(verdict.measure, low, high)
    there = [f"{x(at):.1f},{y(it.high):.1f}" for at, it in verdict.path]
    back = [f"{x(at):.1f},{y(it.low):.1f}" for at, it in reversed(verdict.path)]
    yield f'<polygon class="band" points="{" ".join((*there, *back))}"/>'
    effects = " ".join(f"{x(at):.1f},{y(it.effect):.1f}" for at, it in verdict.path)
    yield f'<polyline class="line" points="{effects}"/>'
    yield f'<line class="zero" x1="{_LEFT:g}" x2="{_LEFT + _WIDE:g}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>'
    last = verdict.path[-1][1]
    yield f'<circle class="dot" cx="{x(end):.1f}" cy="{y(last.effect):.1f}" r="4"/>'
    yield _text(_LEFT, _TOP + _HIGH + 22, _moment(begin, end - begin), "note")
    yield _text(_LEFT + _WIDE, _TOP + _HIGH + 22, _moment(end, end - begin), "note end")
    better = "up" if verdict.terms.direction == "increase" else "down"
    yield _text(
        _LEFT, _TOP + _HIGH + 44, f"The band holds the true effect at all times together; {better} is better.", "note"
    )


def _range(verdict: Verdict) -> tuple[float, float]:
    """The ends of the axis: zero, every effect, and the interval as it is in its later half, for it begins wide."""
    later = verdict.path[len(verdict.path) // 2 :]
    bounds = [bound for _, it in later for bound in (it.low, it.high) if math.isfinite(bound)]
    values = [0.0, *bounds, *(it.effect for _, it in verdict.path)]
    low, high = min(values), max(values)
    spare = 0.1 * (high - low) or 1.0
    return low - spare, high + spare


def _axes(measure: Measure, low: float, high: float) -> Iterator[str]:
    step = _round((high - low) / _STEPS)
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        value = number * step
        y = _TOP + _HIGH * (high - value) / (high - low)
        yield f'<line class="grid" x1="{_LEFT:g}" x2="{_LEFT + _WIDE:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(
            _LEFT - 8, y + 4, f"{100 * value if measure.percent else value:+.3g}" if number else "0", "note end"
        )
    yield _text(_LEFT - 8, _TOP - 10, "points" if measure.percent else "", "note end")


def _round(size: float) -> float:
    """The next of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= size)


def _moment(at: float, span: float) -> str:
    """Write a time as exactly as the picture's span needs it, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC" if span > _DAY else "%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:.1f}">{escape(words)}</text>'


def _colours(palette: Palette) -> str:
    return (
        f".page{{fill:{palette.page}}}.title{{fill:{palette.text}}}.note{{fill:{palette.muted}}}"
        f".grid{{stroke:{palette.rim}}}.zero{{stroke:{palette.text}}}"
        f".line{{stroke:{palette.blue}}}.dot,.band{{fill:{palette.blue}}}"
    )


def _page_colours(palette: Palette) -> str:
    return f"body{{background:{palette.page};color:{palette.text}}}td,th{{border-color:{palette.rim}}}"
