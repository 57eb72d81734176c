"""A Kubernetes cluster with Seldon Core: each deployment is the operator's own custom resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import known
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.render import namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from seldon_infra.graph.component import ClusterDeployment
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes


def declare(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], opts: pulumi.ResourceOptions | None = None
) -> Mapping[str, ClusterDeployment]:
    """Declare namespaces and SeldonDeployments on the cluster of ``target``; give the latter by their names.

    A namespace that is an Output is what another resource gave, so it is not declared a second time.
    """
    import pulumi
    import pulumi_kubernetes

    from seldon_infra.targets.kubernetes_deployment import ClusterRollouts

    provider = pulumi_kubernetes.Provider("cluster", opts, context=target.context, kubeconfig=target.kubeconfig)
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
    made = _namespaces(target, deployments, options) if target.create_namespaces else {}
    rollouts = ClusterRollouts(target)
    declared = {}
    for deployment in deployments:
        name = known(deployment.namespace)
        after = pulumi.ResourceOptions(depends_on=[made[name]] if name in made else [])
        inside = pulumi.ResourceOptions.merge(options, after)
        declared[deployment.name] = rollouts.deployed(deployment, opts=inside)
    return declared


def _namespaces(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], options: pulumi.ResourceOptions
) -> dict[str | None, pulumi.Resource]:
    import pulumi_kubernetes

    made: dict[str | None, pulumi.Resource] = {}
    for name in namespaces(deployments):
        inside = [deployment for deployment in deployments if deployment.namespace == name]
        metadata: Any = {"name": _once_all_valid(inside, name)}
        made[name] = pulumi_kubernetes.core.v1.Namespace(name, metadata=metadata, opts=options)
    return made


def _once_all_valid(deployments: Sequence[SeldonDeployment], value: Any) -> Any:
    from seldon_infra.targets.later import once_valid

    for deployment in deployments:
        value = once_valid(deployment, check_cluster, value)
    return value
