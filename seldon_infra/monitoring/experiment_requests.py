"""How requests of both arms went on a cluster, from a Prometheus that asks Seldon's executors.

It counts requests of the arm's node, those without a key included, and no users. Counters that begin anew with a pod
are Prometheus' to put right.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from seldon_infra.experiments.evidence import LOOKS, Evidence
from seldon_infra.experiments.ledger import SECONDS, Requests
from seldon_infra.experiments.terms import Terms
from seldon_infra.monitoring.ask import NoPrometheus, ask_range
from seldon_infra.monitoring.series import ASKED_NODES, FAILED, one_of

SECONDS_TO_ANSWER = 30.0
Series: TypeAlias = tuple[Mapping[str, str], Mapping[float, float]]
"""Labels, and what a counter stood at by time."""


def requests_of(terms: Terms, url: str, namespace: str | None, seconds: float) -> list[Evidence]:
    """Ask how requests of both arms went in the last ``seconds``.

    Raises:
        NoPrometheus: it does not answer, or has no such series.
    """
    labels = [f'deployment_name="{terms.deployment}"', f'model_name=~"{"|".join(terms.arms)}"', 'service!~".*feedback"']
    chosen = ", ".join([*labels, f'namespace="{namespace}"'] if namespace else labels)
    buckets = _series(url, f"{ASKED_NODES}_bucket{{{chosen}}}", seconds)
    failures = _series(url, f"{ASKED_NODES}_count{{{chosen}, code=~{one_of(FAILED)}}}", seconds)
    if not buckets:
        raise NoPrometheus(
            f"{url} has no {ASKED_NODES}_bucket of deployment '{terms.deployment}' with the nodes "
            f"{' and '.join(terms.arms)}; declare Monitoring on the target, or give the right --prometheus"
        )
    times = sorted({at for _, points in buckets for at in points})
    below = [(labels, _growth(points, times[0])) for labels, points in buckets]
    failed = [(labels, _growth(points, times[0])) for labels, points in failures]
    return [_evidence(terms, at, below, failed) for at in times]


def _growth(points: Mapping[float, float], begin: float) -> dict[float, float]:
    """How much a counter has grown by each time; one that is put back to nothing goes on from there.

    A counter that was there at the beginning had counted before; one that came later has begun with nothing.
    """
    grown, total, before = {}, 0.0, points.get(begin, 0.0)
    for at in sorted(points):
        value = points[at]
        total += value - before if value >= before else value
        grown[at], before = total, value
    return grown


def _evidence(terms: Terms, at: float, below: Sequence[Series], failed: Sequence[Series]) -> Evidence:
    a, b = (_requests(arm, at, below, failed) for arm in terms.arms)
    return Evidence(at, users=None, requests=(a, b))


def _requests(arm: str, at: float, below: Sequence[Series], failed: Sequence[Series]) -> Requests:
    upto: dict[float, float] = defaultdict(float)
    for labels, points in below:
        if labels.get("model_name") == arm:
            upto[float(labels["le"])] += _latest(points, at)
    total, before, counts = round(upto[math.inf]), 0, []
    for bound in SECONDS:
        # A bound that the executor does not have holds what the one before it held.
        here = max(round(upto.get(bound, before)), before)
        counts.append(here - before)
        before = here
    counts.append(max(total - before, 0))
    failures = sum(_latest(points, at) for labels, points in failed if labels.get("model_name") == arm)
    return Requests(sum(counts), min(round(failures), sum(counts)), counts)


def _latest(points: Mapping[float, float], at: float) -> float:
    """What a counter has grown by: a pod that is gone has still counted."""
    return max((value for time, value in points.items() if time <= at), default=0.0)


def _series(url: str, query: str, seconds: float) -> list[Series]:
    end = time.time()
    step = max(math.ceil(seconds / LOOKS), 1)
    found = ask_range(url, query, (end - seconds, end, step), SECONDS_TO_ANSWER)
    return [(it["metric"], {float(at): float(value) for at, value in it["values"]}) for it in found]
