"""A Kubernetes cluster with Seldon Core: each deployment is the operator's own custom resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import known
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.ingress.render import istio
from seldon_infra.ingress.spec import Istio
from seldon_infra.targets import platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi
    import pulumi_kubernetes

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes

# The Kubernetes provider then waits until the operator reports Available, and fails with its description.
WAIT_FOR = {"pulumi.com/waitFor": "jsonpath={.status.state}=Available"}


def declare(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], opts: pulumi.ResourceOptions | None = None
) -> None:
    """Declare namespaces, ingress, operator and SeldonDeployments on the cluster of ``target``.

    A namespace that is an Output is what another resource gave, so it is not declared a second time.
    """
    import pulumi
    import pulumi_kubernetes

    provider = pulumi_kubernetes.Provider("cluster", opts, context=target.context, kubeconfig=target.kubeconfig)
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
    made = _namespaces(target, deployments, options) if target.create_namespaces else {}
    there = platform.declare(target, made, options)
    for deployment in platform.behind_ingress(target, deployments):
        after = pulumi.ResourceOptions(depends_on=_needs(deployment, made, there))
        _bounds(target, deployment, there, options)
        _custom_resource(deployment, pulumi.ResourceOptions.merge(options, after))


def _namespaces(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], options: pulumi.ResourceOptions
) -> dict[str, pulumi.Resource]:
    import pulumi_kubernetes

    made: dict[str, pulumi.Resource] = {}
    for name, labels in platform.namespaces(target, deployments).items():
        inside = [deployment for deployment in deployments if deployment.namespace == name]
        metadata: Any = {"name": _once_all_valid(inside, name), **({"labels": labels} if labels else {})}
        made[name] = pulumi_kubernetes.core.v1.Namespace(name, metadata=metadata, opts=options)
    return made


def _needs(
    deployment: SeldonDeployment, made: Mapping[str, pulumi.Resource], there: platform.Platform
) -> list[pulumi.Input[pulumi.Resource]]:
    """Give what has to be there before a deployment; with a declared platform that is every namespace."""
    name = known(deployment.namespace)
    own = [made[name]] if name is not None and name in made else []
    return [*own, *there.ready]


def _bounds(
    target: Kubernetes, deployment: SeldonDeployment, there: platform.Platform, options: pulumi.ResourceOptions
) -> None:
    """Declare what bounds the requests to a deployment, where the ingress keeps that in objects of its own."""
    import pulumi

    if not isinstance(target.ingress, Istio):
        return
    from seldon_infra.ingress.component import declare as declare_object

    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*there.after]))
    for name, manifest in istio.destination_rules(target.ingress, deployment).items():
        declare_object(f"{deployment.name}.{name}", manifest, after)


def _once_all_valid(deployments: Sequence[SeldonDeployment], value: Any) -> Any:
    from seldon_infra.targets.later import once_valid

    for deployment in deployments:
        value = once_valid(deployment, check_cluster, value)
    return value


def _custom_resource(
    deployment: SeldonDeployment, options: pulumi.ResourceOptions
) -> pulumi_kubernetes.apiextensions.CustomResource:
    from pulumi_kubernetes.apiextensions import CustomResource

    from seldon_infra.targets.later import once_valid, rendered

    manifest = rendered(deployment, check_cluster, seldon_deployment)
    metadata = dict(manifest["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), **WAIT_FOR}
    metadata["name"] = once_valid(deployment, check_cluster, metadata["name"])
    return CustomResource(
        deployment.name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=metadata,
        spec=manifest["spec"],
        opts=options,
    )
