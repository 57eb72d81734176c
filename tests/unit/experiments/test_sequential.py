"""The promises of the intervals, by simulation with fixed seeds: looking all the time misleads nobody more often."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.experiments.ledger import SECONDS
from seldon_infra.experiments.sequential import (
    SAMPLE_RATIO_ALPHA,
    Moments,
    count_evidence,
    means_differ,
    quantile_between,
    quantiles_differ,
    samples_needed,
    split_mismatch,
)

TESTS, ALPHA = 2000, 0.05
Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
"""Sums and sums of squares of so many new samples, for each simulated test."""


def rate(share: float) -> Draw:
    def draw(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        hits = random.binomial(count, share, TESTS).astype(float)
        return hits, hits

    return draw


def skewed(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers between 0 and 1, most of them near 0."""
    values = random.beta(0.3, 2, (TESTS, count))
    return values.sum(1), (values**2).sum(1)


def seen(a: Draw, b: Draw, planned: int, most: int) -> float:
    """Share of simulated tests in which a difference is seen at any of 40 looks."""
    random, hit = np.random.default_rng(7), np.zeros(TESTS, bool)
    sums, before = np.zeros((4, TESTS)), 0
    for look in np.unique(np.geomspace(planned, most, 40).astype(int)) if most > planned else [planned]:
        for row, arm in ((0, a), (2, b)):
            sums[row : row + 2] += arm(random, int(look) - before)
        before = int(look)
        for test in np.flatnonzero(~hit):
            found = means_differ(
                Moments(before, sums[0, test], sums[1, test]),
                Moments(before, sums[2, test], sums[3, test]),
                ALPHA,
                planned,
            )
            hit[test] = found.low > 0 or found.high < 0
    return float(hit.mean())


@pytest.mark.parametrize(
    ("draw", "planned"),
    [(rate(0.5), 100), (rate(0.1), 1000), (rate(0.01), 100), (rate(0.01), 1000), (rate(0.001), 100), (skewed, 100)],
    ids=["half", "tenth", "hundredth", "hundredth-later", "rare", "mean"],
)
def test_peeking_at_equal_arms_shows_a_difference_less_often_than_alpha(draw: Draw, planned: int) -> None:
    assert seen(draw, draw, planned, 3000) <= ALPHA


def test_a_planned_effect_is_seen_as_often_as_planned() -> None:
    a, b = 0.10, 0.12
    count = samples_needed(b - a, (a * (1 - a) + b * (1 - b)) / 2, ALPHA, 0.8)
    # Four standard errors of 2,000 tests; a plan that asks for far too much would be wrong, too.
    assert 0.765 <= seen(rate(a), rate(b), count, count) <= 0.86


def test_a_large_effect_is_seen_long_before_the_end() -> None:
    assert seen(rate(0.1), rate(0.2), 1000, 1001) > 0.95


def latencies(random: np.random.Generator, slower: float, count: int) -> np.ndarray:
    times = random.lognormal(math.log(0.02 * slower), 0.6, count)
    return np.histogram(times, [0.0, *SECONDS, math.inf])[0]


def latency_seen(slower: float, tests: int) -> float:
    random, hits = np.random.default_rng(7), 0
    for _ in range(tests):
        a, b = (np.zeros(len(SECONDS) + 1, int) for _ in range(2))
        for new in (200, 200, 400, 800, 1600):
            a, b = a + latencies(random, 1.0, new), b + latencies(random, slower, new)
            found = quantiles_differ(a.tolist(), b.tolist(), SECONDS, 0.9, ALPHA)
            if found.low > 0 or found.high < 0:
                hits += 1
                break
    return hits / tests


def test_peeking_at_equal_latencies_shows_a_difference_less_often_than_alpha() -> None:
    assert latency_seen(1.0, TESTS) <= ALPHA


def test_a_quantile_that_is_twice_as_high_is_seen() -> None:
    assert latency_seen(2.0, 100) > 0.9


def test_the_quantile_stays_inside_its_bounds_at_all_times() -> None:
    random, missed, truth = np.random.default_rng(7), 0, 0.02 * math.exp(0.6 * 1.2815515655446004)
    for _ in range(TESTS):
        counts = np.zeros(len(SECONDS) + 1, int)
        for new in (100, 100, 200, 400, 800):
            counts = counts + latencies(random, 1.0, new)
            low, _, high = quantile_between(counts.tolist(), SECONDS, 0.9, ALPHA)
            if not low <= truth <= high:
                missed += 1
                break
    assert missed / TESTS <= ALPHA


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_peeking_at_a_true_split_is_hardly_ever_called_a_mismatch(share: float) -> None:
    random, hit, sums, before = np.random.default_rng(7), np.zeros(TESTS, bool), np.zeros(TESTS, int), 0
    for look in np.unique(np.geomspace(1, 100_000, 60).astype(int)):
        sums += random.binomial(int(look) - before, share, TESTS)
        before = int(look)
        hit |= [split_mismatch(before - int(b), int(b), share) for b in sums]
    assert hit.mean() <= 5 * SAMPLE_RATIO_ALPHA


@pytest.mark.parametrize(("users", "share"), [((10_400, 9_600), 0.5), ((9300, 700), 0.1), ((500, 0), 0.1)])
def test_users_that_are_lost_in_one_arm_are_noticed(users: tuple[int, int], share: float) -> None:
    assert split_mismatch(*users, share)


@pytest.mark.parametrize(("users", "share"), [((5030, 4970), 0.5), ((9030, 970), 0.1), ((0, 0), 0.5), ((3, 0), 0.5)])
def test_chance_alone_is_no_mismatch(users: tuple[int, int], share: float) -> None:
    assert not split_mismatch(*users, share)


@given(st.integers(1, 2000), st.floats(0.01, 0.99))
def test_the_evidence_is_a_wager_that_is_fair_where_the_share_is_right(count: int, share: float) -> None:
    """Averaged over all counts, the ratio is 1: what makes it bounded at all times."""
    hits = np.arange(count + 1)
    logs = np.array([count_evidence(int(hit), count, share) for hit in hits])
    chances = [math.lgamma(count + 1) - math.lgamma(hit + 1) - math.lgamma(count - hit + 1) for hit in hits]
    weights = np.array(chances) + hits * math.log(share) + (count - hits) * math.log1p(-share)
    assert math.isclose(float(np.exp(logs + weights).sum()), 1.0, rel_tol=1e-6)


def test_nothing_at_all_has_every_effect() -> None:
    found = means_differ(Moments(), Moments(5, 5, 5), ALPHA, 100)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert quantile_between([0] * (len(SECONDS) + 1), SECONDS, 0.9, ALPHA)[::2] == (0.0, math.inf)


@given(st.lists(st.integers(0, 50), min_size=len(SECONDS) + 1, max_size=len(SECONDS) + 1), st.floats(0.01, 0.99))
def test_a_quantile_lies_between_its_bounds(counts: list[int], quantile: float) -> None:
    low, middle, high = quantile_between(counts, SECONDS, quantile, ALPHA)
    assert low <= middle <= max(high, SECONDS[-1])
