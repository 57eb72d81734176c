"""Rules about experiments: shares, arms, keys and what is measured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.experiments.spec import LEAST, ByField, ByHeader, LatencyQuantile, OutcomeMean
from seldon_infra.graph.rules.place import InNode, transports
from seldon_infra.graph.spec import ABTest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.experiments.spec import Metric

_HEADER = re.compile(r"[A-Za-z0-9-]+")
_FOLDED = re.compile(r"seldon-puid|content-.*|host|te|connection|authorization", re.IGNORECASE)


def split_adds_up(at: InNode) -> Iterator[Problem]:
    """Every user belongs to one of two arms."""
    if not isinstance(at.node, ABTest):
        return
    a, b = at.node.split
    # Written so that a share that is no number is said too.
    if not (a >= 0 and b >= 0 and abs(a + b - 100) <= 1e-9):
        fix = f"write split=({100 - b:g}, {b:g})" if 0 <= b <= 100 else "write split=(50, 50)"
        yield Problem(at.path, f"split ({a:g}, {b:g})", "must be two shares that add up to 100", fix)


def key_can_be_found(at: InNode) -> Iterator[Problem]:
    """What makes a user is a header that gateways hand on, or a path into the request."""
    if not isinstance(at.node, ABTest):
        return
    match at.node.sticky_by:
        case ByHeader(name=name) if not _HEADER.fullmatch(name):
            got, rule = f"sticky_by header '{name}'", "must be letters, digits and dashes: gateways drop others"
            yield Problem(at.path, got, rule, "write ByHeader(name='x-user-id')")
        case ByHeader(name=name) if _FOLDED.fullmatch(name):
            got, rule = f"sticky_by header '{name}'", "must be one that says who the user is"
            yield Problem(at.path, got, rule, "write ByHeader(name='x-user-id')")
        case ByField(path=path) if not all(path.split(".")):
            got, rule = f"sticky_by field '{path}'", "must be names and indices with dots between"
            yield Problem(at.path, got, rule, "write ByField(path='parameters.user')")


def analysis_is_possible(at: InNode) -> Iterator[Problem]:
    """Numbers that the analysis works with."""
    test = at.node
    if not isinstance(test, ABTest):
        return
    if not 0 < test.alpha <= 0.5:
        yield Problem(at.path, f"alpha {test.alpha:g}", "must be above 0 and at most 0.5", "write alpha=0.05")
    if test.min_samples < LEAST:
        rule = f"must be at least {LEAST}: intervals are wrong for fewer"
        yield Problem(at.path, f"min_samples {test.min_samples}", rule, f"write min_samples={LEAST} or more")
    yield from _metric(at.path, "metric", test.metric)
    for index, guardrail in enumerate(test.guardrails):
        yield from _metric(at.path, f"guardrails[{index}].metric", guardrail.metric)
        if not guardrail.at_most >= 0:
            got, fix = f"guardrails[{index}].at_most {guardrail.at_most:g}", "write at_most=0 or more"
            yield Problem(at.path, got, "must not be negative: it is how much worse b may be", fix)


def outcomes_are_one_kind(at: InNode) -> Iterator[Problem]:
    """A user has one outcome, so the decision and the guardrails mean the same one."""
    if not isinstance(at.node, ABTest):
        return
    metrics = (at.node.metric, *(each.metric for each in at.node.guardrails))
    outcomes = {each.model_dump_json() for each in metrics if each.kind.startswith("outcome")}
    if len(outcomes) > 1:
        fix = "keep one of them, and make another experiment for the other"
        yield Problem(at.path, "several metrics of outcomes", "must be one: a user has one outcome", fix)


def router_works_on_protocol(at: InNode) -> Iterator[Problem]:
    """On a cluster Seldon's executor asks routers on v2 over REST alone; over gRPC it panics."""
    if isinstance(at.node, ABTest) and at.deployment.protocol == "v2" and "grpc" in transports(at.deployment):
        yield Problem(
            at.path,
            "A/B test on protocol 'v2' over gRPC",
            "must be served over REST alone: Seldon's executor panics on a router over gRPC",
            f"set transport='rest' on {title(at.deployment)}, or portable=False for a stack that stays on this machine",
        )


def _metric(path: str, field: str, metric: Metric) -> Iterator[Problem]:
    match metric:
        case LatencyQuantile(quantile=quantile) if not 0 < quantile < 1:
            fix = f"write quantile={quantile / 100:g}" if 1 < quantile < 100 else "write quantile=0.99"
            yield Problem(path, f"{field} quantile {quantile:g}", "must be a share between 0 and 1", fix)
        case OutcomeMean(low=low, high=high) if not low < high:
            yield Problem(path, f"{field} from {low:g} to {high:g}", "must begin below where it ends", "swap them")


NODE_RULES = (split_adds_up, key_can_be_found, analysis_is_possible, outcomes_are_one_kind)
PORTABLE_NODE_RULES = (router_works_on_protocol,)
