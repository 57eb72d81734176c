"""How wide a text is, without a font: the widths of a wide typeface, so that no other one overflows.

The picture names the reader's own interface font, which is not known when it is drawn. DejaVu Sans is among the
widest in common use, so a box that holds a text in it holds the text in any of them.
"""

from __future__ import annotations

# Advance widths in hundredths of the font size, read from DejaVu Sans; what is not listed takes a full em.
_REGULAR = {
    28: "'ijl", 30: "IJ", 32: " ,.·", 34: "/:;\\|", 37: "f-", 40: "()[]t", 42: "!r", 46: '"', 50: "*_`–", 53: "sz",
    54: "?", 55: "c", 56: "L", 58: "Fk", 60: "vxy", 62: "PTYaeo", 64: "$0123456789ESbdghnpqu{}", 66: "K",
    69: "ABVXZ", 70: "CR", 76: "UNH", 79: "&DGOQ", 82: "w", 84: "#+<=>^~", 87: "M", 98: "%m", 100: "@W",
}  # fmt: skip
_BOLD = {
    35: "' ijl", 38: "/\\|,.IJ", 42: ":;-", 46: "f!()[]", 50: "t_`r", 53: '"*', 60: "?zcs", 65: "Lxvy", 68: "kae",
    70: "EFTo$0123456789", 72: "bdghnpqu{}", 74: "SYZCP", 78: "BAKRVX", 84: "UG#+<=>DHN^~", 88: "OQ&", 93: "w",
    105: "@M%m", 111: "W",
}  # fmt: skip
_WIDTHS = {
    weight: {character: width for width, characters in table.items() for character in characters}
    for weight, table in (("regular", _REGULAR), ("bold", _BOLD))
}
_FULL_EM = 100
ELLIPSIS = "…"


def width(text: str, size: float, weight: str = "regular") -> float:
    """Width of one line in pixels at a font size in pixels; ``weight`` is ``regular`` or ``bold``."""
    widths = _WIDTHS[weight]
    return sum(widths.get(character, _FULL_EM) for character in text) * size / 100


def elide(text: str, limit: float, size: float, weight: str = "regular") -> str:
    """Shorten a text from its middle until it fits into ``limit`` pixels; both ends carry what tells names apart."""
    if width(text, size, weight) <= limit:
        return text
    for kept in range(len(text) - 1, 0, -1):
        shortened = text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]
        if width(shortened, size, weight) <= limit:
            return shortened
    return ELLIPSIS
