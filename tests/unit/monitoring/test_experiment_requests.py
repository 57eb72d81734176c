from __future__ import annotations

from seldon_infra.monitoring.experiment_requests import _growth


def test_a_counter_that_was_there_had_counted_before() -> None:
    assert _growth({0.0: 5.0, 1.0: 7.0}, begin=0.0) == {0.0: 0.0, 1.0: 2.0}


def test_a_counter_that_comes_later_has_begun_with_nothing() -> None:
    assert _growth({1.0: 7.0, 2.0: 8.0}, begin=0.0) == {1.0: 7.0, 2.0: 8.0}


def test_a_counter_that_is_put_back_goes_on_from_there() -> None:
    assert _growth({0.0: 5.0, 1.0: 9.0, 2.0: 1.0, 3.0: 3.0}, begin=0.0) == {0.0: 0.0, 1.0: 4.0, 2.0: 5.0, 3.0: 7.0}
