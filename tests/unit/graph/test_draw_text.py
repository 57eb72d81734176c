"""Text is measured without a font and shortened where people look least: in its middle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.graph.draw_text import ELLIPSIS, elide, width


def test_wide_letters_measure_wider_than_narrow_ones_and_bold_wider_still() -> None:
    assert width("iiii", 10) < width("nnnn", 10) < width("WWWW", 10) < width("WWWW", 10, "bold")


def test_a_letter_that_is_not_in_the_table_takes_a_full_em() -> None:
    assert width("語", 12) == 12


def test_a_text_that_fits_stays_whole() -> None:
    assert elide("s3://models/a", 220, 11.5) == "s3://models/a"


def test_a_long_text_keeps_both_ends() -> None:
    shortened = elide("s3://models/" + "x" * 100 + "/2025-01-01", 220, 11.5)
    assert shortened.startswith("s3://models/")
    assert shortened.endswith("/2025-01-01")


@given(st.text(max_size=80), st.floats(min_value=15, max_value=300))
def test_a_shortened_text_fits(text: str, limit: float) -> None:
    shortened = elide(text, limit, 11.5)
    assert width(shortened, 11.5) <= limit
    assert shortened == text or ELLIPSIS in shortened
