"""The look of a drawn deployment: a colour for each kind of node."""

from __future__ import annotations

from seldon_infra.core.palette import FONT, LIGHT, Palette
from seldon_infra.core.palette import stylesheet as with_schemes

_SHAPES = (
    f"text{{font-family:{FONT};font-size:11.5px}}"
    ".title{font-size:20px;font-weight:700}.name{font-size:14px;font-weight:700}"
    ".caption{font-size:10.5px;font-weight:700}.label{font-size:11.5px;font-weight:700;text-anchor:middle}"
    ".box,.sign{stroke-width:1.5}.glyph{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}"
    ".way{fill:none;stroke-width:1.5}.dashed{stroke-dasharray:6 5}"
)


def stylesheet() -> str:
    """Write the picture's CSS."""
    return with_schemes(_SHAPES, _colours)


def kinds(palette: Palette) -> dict[str, str]:
    """Give the colour of each kind of node."""
    return {
        "model": palette.blue,
        "transformer": palette.green,
        "router": palette.amber,
        "combiner": palette.purple,
        "explainer": palette.pink,
        "ingress": palette.muted,
    }


OUTLINES = kinds(LIGHT)
"""For pages that have one scheme and colours of their own."""


def _colours(palette: Palette) -> str:
    coloured = "".join(
        f".{kind} .box,.{kind} .sign,.{kind} .glyph{{stroke:{colour}}}.{kind} .caption{{fill:{colour}}}"
        for kind, colour in kinds(palette).items()
    )
    return (
        f".page{{fill:{palette.page}}}.panel{{fill:{palette.panel};stroke:{palette.rim}}}"
        f".box,.sign{{fill:{palette.box}}}.pill{{fill:{palette.box};stroke:{palette.rim}}}"
        f".title,.name,.label{{fill:{palette.text}}}.note{{fill:{palette.muted}}}"
        f".way{{stroke:{palette.way}}}.tip,.fork{{fill:{palette.way}}}{coloured}"
    )
