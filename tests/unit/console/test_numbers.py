"""What counts become: rates over a minute, shares of failures, and p99 as Prometheus estimates it."""

from __future__ import annotations

import pytest

from seldon_infra.console.numbers import Count, Numbers, Window, as_row, quantile, together


def window(*looks: tuple[float, Count]) -> Window:
    made = Window()
    for at, count in looks:
        made.look(at, {"a": count})
    return made


def test_there_are_no_numbers_before_the_second_look() -> None:
    assert window((0, Count(5))).numbers() == {}


def test_a_rate_is_what_came_since_the_first_look_of_the_window() -> None:
    assert window((0, Count(10, 1)), (10, Count(30, 6))).numbers()["a"] == Numbers(2.0, 0.25, None)


def test_what_is_older_than_a_minute_no_longer_counts() -> None:
    looks = [(0.0, Count(0)), (30.0, Count(3000)), (60.0, Count(3000)), (91.0, Count(3000))]
    assert window(*looks).numbers()["a"].rate == 0


def test_a_count_that_began_anew_counts_from_nothing() -> None:
    """An orchestrator that was replaced counts from zero."""
    assert window((0, Count(1000)), (10, Count(20))).numbers()["a"].rate == 2


def test_what_came_while_nobody_looked_is_no_news_of_the_last_minute() -> None:
    assert window((0, Count(0)), (600, Count(9000)), (602, Count(9000))).numbers()["a"].rate == 0


def test_without_requests_there_is_neither_a_share_of_failures_nor_a_p99() -> None:
    assert window((0, Count(5, 1)), (10, Count(5, 1))).numbers()["a"] == Numbers(0.0, None, None)


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ((), None),
        (((0.1, 0.0), (0.2, 0.0)), None),
        (((0.1, 100.0), (0.2, 100.0)), pytest.approx(0.099)),
        (((0.1, 50.0), (0.2, 100.0)), pytest.approx(0.198)),
        (((0.1, 50.0), (float("inf"), 100.0)), 0.1),
    ],
)
def test_a_quantile_lies_on_the_line_between_two_bounds(
    within: tuple[tuple[float, float], ...], expected: float | None
) -> None:
    assert quantile(0.99, within) == expected


def test_counts_add_up_bound_by_bound() -> None:
    both = Count(1, 0, ((1.0, 1.0), (2.0, 1.0))) + Count(2, 1, ((1.0, 0.0), (2.0, 2.0)))
    assert both == Count(3, 1, ((1.0, 1.0), (2.0, 3.0)))


def test_predictors_together_fail_by_their_rates_and_are_as_slow_as_the_slowest() -> None:
    assert together([Numbers(3.0, 0.0, 0.1), None, Numbers(1.0, 1.0, 0.5)]) == Numbers(4.0, 0.25, 0.5)
    assert together([None]) == Numbers(0.0, None, None)


def test_numbers_are_rows_for_the_page() -> None:
    assert as_row(Numbers(1.23456, None, 0.0012345678)) == [1.2346, None, 0.001235]
    assert as_row(None) is None
