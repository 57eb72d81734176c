"""Which component lands where: the one place that knows the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.targets.landed import Landed
from seldon_infra.targets.spec import Kubernetes, Local, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pulumi

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer

__all__ = ["Kubernetes", "Landed", "Local", "Target", "declare", "deploy"]


def deploy(
    target: Target,
    deployments: Sequence[SeldonDeployment],
    project: Path,
    model_servers: Sequence[ModelServer] = (),
) -> None:
    """Declare deployments and model servers on ``target`` and export where each answers, as outputs of the stack."""
    import pulumi

    landed = declare(target, deployments, project, model_servers=model_servers)
    # A deployment that is called `ingress` keeps its own output of that name, so deployments come later.
    if landed.ingress_url is not None:
        pulumi.export("ingress_url", landed.ingress_url)
    for name, value in landed.outputs.items():
        pulumi.export(name, value)
    for name, component in landed.components.items():
        pulumi.export(f"{name}_url", component.url)
        pulumi.export(f"{name}_grpc", component.grpc_endpoint)
        pulumi.export(f"{name}_predict_curl", component.predict_curl)


def declare(
    target: Target,
    deployments: Sequence[SeldonDeployment],
    project: Path,
    opts: pulumi.ResourceOptions | None = None,
    model_servers: Sequence[ModelServer] = (),
) -> Landed:
    """Declare deployments and model servers on ``target``; give them by their names, with the way in.

    On this machine a model server is a deployment of one node.

    Args:
        target: where they land.
        deployments: what is served; it has been checked.
        project: the folder that paths in them are relative to.
        opts: of everything that is declared, such as its parent.
        model_servers: servers on their own; they have been checked.
    """
    if isinstance(target, Local):
        from seldon_infra.model_server.check import as_deployment
        from seldon_infra.targets import local

        alone = [as_deployment(each, each.name) for each in model_servers]
        return local.declare(target, [*deployments, *alone], project, opts)
    from seldon_infra.targets import kubernetes

    return kubernetes.declare(target, deployments, opts, model_servers, project)
