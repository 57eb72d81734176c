"""What all pictures of reasons share: measures, colours, and how a text is written."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from seldon_infra.core.palette import FONT, Palette
from seldon_infra.graph.draw_text import elide

WIDTH, MARGIN = 720.0, 28.0
TITLE = 92.0
"""Height above which the heading stands."""
INNER = WIDTH - 2 * MARGIN
NAME_SIZE, NOTE_SIZE = 13.0, 11.5
SHAPES = (
    f"text{{font-family:{FONT};font-size:{NOTE_SIZE}px}}.title{{font-size:20px;font-weight:700}}"
    f".name{{font-size:{NAME_SIZE}px}}.strong{{font-weight:700;font-size:{NAME_SIZE}px}}.end{{text-anchor:end}}"
    ".middle{text-anchor:middle}.thin{stroke-width:1}.curve{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".dash{stroke-dasharray:3 3;stroke-width:1}.prose{font-size:16px}.outline{fill:none;stroke-width:2.5}"
)


class Drawn(NamedTuple):
    """Elements of a picture, and how high they are together."""

    elements: Sequence[str]
    height: float


def colours(palette: Palette) -> str:
    """Write the rules with colours: blue speaks for an answer, red against it."""
    return (
        f".page{{fill:{palette.page}}}.panel{{fill:{palette.panel};stroke:{palette.rim}}}"
        f".title,.name,.strong,.prose{{fill:{palette.text}}}.note{{fill:{palette.muted}}}"
        f".for{{fill:{palette.blue}}}.against{{fill:{palette.red}}}"
        f".line{{stroke:{palette.rim}}}.curve,.outline{{stroke:{palette.blue}}}.dash{{stroke:{palette.muted}}}"
        f".veil{{fill:{palette.page};fill-opacity:.72}}.mark{{fill:{palette.wash};stroke:{palette.blue}}}"
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
