"""What a router that learns has in its pod: a claim, and a file in it that is its own."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_infra.core.model import Later
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Node, PodSecurity, Predictor, SeldonDeployment
from seldon_infra.servers.bandits import STATE_ENV, STATE_FOLDER, EpsilonGreedy, ThompsonSampling


def learnt_environment(deployment: SeldonDeployment, predictor: Predictor, node: Node) -> list[Manifest]:
    """The variable that says in which file a router keeps what it learns; several routers may share a claim."""
    if _claim(node) is None:
        return []
    return [{"name": STATE_ENV, "value": f"{STATE_FOLDER}/{deployment.name}.{predictor.name}.{node.name}.json"}]


def learnt_mounts(node: Node) -> list[Manifest]:
    """Where a router's container has its claim."""
    return [] if _claim(node) is None else [{"name": f"{node.name}-learnt", "mountPath": STATE_FOLDER}]


def learnt_volumes(inside: Iterable[Node]) -> list[Manifest]:
    """Claims of a pod's routers."""
    claims = ((node.name, _claim(node)) for node in inside)
    return [
        {"name": f"{name}-learnt", "persistentVolumeClaim": {"claimName": claim}}
        for name, claim in claims
        if claim is not None
    ]


def learnt_group(security: PodSecurity, inside: Iterable[Node]) -> Manifest:
    """The group that a pod's claims are given to: a new volume is root's, and the router is not."""
    return {"fsGroup": security.run_as_group} if any(_claim(node) is not None for node in inside) else {}


def _claim(node: Node) -> Later[str] | None:
    return node.server.claim if isinstance(node.server, EpsilonGreedy | ThompsonSampling) else None
