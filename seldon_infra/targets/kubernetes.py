"""A Kubernetes cluster with Seldon Core: each deployment is the operator's own custom resource."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.manifest import KIND
from seldon_infra.graph.render import API_VERSION, STACK_MARK, namespaces, seldon_deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi
    import pulumi_kubernetes

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes

# The Kubernetes provider then waits until the operator reports Available, and fails with its description.
WAIT_FOR = {"pulumi.com/waitFor": "jsonpath={.status.state}=Available"}


def declare(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], opts: pulumi.ResourceOptions | None = None
) -> None:
    """Declare namespaces and SeldonDeployments on the cluster of ``target``.

    A namespace that is an Output is what another resource gave, so it is not declared a second time.
    """
    import pulumi
    import pulumi_kubernetes

    from seldon_infra.targets.live_checks import require_fit

    require_fit(target, deployments, partial(_urn, opts))
    provider = pulumi_kubernetes.Provider("cluster", opts, context=target.context, kubeconfig=target.kubeconfig)
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
    if target.create_namespaces:
        for name in namespaces(deployments):
            inside = [deployment for deployment in deployments if deployment.namespace == name]
            valid = _once_all_valid(inside, name)
            metadata = pulumi_kubernetes.meta.v1.ObjectMetaArgs(name=valid, annotations=_mark())
            pulumi_kubernetes.core.v1.Namespace(name, metadata=metadata, opts=options)
    for deployment in deployments:
        _custom_resource(deployment, options)


def _mark() -> dict[str, Any]:
    """The annotation by which another stack sees whose an object is."""
    from seldon_infra.targets.live_checks import stack_mark

    return {STACK_MARK: stack_mark()}


def _urn(opts: pulumi.ResourceOptions | None, name: str) -> pulumi.Output[str]:
    """The URN that a deployment's resource will have."""
    import pulumi

    return pulumi.Output.from_input(
        pulumi.create_urn(name, f"kubernetes:{API_VERSION}:{KIND}", parent=opts.parent if opts else None)
    )


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
    metadata["annotations"] = {**metadata.get("annotations", {}), **_mark(), **WAIT_FOR}
    metadata["name"] = once_valid(deployment, check_cluster, metadata["name"])
    return CustomResource(
        deployment.name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=metadata,
        spec=manifest["spec"],
        opts=options,
    )
