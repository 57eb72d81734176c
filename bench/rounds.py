"""Several rounds of one load, in words."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from seldon_infra.cli.load import Result


def summary(rounds: Sequence[Result]) -> str:
    """Give the medians of the rounds' rates and latencies."""
    rate = statistics.median(result.rate for result in rounds)
    p50, p99 = (statistics.median(result.percentile(percent) for result in rounds) for percent in (50, 99))
    return f"{rate:.0f}/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms"
