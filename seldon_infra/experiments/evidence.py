"""What is known of both arms at one time, and at all times before: records summed up, wherever they come from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeVar

from seldon_infra.experiments.ledger import Record, Requests, Row
from seldon_infra.experiments.sequential import Moments

LOOKS = 60
"""Points in time that a picture shows."""
T = TypeVar("T")


@dataclass(frozen=True)
class Evidence:
    """Both arms at one time, a's first."""

    at: float
    users: tuple[int, int] | None = (0, 0)
    """Users that were exposed; None where nobody counts them."""
    outcomes: tuple[Moments, Moments] = (Moments(), Moments())
    requests: tuple[Requests, Requests] = field(default_factory=lambda: (Requests(), Requests()))


def evidence_of(record: Record, looks: int = LOOKS) -> list[Evidence]:
    """Sum a record up at equal steps of time, the last with everything."""
    times = [row.at for rows in (record.exposures, record.outcomes, record.requests) for row in rows]
    begin, end = min([record.began, *times]), max([record.began, *times])
    steps = [begin + (end - begin) * step / looks for step in range(1, looks)]
    users = _summed(record.exposures, (0, 0), _one_more, steps)
    outcomes = _summed(record.outcomes, (Moments(), Moments()), _outcome, steps)
    requests = _summed(record.requests, (Requests(), Requests()), _requests, steps)
    return [Evidence(*each) for each in zip([*steps, end], users, outcomes, requests, strict=True)]


def _summed(
    rows: Sequence[Row],
    start: tuple[T, T],
    add: Callable[[tuple[T, T], Row], tuple[T, T]],
    steps: Sequence[float],
) -> list[tuple[T, T]]:
    """Give the sums at each step and at the end, in the order of the rows: their times only place them."""
    sums = list(accumulate(rows, add, initial=start))
    # A clock that was put back does not bring a row before those that came earlier.
    times = list(accumulate((row.at for row in rows), max))
    return [sums[bisect_right(times, step)] for step in steps] + [sums[-1]]


def _one_more(sums: tuple[int, int], row: Row) -> tuple[int, int]:
    return (sums[0] + (row.arm == 0), sums[1] + (row.arm == 1))


def _outcome(sums: tuple[Moments, Moments], row: Row) -> tuple[Moments, Moments]:
    old = sums[row.arm]
    return _replaced(sums, row.arm, Moments(old.count + 1, old.total + row.value, old.squares + row.value**2))


def _requests(sums: tuple[Requests, Requests], row: Row) -> tuple[Requests, Requests]:
    return sums if row.requests is None else _replaced(sums, row.arm, sums[row.arm].add(row.requests))


def _replaced(pair: tuple[T, T], arm: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if arm == 0 else (pair[0], value)
