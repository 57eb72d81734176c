"""Rates, shares of failures and p99 over the last minute, from counts that only grow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

WINDOW_SECONDS = 60.0
LEAST_SECONDS = 1.0
"""Two looks that are closer together tell no rate."""


@dataclass(frozen=True)
class Count:
    """What somebody has counted since they started."""

    requests: float = 0.0
    failed: float = 0.0
    within: tuple[tuple[float, float], ...] = ()
    """Upper bound in seconds, and how many requests took at most so long; bounds rise."""

    def __add__(self, other: Count) -> Count:
        bounds = sorted({bound for bound, _ in (*self.within, *other.within)})
        both = (dict(self.within), dict(other.within))
        within = tuple((bound, sum(each.get(bound, 0.0) for each in both)) for bound in bounds)
        return Count(self.requests + other.requests, self.failed + other.failed, within)

    def since(self, before: Count) -> Count:
        """What came after ``before``; all of it where the count began anew."""
        if self.requests < before.requests:
            return self
        earlier = dict(before.within)
        within = tuple((bound, most - earlier.get(bound, 0.0)) for bound, most in self.within)
        return Count(self.requests - before.requests, max(self.failed - before.failed, 0.0), within)


@dataclass(frozen=True)
class Numbers:
    """What a reader is told of something that gets requests."""

    rate: float
    """Requests a second."""
    errors: float | None
    """Share that failed, from 0 to 1; None where there was no request."""
    p99: float | None
    """Seconds within which 99 % of the requests were answered; None where there was none."""


class Window:
    """The last minute of several counts by their names."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, Mapping[str, Count]]] = deque()

    def look(self, at: float, counts: Mapping[str, Count]) -> None:
        """Add what the counts are now; ``at`` is on a clock that never goes back."""
        if self.seen is not None and at - self.seen > WINDOW_SECONDS:
            # Nobody has looked for a while: what came in between is no news of the last minute.
            self._looks.clear()
        self._looks.append((at, counts))
        # One that is older stays, for a minute has to have a beginning.
        while len(self._looks) > 2 and self._looks[1][0] <= at - WINDOW_SECONDS:
            self._looks.popleft()

    @property
    def seen(self) -> float | None:
        """When it was last added to."""
        return self._looks[-1][0] if self._looks else None

    @property
    def ready(self) -> bool:
        """Whether there are looks far enough apart for a rate."""
        return len(self._looks) > 1 and self._looks[-1][0] - self._looks[0][0] >= LEAST_SECONDS

    def numbers(self) -> dict[str, Numbers]:
        """What happened in the window; nothing before there are two looks."""
        if not self.ready:
            return {}
        (first, before), (last, now) = self._looks[0], self._looks[-1]
        return {name: _numbers(count.since(before.get(name, Count())), last - first) for name, count in now.items()}


def _numbers(count: Count, seconds: float) -> Numbers:
    if count.requests <= 0:
        return Numbers(0.0, None, None)
    return Numbers(count.requests / seconds, min(count.failed / count.requests, 1.0), quantile(0.99, count.within))


def quantile(share: float, within: tuple[tuple[float, float], ...]) -> float | None:
    """Estimate as Prometheus' ``histogram_quantile`` does: on the line between two bounds.

    >>> quantile(0.5, ((1.0, 0.0), (2.0, 10.0)))
    1.5
    """
    bounds = sorted(within)
    most = bounds[-1][1] if bounds else 0.0
    if most <= 0:
        return None
    wanted = share * most
    for (lower, below), (upper, up_to) in pairwise([(0.0, 0.0), *bounds]):
        if up_to >= wanted and up_to > below:
            return lower if upper == float("inf") else lower + (upper - lower) * (wanted - below) / (up_to - below)
    return None


def together(numbers: Iterable[Numbers | None]) -> Numbers:
    """Put what several predictors answered together; of their p99 the slowest, as nobody can tell that of all."""
    there = [each for each in numbers if each is not None and each.rate > 0]
    rate = sum(each.rate for each in there)
    if rate <= 0:
        return Numbers(0.0, None, None)
    errors = sum(each.rate * (each.errors or 0.0) for each in there) / rate
    return Numbers(rate, errors, max((each.p99 for each in there if each.p99 is not None), default=None))


def as_row(numbers: Numbers | None) -> list[float | None] | None:
    """Write numbers for the page: rate, share of failures, p99."""
    return None if numbers is None else [round(numbers.rate, 4), _rounded(numbers.errors), _rounded(numbers.p99)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
