"""Pictures of reasons as SVG text: one file that needs nothing else, light or dark as the reader's screen is, read
aloud too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from seldon_infra.core.palette import stylesheet
from seldon_infra.explain.draw_anchor import anchor
from seldon_infra.explain.draw_contrast import contrast
from seldon_infra.explain.draw_curves import curves
from seldon_infra.explain.draw_parts import MARGIN, SHAPES, TITLE, WIDTH, Drawn, colours, note, number, text
from seldon_infra.explain.draw_weights import weights
from seldon_infra.explain.reasons import Anchor, Contrast, Curves, Reasons, Weights, contrast_head, sentences


def document(name: str, reasons: Reasons) -> str:
    """Draw why a deployment answers as it does."""
    drawn = _body(reasons)
    height = TITLE + drawn.height + MARGIN
    size = f'width="{number(WIDTH)}" height="{number(height)}"'
    spoken = escape(". ".join(sentences(reasons)))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {number(WIDTH)} {number(height)}" role="img" '
        'aria-labelledby="why what">',
        f'<title id="why">{escape(f"Why {name} answers so")}</title>',
        f'<desc id="what">{spoken}</desc>',
        f"<style>{stylesheet(SHAPES, colours)}</style>",
        f'<rect class="page" {size}/>',
        *_heading(name, reasons),
        *drawn.elements,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _heading(name: str, reasons: Reasons) -> Iterator[str]:
    yield text("title", MARGIN, MARGIN + 18, _title(name, reasons))
    yield note(MARGIN, MARGIN + 40, " · ".join(_notes(reasons)))


def _title(name: str, reasons: Reasons) -> str:
    if isinstance(reasons, Curves):
        return f"{name}: what moves '{reasons.answer}'" if reasons.answer else f"{name}: what moves the answer"
    if isinstance(reasons, Contrast):
        return f"{name}: {contrast_head(reasons)}"
    return f"{name} says '{reasons.answer}'" if reasons.answer else f"{name}: where the answer comes from"


def _notes(reasons: Reasons) -> Sequence[str]:
    match reasons:
        case Weights(adds_up=True):
            return reasons.method, "what each feature adds to the answer"
        case Weights():
            return reasons.method, "weights of a linear model around the row"
        case Anchor():
            return reasons.method, "what holds the answer where it is"
        case Contrast(says="instead"):
            return reasons.method, "what the row has is hollow, what the other row has is full"
        case Contrast():
            return reasons.method, "the middle of the reference rows is hollow, what is enough is full"
        case Curves():
            return reasons.method, "how the answer moves with each feature, over all reference rows"


def _body(reasons: Reasons) -> Drawn:
    match reasons:
        case Weights():
            return weights(reasons)
        case Anchor():
            return anchor(reasons)
        case Curves():
            return curves(reasons)
        case Contrast():
            return contrast(reasons)
