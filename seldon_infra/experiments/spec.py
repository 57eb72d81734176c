"""What an experiment is judged by: who is one user, what is measured, and what must not get worse."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Spec

LEAST = 100
"""Samples in each arm below which nothing is concluded: intervals for means rest on a normal limit."""
Direction: TypeAlias = Literal["increase", "decrease"]
"""Which way of a metric is the better one."""


class ByHeader(Spec):
    """Who sends the same value of a header is one user."""

    kind: Literal["header"] = "header"
    """Tells kinds apart in data. Always ``header``."""
    name: str
    """Name of the header (for gRPC: of the metadata): ``x-user-id``."""


class ByField(Spec):
    """Who sends the same value in a field of the request is one user."""

    kind: Literal["field"] = "field"
    """Tells kinds apart in data. Always ``field``."""
    path: str
    """Names and indices with dots between, from the request's root: ``parameters.user`` on protocol v2,
    ``meta.tags.user`` on protocol seldon."""


class OutcomeRate(Spec):
    """The share of users for whom something happened: outcomes are 0 or 1."""

    noun: ClassVar[str] = "metric"

    kind: Literal["outcome_rate"] = "outcome_rate"
    """Tells kinds apart in data. Always ``outcome_rate``."""


class OutcomeMean(Spec):
    """The mean of a number per user, such as what was paid."""

    noun: ClassVar[str] = "metric"

    kind: Literal["outcome_mean"] = "outcome_mean"
    """Tells kinds apart in data. Always ``outcome_mean``."""
    low: float
    """The least that an outcome can be; one below is refused."""
    high: float
    """The most that an outcome can be; one above is refused."""


class ErrorRate(Spec):
    """The share of requests that an arm fails to answer: status 5xx, over REST and gRPC."""

    noun: ClassVar[str] = "metric"

    kind: Literal["error_rate"] = "error_rate"
    """Tells kinds apart in data. Always ``error_rate``."""


class LatencyQuantile(Spec):
    """How long an arm takes, in seconds, at most for a share of its requests."""

    noun: ClassVar[str] = "metric"

    kind: Literal["latency"] = "latency"
    """Tells kinds apart in data. Always ``latency``."""
    quantile: float = 0.99
    """The share of requests, between 0 and 1. Default: 0.99."""


Metric: TypeAlias = OutcomeRate | OutcomeMean | ErrorRate | LatencyQuantile
"""What is measured in both arms."""
StickyBy: TypeAlias = ByHeader | ByField
"""What makes two requests those of one user."""


class Guardrail(Spec):
    """What must not get worse; where it does, the experiment is to be stopped at once."""

    noun: ClassVar[str] = "guardrail"

    metric: Metric
    """What is watched."""
    at_most: float = 0.0
    """By how much arm b may be worse than arm a, in the metric's own unit. Default: not at all."""
    worse: Direction = "increase"
    """Which way is worse. Default: ``increase``, as with errors and latency."""
