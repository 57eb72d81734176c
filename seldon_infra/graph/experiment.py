"""The terms of a declared experiment, which its router, its record and its report all go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import known
from seldon_infra.experiments.terms import Terms
from seldon_infra.graph.spec import ABTest
from seldon_infra.graph.walk import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import Node, SeldonDeployment


def terms_of(test: ABTest, deployment: str) -> Terms:
    """Give an experiment's terms; what is known only later is no part of them."""
    return Terms(
        name=test.name,
        deployment=deployment,
        arms=(test.a.name, test.b.name),
        share_b=test.split[1] / 100,
        sticky_by=test.sticky_by.model_dump(),
        metric=test.metric.model_dump(),
        direction=test.direction,
        guardrails=tuple(each.model_dump() for each in test.guardrails),
        min_samples=test.min_samples,
        alpha=test.alpha,
        identity={arm: [_identity(node) for node in nodes(root)] for arm, root in (("a", test.a), ("b", test.b))},
    )


def experiments_in(deployment: SeldonDeployment) -> Iterator[ABTest]:
    """Give the experiments of a deployment."""
    for predictor in deployment.predictors:
        yield from (node for node in nodes(predictor.graph) if isinstance(node, ABTest))


def _identity(node: Node) -> dict[str, Any]:
    """What makes a node another one, as far as the definition says."""
    return {
        "name": node.name,
        "server": type(node.server).__name__,
        "model_uri": known(node.model_uri),
        "model_digest": known(node.model_digest),
        "image": known(getattr(node.server, "image", None)),
    }
