"""The Deployments that Seldon's operator makes of a predictor, by which Kubernetes' own metrics name its pods."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Predictor, SeldonDeployment
from seldon_infra.monitoring.series import one_of


def workloads(deployment: SeldonDeployment, predictor: Predictor) -> list[str]:
    """Give the names of a predictor's Deployments."""
    return [made["metadata"]["name"] for made in _made(deployment, predictor) if made["kind"] == "Deployment"]


def autoscalers(deployment: SeldonDeployment, predictor: Predictor) -> list[str]:
    """Give the names of a predictor's HorizontalPodAutoscalers; those that KEDA makes have a prefix.

    Source: getDefaultHpaName of kedacore/keda.
    """
    prefixes = {"HorizontalPodAutoscaler": "", "ScaledObject": "keda-hpa-"}
    made = ((each["kind"], each["metadata"]["name"]) for each in _made(deployment, predictor))
    return [f"{prefixes[kind]}{name}" for kind, name in made if kind in prefixes]


def pods(names: Iterable[str]) -> str:
    """Write an expression that the names of all pods of these Deployments match, and no other's."""
    return one_of(f"{name}-[a-z0-9]+-[a-z0-9]+" for name in names)


def replica_sets(names: Iterable[str]) -> str:
    """Write an expression that the names of all ReplicaSets of these Deployments match."""
    return one_of(f"{name}-[a-z0-9]+" for name in names)


def _made(deployment: SeldonDeployment, predictor: Predictor) -> list[Manifest]:
    return expanded(seldon_deployment(deployment.model_copy(update={"predictors": (predictor,)})))
