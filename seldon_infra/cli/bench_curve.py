"""Measured loads as one SVG: latency over throughput, a line per batch size, and where the time of each load went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from seldon_infra.cli.measured import Measured
from seldon_infra.core.palette import FONT, Palette, stylesheet

_PLOT = (70.0, 60.0, 420.0, 260.0)
"""Left, top, width and height of the curve."""
_BARS_LEFT, _BAR_HIGH, _BAR_GAP, _BARS_WIDE = 640.0, 16.0, 8.0, 300.0
_WIDE = 980.0
_PARTS = ("queue", "compute", "server", "gateway")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_SHAPES = (
    f"text{{font-family:{FONT};font-size:11.5px}}.title{{font-size:20px;font-weight:700}}.end{{text-anchor:end}}"
    ".middle{text-anchor:middle}.line{fill:none;stroke-width:2}"
)


def document(name: str, rows: Sequence[Measured]) -> str:
    """Draw what was measured of a deployment."""
    good = [row for row in rows if row.requests_per_second]
    high = max(_PLOT[1] + _PLOT[3] + 70, 110 + len(good) * (_BAR_HIGH + _BAR_GAP))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE:g}" height="{high:g}" '
        f'viewBox="0 0 {_WIDE:g} {high:g}" role="img" aria-labelledby="bench-title bench-desc">',
        f'<title id="bench-title">Throughput and latency of {escape(name)}</title>',
        f'<desc id="bench-desc">{escape(" ".join(map(_sentence, good)))}</desc>',
        f"<style>{stylesheet(_SHAPES, _colours)}</style>",
        f'<rect class="page" width="{_WIDE:g}" height="{high:g}"/>',
        _text(20, 28, name, "title"),
        *(_curve(good) if good else [_text(20, 60, "no request got a good answer", "note")]),
        *(_bars(good) if good else ()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _sentence(row: Measured) -> str:
    return (
        f"{row.batch} rows over {row.connections} connections: {row.requests_per_second:.0f} requests per second, "
        f"p99 {row.p99:.2f} ms."
    )


def _curve(rows: Sequence[Measured]) -> Iterator[str]:
    """The p99 over requests per second; each line joins the loads of one batch size."""
    left, top, wide, high = _PLOT
    fastest, slowest = (
        _round(max(of)) for of in zip(*((row.requests_per_second, row.p99) for row in rows), strict=True)
    )
    yield from _axes(fastest, slowest)
    batches = list(dict.fromkeys(row.batch for row in rows))
    for number, batch in enumerate(batches):
        points = [
            (left + wide * row.requests_per_second / fastest, top + high * (1 - row.p99 / slowest), row)
            for row in rows
            if row.batch == batch
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        dash = _DASHES[number % len(_DASHES)]
        yield f'<polyline class="line" stroke-dasharray="{dash}" points="{path}"/>'
        for x, y, row in points:
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
            yield _text(x + 6, y - 6, str(row.connections), "note")
        yield from _key(left + number * 110, top + high + 46, f"batch {batch}", dash)


def _round(value: float) -> float:
    """The end of an axis: the next of four equal steps of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value / 4))
    return next(4 * step * power for step in (1, 2, 2.5, 5, 10) if 4 * step * power >= value)


def _key(x: float, y: float, words: str, dash: str) -> Iterator[str]:
    yield f'<line class="line" stroke-dasharray="{dash}" x1="{x:g}" x2="{x + 26:g}" y1="{y - 4:g}" y2="{y - 4:g}"/>'
    yield _text(x + 32, y, words, "note")


def _axes(fastest: float, slowest: float) -> Iterator[str]:
    left, top, wide, high = _PLOT
    yield _text(left, top - 12, "p99 in ms over requests per second; numbers are connections", "note")
    for step in range(5):
        y, x = top + high * (1 - step / 4), left + wide * step / 4
        yield f'<line class="grid" x1="{left:g}" x2="{left + wide:g}" y1="{y:g}" y2="{y:g}"/>'
        yield _text(left - 8, y + 4, f"{slowest * step / 4:g}", "note end")
        yield _text(x, top + high + 18, f"{fastest * step / 4:g}", "note middle")


def _bars(rows: Sequence[Measured]) -> Iterator[str]:
    """Where the average request of each load spent its time."""
    longest = max(sum(_parts(row)) for row in rows) or 1.0
    x = _BARS_LEFT
    for part in _PARTS:
        yield f'<rect class="{part}" x="{x:g}" y="62" width="10" height="10"/>'
        yield _text(x + 15, 71, part, "note")
        x += 80
    yield _text(_BARS_LEFT, 48, "average milliseconds by part; batch × connections", "note")
    for number, row in enumerate(rows):
        y = 86 + number * (_BAR_HIGH + _BAR_GAP)
        yield _text(_BARS_LEFT - 8, y + 12, f"{row.batch} × {row.connections}", "note end")
        yield from _bar(row, y, longest)


def _bar(row: Measured, y: float, longest: float) -> Iterator[str]:
    x = _BARS_LEFT
    for part, milliseconds in zip(_PARTS, _parts(row), strict=True):
        wide = _BARS_WIDE * milliseconds / longest
        yield f'<rect class="{part}" x="{x:.1f}" y="{y:g}" width="{wide:.1f}" height="{_BAR_HIGH:g}"/>'
        x += wide
    yield _text(x + 6, y + 12, f"{sum(_parts(row)):.2f}", "note")


def _parts(row: Measured) -> tuple[float, ...]:
    return (row.queue or 0.0, row.compute or 0.0, row.server, row.gateway)


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


def _colours(palette: Palette) -> str:
    parts = (palette.amber, palette.blue, palette.green, palette.purple)
    filled = "".join(f".{part}{{fill:{colour}}}" for part, colour in zip(_PARTS, parts, strict=True))
    return (
        f".page{{fill:{palette.page}}}.title{{fill:{palette.text}}}.note{{fill:{palette.muted}}}"
        f".grid{{stroke:{palette.rim}}}.line{{stroke:{palette.blue}}}.dot{{fill:{palette.blue}}}{filled}"
    )
