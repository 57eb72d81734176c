"""Colours and type of every picture that is drawn; both palettes keep a contrast of 4.5 to 1 for texts on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,'DejaVu Sans',sans-serif"


class Palette(NamedTuple):
    """The colours of one scheme, as CSS has them."""

    page: str
    panel: str
    box: str
    rim: str
    text: str
    muted: str
    way: str
    blue: str
    green: str
    amber: str
    purple: str
    pink: str
    red: str
    wash: str
    """Behind what is marked in blue."""


LIGHT = Palette(
    page="#ffffff", panel="#f6f8fa", box="#ffffff", rim="#d1d9e0", text="#1f2328", muted="#59636e", way="#818b98",
    blue="#0969da", green="#1a7f37", amber="#9a6700", purple="#8250df", pink="#bf3989", red="#cf222e", wash="#ddf4ff",
)  # fmt: skip
DARK = Palette(
    page="#0d1117", panel="#151b23", box="#212830", rim="#3d444d", text="#f0f6fc", muted="#9198a1", way="#7d8590",
    blue="#58a6ff", green="#3fb950", amber="#d29922", purple="#bc8cff", pink="#f778ba", red="#ff7b72", wash="#12304f",
)  # fmt: skip


def stylesheet(shapes: str, colours: Callable[[Palette], str]) -> str:
    """Write a picture's CSS: shapes once, colours for each scheme.

    Args:
        shapes: rules without colours.
        colours: writes the rules with colours.
    """
    return f"{shapes}{colours(LIGHT)}@media(prefers-color-scheme:dark){{{colours(DARK)}}}"
