"""What an experiment says: the effect with its interval, the guardrails, and one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from seldon_infra.experiments.evidence import Evidence
from seldon_infra.experiments.ledger import SECONDS
from seldon_infra.experiments.sequential import (
    Interval,
    Moments,
    means_differ,
    quantile_between,
    quantiles_differ,
    split_mismatch,
)
from seldon_infra.experiments.spec import LEAST
from seldon_infra.experiments.terms import Terms

Decision: TypeAlias = Literal["mismatch", "stop", "not yet", "better", "worse", "open"]
"""What the experiment says, in a word."""
_ARMS = ("a", "b")


@dataclass(frozen=True)
class Measure:
    """One metric in both arms, and its effect."""

    name: str
    samples: tuple[int, int]
    values: tuple[float, float]
    """What each arm has; meaningless where it has no samples."""
    effect: Interval
    percent: bool
    """Whether values are shares, and read in percent."""

    def text(self, value: float) -> str:
        """Write a value of the metric."""
        return f"{100 * value:.3g} %" if self.percent else f"{value:.4g}"

    def distance(self, value: float) -> str:
        """Write a difference of the metric."""
        return f"{100 * value:.3g} points" if self.percent else f"{value:.4g}"

    def interval(self) -> str:
        """Write between what the effect is."""
        return f"{self._bound(self.effect.low)} to {self._bound(self.effect.high)}"

    def _bound(self, value: float) -> str:
        points = " points" if self.percent else ""
        return f"{100 * value if self.percent else value:+.3g}{points}"


@dataclass(frozen=True)
class Guard:
    """A guardrail, its measure, and whether it is certain that it is broken."""

    measure: Measure
    at_most: float
    worse: str
    broken: bool


@dataclass(frozen=True)
class Verdict:
    """All that a report shows."""

    terms: Terms
    now: Evidence
    measure: Measure
    guards: tuple[Guard, ...]
    mismatch: bool
    decision: Decision
    sentence: str
    path: tuple[tuple[float, Interval], ...]
    """Effect and interval over time, from the first time on at which there was anything to say."""


def judge(terms: Terms, evidence: Sequence[Evidence]) -> Verdict:
    """Judge an experiment by what is known of it; ``evidence`` is in the order of time and holds at least one."""
    now = evidence[-1]
    measure = measured(terms.metric, terms, now)
    guards = tuple(_guard(terms, guardrail, now) for guardrail in terms.guardrails)
    mismatch = now.users is not None and _mismatch(terms, now.users)
    decision = _decide(terms, measure, guards, mismatch)
    past = ((each.at, measured(terms.metric, terms, each)) for each in evidence)
    path = tuple((at, it.effect) for at, it in past if min(it.samples) >= LEAST)
    sentence = _sentence(terms, decision, measure, guards, now)
    return Verdict(terms, now, measure, guards, mismatch, decision, sentence, path)


def measured(metric: Mapping[str, Any], terms: Terms, evidence: Evidence) -> Measure:
    """Measure a metric at one time."""
    match metric["kind"]:
        case "outcome_rate":
            return _of_moments("outcomes", evidence.outcomes, terms, percent=True)
        case "outcome_mean":
            return _of_range(metric, evidence.outcomes, terms)
        case "error_rate":
            failures = [Moments(it.answered, it.failed, it.failed) for it in evidence.requests]
            return _of_moments("failed requests", (failures[0], failures[1]), terms, percent=True)
    return _of_latency(float(metric["quantile"]), evidence, terms)


def _of_moments(name: str, arms: tuple[Moments, Moments], terms: Terms, percent: bool) -> Measure:
    a, b = arms
    effect = means_differ(a, b, terms.alpha, terms.min_samples)
    return Measure(name, (a.count, b.count), (a.mean, b.mean), effect, percent)


def _of_range(metric: Mapping[str, Any], arms: tuple[Moments, Moments], terms: Terms) -> Measure:
    """Judge means on a scale from 0 to 1, which the interval's caution about rare values is made for."""
    low, size = metric["low"], metric["high"] - metric["low"]
    scaled = [
        Moments(
            it.count,
            (it.total - it.count * low) / size,
            (it.squares - 2 * low * it.total + it.count * low**2) / size**2,
        )
        for it in arms
    ]
    found = means_differ(scaled[0], scaled[1], terms.alpha, terms.min_samples)
    effect = Interval(found.effect * size, found.low * size, found.high * size)
    counts, means = [it.count for it in arms], [it.mean for it in arms]
    return Measure("mean outcome", (counts[0], counts[1]), (means[0], means[1]), effect, percent=False)


def _of_latency(quantile: float, evidence: Evidence, terms: Terms) -> Measure:
    a, b = (it.buckets for it in evidence.requests)
    effect = quantiles_differ(a, b, SECONDS, quantile, terms.alpha)
    values = [quantile_between(it, SECONDS, quantile, terms.alpha / 2)[1] for it in (a, b)]
    name = f"p{100 * quantile:g} in seconds"
    return Measure(name, (sum(a), sum(b)), (values[0], values[1]), effect, percent=False)


def _guard(terms: Terms, guardrail: Mapping[str, Any], now: Evidence) -> Guard:
    measure = measured(guardrail["metric"], terms, now)
    at_most, worse = float(guardrail["at_most"]), str(guardrail["worse"])
    surely = measure.effect.low if worse == "increase" else -measure.effect.high
    return Guard(measure, at_most, worse, min(measure.samples) >= LEAST and surely > at_most)


def _mismatch(terms: Terms, users: tuple[int, int]) -> bool:
    if terms.share_b in (0.0, 1.0):
        return users[0 if terms.share_b else 1] > 0
    return split_mismatch(*users, terms.share_b)


def _decide(terms: Terms, measure: Measure, guards: Sequence[Guard], mismatch: bool) -> Decision:
    if mismatch:
        return "mismatch"
    if any(guard.broken for guard in guards):
        return "stop"
    if min(measure.samples) < terms.min_samples:
        return "not yet"
    effect, up = measure.effect, terms.direction == "increase"
    if effect.low > 0:
        return "better" if up else "worse"
    if effect.high < 0:
        return "worse" if up else "better"
    return "open"


def _sentence(terms: Terms, decision: Decision, measure: Measure, guards: Sequence[Guard], now: Evidence) -> str:
    a, b = (f"{arm} ('{name}')" for arm, name in zip(_ARMS, terms.arms, strict=True))
    effect = f"{measure.name} {measure.text(measure.values[0])} against {measure.text(measure.values[1])}"
    match decision:
        case "mismatch":
            users = now.users or (0, 0)
            declared = f"{100 - 100 * terms.share_b:g} to {100 * terms.share_b:g}"
            return (
                f"Do not trust it: {users[0]} users in a and {users[1]} in b cannot well be a split of {declared}; "
                "look for requests that are lost, or counted, in one arm alone."
            )
        case "stop":
            broken = next(guard for guard in guards if guard.broken)
            return (
                f"Stop: {b} is worse than {a} in {broken.measure.name}, a difference of {broken.measure.interval()}, "
                f"of which the guardrail allows {broken.measure.distance(broken.at_most)}."
            )
        case "not yet":
            short = [
                f"{arm} has {count} of {terms.min_samples} samples"
                for arm, count in zip((a, b), measure.samples, strict=True)
                if count < terms.min_samples
            ]
            return f"Not yet: {', '.join(short)}."
        case "better" | "worse":
            return f"{b} is {decision} than {a}: {effect}, a difference of {measure.interval()}."
    return f"No difference is seen so far: {effect}, a difference of {measure.interval()}."
