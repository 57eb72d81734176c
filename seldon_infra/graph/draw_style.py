"""Colours and type of the pictures; both palettes keep a contrast of 4.5 to 1 for every text."""

from __future__ import annotations

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,'DejaVu Sans',sans-serif"

_LIGHT = {
    "page": "#ffffff", "panel": "#f6f8fa", "box": "#ffffff", "rim": "#d1d9e0", "text": "#1f2328", "muted": "#59636e",
    "way": "#818b98", "model": "#0969da", "transformer": "#1a7f37", "router": "#9a6700", "combiner": "#8250df",
    "explainer": "#bf3989", "ingress": "#59636e",
}  # fmt: skip
_DARK = {
    "page": "#0d1117", "panel": "#151b23", "box": "#212830", "rim": "#3d444d", "text": "#f0f6fc", "muted": "#9198a1",
    "way": "#7d8590", "model": "#58a6ff", "transformer": "#3fb950", "router": "#d29922", "combiner": "#bc8cff",
    "explainer": "#f778ba", "ingress": "#9198a1",
}  # fmt: skip
KINDS = ("model", "transformer", "router", "combiner", "explainer", "ingress")


def stylesheet() -> str:
    """Write the picture's CSS: shapes and type once, colours per scheme."""
    shapes = (
        f"text{{font-family:{_FONT};font-size:11.5px}}"
        ".title{font-size:20px;font-weight:700}.name{font-size:14px;font-weight:700}"
        ".caption{font-size:10.5px;font-weight:700}.label{font-size:11.5px;font-weight:700;text-anchor:middle}"
        ".box,.sign{stroke-width:1.5}.glyph{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}"
        ".way{fill:none;stroke-width:1.5}.dashed{stroke-dasharray:6 5}"
    )
    return f"{shapes}{_colours(_LIGHT)}@media(prefers-color-scheme:dark){{{_colours(_DARK)}}}"


def _colours(palette: dict[str, str]) -> str:
    kinds = "".join(
        f".{kind} .box,.{kind} .sign,.{kind} .glyph{{stroke:{palette[kind]}}}.{kind} .caption{{fill:{palette[kind]}}}"
        for kind in KINDS
    )
    return (
        f".page{{fill:{palette['page']}}}.panel{{fill:{palette['panel']};stroke:{palette['rim']}}}"
        f".box,.sign{{fill:{palette['box']}}}.pill{{fill:{palette['box']};stroke:{palette['rim']}}}"
        f".title,.name,.label{{fill:{palette['text']}}}.note{{fill:{palette['muted']}}}"
        f".way{{stroke:{palette['way']}}}.tip,.fork{{fill:{palette['way']}}}{kinds}"
    )
