"""A Kubernetes cluster with Seldon Core: each deployment is the operator's own custom resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.render import namespaces, seldon_deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi
    import pulumi_kubernetes

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.component import ModelServerComponent
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.spec import Kubernetes

# The Kubernetes provider then waits until the operator reports Available, and fails with its description.
WAIT_FOR = {"pulumi.com/waitFor": "jsonpath={.status.state}=Available"}


def declare(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    opts: pulumi.ResourceOptions | None = None,
    model_servers: Sequence[ModelServer] = (),
) -> dict[str, ModelServerComponent]:
    """Declare namespaces, SeldonDeployments and model servers on the cluster of ``target``; give these by their names.

    A namespace that is an Output is what another resource gave, so it is not declared a second time.
    """
    import pulumi
    import pulumi_kubernetes

    provider = pulumi_kubernetes.Provider("cluster", opts, context=target.context, kubeconfig=target.kubeconfig)
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
    made = []
    if target.create_namespaces:
        for name in namespaces([*deployments, *model_servers]):
            inside = [deployment for deployment in deployments if deployment.namespace == name]
            named = _once_all_valid(inside, name)
            made.append(pulumi_kubernetes.core.v1.Namespace(name, metadata={"name": named}, opts=options))
    for deployment in deployments:
        _custom_resource(deployment, options)
    return {each.name: _model_server(each, provider, opts, made) for each in model_servers}


def _model_server(
    spec: ModelServer,
    provider: pulumi.ProviderResource,
    opts: pulumi.ResourceOptions | None,
    namespaces: Sequence[pulumi.Resource],
) -> ModelServerComponent:
    from seldon_infra.model_server.check import check_model_server
    from seldon_infra.model_server.component import ModelServerComponent
    from seldon_infra.model_server.render import model_server
    from seldon_infra.targets.later import rendered

    objects = rendered(spec, check_model_server, model_server)
    return ModelServerComponent(spec.name, objects, opts, provider, namespaces)


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
