"""What may be concluded however often one looks: intervals and evidence that hold at all times together.

* **Difference of means or rates**: the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
  Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (arXiv 2103.06476), theorem 2.2, for
  the difference of two arms' means with the variance of each estimated in its own arm.
* **Quantiles**: a value is compatible with being the quantile as long as the count of what is at most that value is
  compatible with the quantile's share. Each count is judged by a beta-binomial mixture, whose running ratio to the
  hypothesis is a martingale, so that Ville's inequality bounds how often it ever exceeds 1/alpha. The idea of quantiles
  by way of their ranks is that of Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B
  testing and best-arm identification" (arXiv 1906.09712).
* **Sample ratio**: the same mixture for the arms' counts: Lindon and Malek, "Anytime-valid inference for multinomial
  count data" (arXiv 2011.03567), with two categories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from seldon_infra.experiments.spec import LEAST

SAMPLE_RATIO_ALPHA = 0.001
"""How often a true split may ever be called a mismatch: it puts a whole experiment in doubt."""


@dataclass(frozen=True)
class Moments:
    """What intervals for means need of an arm: count, sum and sum of squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        """The mean; 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """The variance of one sample, as if two more had been seen, one at each end of what is possible for a rate.

        Else an arm in which nothing has happened yet would seem to be certain of it.
        """
        n, mean = self.count + 2, (self.total + 1) / (self.count + 2)
        return max((self.squares + 1) / n - mean * mean, 0.0)


@dataclass(frozen=True)
class Interval:
    """An effect of b against a, and between what it is."""

    effect: float
    low: float
    high: float


def means_differ(a: Moments, b: Moments, alpha: float, planned: int) -> Interval:
    """Give the difference of two arms' means, b's less a's; at all times together it is right with 1 - alpha.

    Args:
        a: the first arm.
        b: the second arm.
        alpha: how often the interval may ever miss.
        planned: samples per arm at which it shall be narrowest, compared with what it could be.
    """
    if not a.count or not b.count:
        return Interval(0.0, -math.inf, math.inf)
    effect, width = b.mean - a.mean, half_width(a, b, alpha, planned)
    return Interval(effect, effect - width, effect + width)


def half_width(a: Moments, b: Moments, alpha: float, planned: int) -> float:
    """Give half the width of the interval for a difference of means."""
    n = a.count + b.count
    error = math.sqrt(a.variance / a.count + b.variance / b.count)
    return error * _boundary(n, 2 * planned, alpha)


def _boundary(n: int, planned: int, alpha: float) -> float:
    """How many standard errors the interval is wide on each side; 1.96 would be it for a single look at 5 %."""
    # The paper's equation (12), up to a term that is small: the rho that makes the bound tightest at `planned`.
    level = -2 * math.log(alpha)
    scaled = n * (level + math.log(level + 1)) / planned
    return math.sqrt(2 * (scaled + 1) / scaled * math.log(math.sqrt(scaled + 1) / alpha))


def samples_needed(effect: float, variance: float, alpha: float, power: float) -> int:
    """Give the samples per arm with which an effect is seen with the given power, at the latest then.

    Args:
        effect: the smallest difference worth seeing.
        variance: of one sample, the mean of both arms'; of a rate p it is p (1 - p).
        alpha: how often an effect may be seen where there is none.
        power: how often the effect shall be seen where it is there.
    """
    z = NormalDist().inv_cdf(power)
    # At its planned size the bound is the same whatever that size is.
    boundary = _boundary(1, 1, alpha)
    return max(LEAST, math.ceil(2 * variance * ((boundary + z) / effect) ** 2))


def count_evidence(hits: int, count: int, share: float, weight: float = 1.0) -> float:
    """Give the logarithm of the evidence that of ``count`` samples another share than ``share`` are hits.

    Above -log(alpha) it gets, at any time, with a probability of at most alpha where the share is right.

    Args:
        hits: samples that are hits.
        count: all samples.
        share: the share that they should be.
        weight: how many samples the prior is worth; it is centred on ``share``.
    """
    left, right = weight * share, weight * (1 - share)
    mixed = _log_beta(hits + left, count - hits + right) - _log_beta(left, right)
    return mixed - hits * math.log(share) - (count - hits) * math.log1p(-share)


def split_mismatch(a: int, b: int, share_b: float, alpha: float = SAMPLE_RATIO_ALPHA) -> bool:
    """Tell whether the users met cannot well have been split as declared."""
    # A prior worth many samples looks for what bugs do: a share that is off by percents, not by tens of them.
    return count_evidence(b, a + b, share_b, weight=100.0) > -math.log(alpha)


def quantiles_differ(
    a: Sequence[int], b: Sequence[int], bounds: Sequence[float], quantile: float, alpha: float
) -> Interval:
    """Give the difference of two arms' quantiles, b's less a's, from counts between the same bounds."""
    low_a, mid_a, high_a = quantile_between(a, bounds, quantile, alpha / 2)
    low_b, mid_b, high_b = quantile_between(b, bounds, quantile, alpha / 2)
    return Interval(mid_b - mid_a, low_b - high_a, high_b - low_a)


def quantile_between(
    counts: Sequence[int], bounds: Sequence[float], quantile: float, alpha: float
) -> tuple[float, float, float]:
    """Give the least that an arm's quantile is, where it seems to be, and the most that it is.

    Args:
        counts: samples up to each bound and above those before, and at the end those above all.
        bounds: the bounds, ascending.
        quantile: the share of samples.
        alpha: how often the quantile may ever be outside.
    """
    total, below, edge = sum(counts), 0, -math.log(alpha)
    low, middle, high = 0.0, math.inf, math.inf
    for place, upper in enumerate(bounds):
        below += counts[place]
        certain = total > 0 and count_evidence(below, total, quantile) > edge
        if certain and below < quantile * total:
            low = upper
        if math.isinf(middle) and total and below >= quantile * total:
            start = bounds[place - 1] if place else 0.0
            beyond = (below - quantile * total) / counts[place] if counts[place] else 0.0
            middle = upper - (upper - start) * beyond
        if certain and below > quantile * total and math.isinf(high):
            high = upper
    return low, middle if math.isfinite(middle) else bounds[-1], high


def _log_beta(x: float, y: float) -> float:
    return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)
