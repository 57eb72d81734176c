"""What all pictures of reasons share: measures, colours, and how a text is written."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from seldon_infra.graph.draw_text import elide

WIDTH, MARGIN = 720.0, 28.0
TITLE = 92.0
"""Height above which the heading stands."""
INNER = WIDTH - 2 * MARGIN
NAME_SIZE, NOTE_SIZE = 13.0, 11.5
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,'DejaVu Sans',sans-serif"
_LIGHT = {
    "page": "#ffffff", "panel": "#f6f8fa", "rim": "#d1d9e0", "text": "#1f2328", "muted": "#59636e",
    "for": "#0969da", "against": "#cf222e", "veil": "#ffffff", "mark": "#ddf4ff",
}  # fmt: skip
_DARK = {
    "page": "#0d1117", "panel": "#151b23", "rim": "#3d444d", "text": "#f0f6fc", "muted": "#9198a1",
    "for": "#58a6ff", "against": "#ff7b72", "veil": "#0d1117", "mark": "#12304f",
}  # fmt: skip


class Drawn(NamedTuple):
    """Elements of a picture, and how high they are together."""

    elements: Sequence[str]
    height: float


def stylesheet() -> str:
    """Write the picture's CSS: type once, colours per scheme."""
    shapes = (
        f"text{{font-family:{_FONT};font-size:{NOTE_SIZE}px}}.title{{font-size:20px;font-weight:700}}"
        f".name{{font-size:{NAME_SIZE}px}}.strong{{font-weight:700;font-size:{NAME_SIZE}px}}.end{{text-anchor:end}}"
        ".middle{text-anchor:middle}.thin{stroke-width:1}.curve{fill:none;stroke-width:2;stroke-linejoin:round}"
        ".dash{stroke-dasharray:3 3;stroke-width:1}.prose{font-size:16px}.outline{fill:none;stroke-width:2.5}"
    )
    return f"{shapes}{_colours(_LIGHT)}@media(prefers-color-scheme:dark){{{_colours(_DARK)}}}"


def _colours(palette: dict[str, str]) -> str:
    return (
        f".page{{fill:{palette['page']}}}.panel{{fill:{palette['panel']};stroke:{palette['rim']}}}"
        f".title,.name,.strong,.prose{{fill:{palette['text']}}}.note{{fill:{palette['muted']}}}"
        f".for{{fill:{palette['for']}}}.against{{fill:{palette['against']}}}"
        f".line{{stroke:{palette['rim']}}}.curve,.outline{{stroke:{palette['for']}}}.dash{{stroke:{palette['muted']}}}"
        f".veil{{fill:{palette['veil']};fill-opacity:.72}}.mark{{fill:{palette['mark']};stroke:{palette['for']}}}"
    )


def text(kind: str, x: float, y: float, words: str, most: float = INNER) -> str:
    """Write one line, shortened to the place it has."""
    fitting = elide(words, most, 20.0 if kind == "title" else NAME_SIZE, "bold" if kind == "title" else "regular")
    return f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{escape(fitting)}</text>'


def note(x: float, y: float, words: str, more: str = "") -> str:
    """Write one line of what is said beside."""
    return text(f"note{more}", x, y, words)


def number(value: float) -> str:
    """Write a coordinate: a tenth of a point is finer than any screen."""
    return f"{value:.1f}".removesuffix(".0")
