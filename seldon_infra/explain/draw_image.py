"""An image in a picture of reasons: its points as a PNG in the picture's own text."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from seldon_infra.explain.draw_parts import MARGIN, TITLE, WIDTH, number

_LARGEST, _GAP = 320.0, 28.0
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Place(NamedTuple):
    """Where an image stands."""

    point: float
    """Length of a side of one of its points."""
    wide: float
    high: float

    @property
    def attributes(self) -> str:
        """Write the place as an element's attributes."""
        return f'x="{number(MARGIN)}" y="{number(TITLE)}" width="{number(self.wide)}" height="{number(self.high)}"'

    @property
    def beside(self) -> float:
        """Where what is said of it begins."""
        return MARGIN + self.wide + _GAP

    @property
    def left(self) -> float:
        """Width that is left for what is said of it."""
        return WIDTH - MARGIN - self.beside


def place_of(image: Sequence[Sequence[float]]) -> Place:
    """Give an image the largest place that it may have."""
    rows, columns = len(image), len(image[0])
    point = _LARGEST / max(rows, columns)
    return Place(point, columns * point, rows * point)


def frame(image: Sequence[Sequence[float]], place: Place) -> list[str]:
    """Draw an image and the line around it."""
    return [
        f'<image {place.attributes} preserveAspectRatio="none" href="{png(image)}"/>',
        f'<rect class="line thin" fill="none" {place.attributes}/>',
    ]


def png(image: Sequence[Sequence[float]]) -> str:
    """Write an image of brightness as a PNG of its own, in the picture's text."""
    # Every point is a square of several: not every viewer keeps a small image's points sharp.
    times = max(1, round(_LARGEST / max(len(image), len(image[0]))))
    wide = [bytes(round(255 * point) for point in line for _ in range(times)) for line in image]
    lines = b"".join((b"\x00" + line) * times for line in wide)
    head = struct.pack(">IIBBBBB", len(wide[0]), len(wide) * times, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(_SIGNATURE + body).decode()}"
