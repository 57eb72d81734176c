"""Every rule about a SeldonDeployment that needs no cluster: a definition in, all its problems out.

What is not known yet (a Pulumi Output) is passed over. ``seldon_infra.core.model.resolve`` puts values in their
place; then the same functions judge the same definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.problems import gather
from seldon_infra.graph.capabilities import lost as lost_on_clusters
from seldon_infra.graph.rules import (
    access,
    alerts,
    amounts,
    bandits,
    detectors,
    environment,
    experiments,
    explainers,
    lost,
    names,
    objects,
    payloads,
    pods,
    protocols,
    references,
    rollout,
    scaling,
    security,
    servers,
    settings,
    shape,
    signatures,
    slo,
    storage,
    targets,
    traffic,
    triton,
)
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in, predictors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seldon_infra.core.problems import Problem
    from seldon_infra.graph.spec import SeldonDeployment

    DeploymentRule = Callable[[SeldonDeployment], Iterator[Problem]]
    PredictorRule = Callable[[InPredictor], Iterator[Problem]]
    NodeRule = Callable[[InNode], Iterator[Problem]]

DEPLOYMENT_RULES: tuple[DeploymentRule, ...] = (
    *names.DEPLOYMENT_RULES,
    *traffic.DEPLOYMENT_RULES,
    *protocols.DEPLOYMENT_RULES,
    *settings.DEPLOYMENT_RULES,
    *storage.DEPLOYMENT_RULES,
    *access.DEPLOYMENT_RULES,
    *security.DEPLOYMENT_RULES,
    *slo.DEPLOYMENT_RULES,
    *alerts.DEPLOYMENT_RULES,
    *payloads.DEPLOYMENT_RULES,
    *rollout.DEPLOYMENT_RULES,
)
PREDICTOR_RULES: tuple[PredictorRule, ...] = (
    *names.PREDICTOR_RULES,
    *traffic.PREDICTOR_RULES,
    *shape.PREDICTOR_RULES,
    *lost.PREDICTOR_RULES,
    *pods.PREDICTOR_RULES,
    *servers.PREDICTOR_RULES,
    *references.PREDICTOR_RULES,
    *amounts.PREDICTOR_RULES,
    *environment.PREDICTOR_RULES,
    *scaling.PREDICTOR_RULES,
    *signatures.PREDICTOR_RULES,
    *settings.PREDICTOR_RULES,
    *security.PREDICTOR_RULES,
    *payloads.PREDICTOR_RULES,
    *explainers.PREDICTOR_RULES,
)
NODE_RULES: tuple[NodeRule, ...] = (
    *names.NODE_RULES,
    *objects.NODE_RULES,
    *shape.NODE_RULES,
    *servers.NODE_RULES,
    *references.NODE_RULES,
    *lost.NODE_RULES,
    *triton.NODE_RULES,
    *protocols.NODE_RULES,
    *environment.NODE_RULES,
    *payloads.NODE_RULES,
    *bandits.NODE_RULES,
    *security.NODE_RULES,
    *experiments.NODE_RULES,
    *detectors.NODE_RULES,
)


def check(deployment: SeldonDeployment, *, portable: bool = True) -> list[Problem]:
    """Find every problem of a deployment that can be known without a cluster, all at once.

    Args:
        deployment: what is declared.
        portable: hold it to what Seldon's executor does on a cluster; False for a stack that stays on this machine.
    """
    return _judge(deployment, _deployment_rules(portable=portable), PREDICTOR_RULES, _node_rules(portable=portable))


def check_local(deployment: SeldonDeployment, *, portable: bool = True) -> list[Problem]:
    """Find what keeps a deployment from running on this machine, what :func:`check` finds included."""
    only = () if portable else targets.LOCAL_ONLY_NODE_RULES
    return _judge(
        deployment,
        (*_deployment_rules(portable=portable), *targets.LOCAL_DEPLOYMENT_RULES),
        (*PREDICTOR_RULES, *targets.LOCAL_PREDICTOR_RULES),
        (*_node_rules(portable=portable), *targets.LOCAL_NODE_RULES, *only),
    )


def check_cluster(deployment: SeldonDeployment) -> list[Problem]:
    """Find what keeps a deployment from running on a cluster, what :func:`check` finds included."""
    return _judge(
        deployment,
        (
            *_deployment_rules(portable=True),
            lost_on_clusters,
            *rollout.CLUSTER_DEPLOYMENT_RULES,
            *storage.CLUSTER_DEPLOYMENT_RULES,
        ),
        (*PREDICTOR_RULES, *targets.CLUSTER_PREDICTOR_RULES, *rollout.CLUSTER_PREDICTOR_RULES),
        (*_node_rules(portable=True), *targets.CLUSTER_NODE_RULES),
    )


def check_together(deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find what keeps deployments from being side by side on a cluster, though each is right by itself."""
    right = [each for each in deployments if not too_large(each)]
    return [*objects.objects_differ_between(right), *explainers.virtual_services_differ_between(right)]


def check_paths(deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find deployments that would take each other's paths, wherever they are served."""
    return list(explainers.paths_differ_between(deployments))


def check_manifest(deployment: SeldonDeployment) -> list[Problem]:
    """Find what a deployment's manifest for a cluster would lack, or drop in silence."""
    return _judge(deployment, (), (), targets.MANIFEST_NODE_RULES)


def too_large(deployment: SeldonDeployment) -> list[Problem]:
    """Find graphs that nothing here should walk through, whatever it wants to do with them."""
    return list(gather(shape.size_is_bounded(at) for at in predictors(deployment)))


def _deployment_rules(*, portable: bool) -> tuple[DeploymentRule, ...]:
    return (*DEPLOYMENT_RULES, *objects.PORTABLE_DEPLOYMENT_RULES) if portable else DEPLOYMENT_RULES


def _node_rules(*, portable: bool) -> tuple[NodeRule, ...]:
    return (*NODE_RULES, *protocols.PORTABLE_NODE_RULES, *experiments.PORTABLE_NODE_RULES) if portable else NODE_RULES


def _judge(
    deployment: SeldonDeployment,
    deployment_rules: tuple[DeploymentRule, ...],
    predictor_rules: tuple[PredictorRule, ...],
    node_rules: tuple[NodeRule, ...],
) -> list[Problem]:
    """Run rules from the outside in, so that problems come in the order of the definition."""
    if large := too_large(deployment):
        return large
    found = list(gather(rule(deployment) for rule in deployment_rules))
    for at in predictors(deployment):
        found += gather(rule(at) for rule in predictor_rules)
        for inner in nodes_in(at):
            found += gather(rule(inner) for rule in node_rules)
    return found
