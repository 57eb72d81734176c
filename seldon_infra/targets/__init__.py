"""Which component lands where: the one place that knows the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.targets.spec import Kubernetes, Local, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pulumi

    from seldon_infra.graph.component import ClusterDeployment
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.local import LocalDeployment

__all__ = ["Kubernetes", "Local", "Target", "declare", "deploy"]


def deploy(target: Target, deployments: Sequence[SeldonDeployment], project: Path) -> None:
    """Declare ``deployments`` on ``target`` and export where each answers, as outputs of the stack."""
    import pulumi

    for name, component in declare(target, deployments, project).items():
        pulumi.export(f"{name}_url", component.url)
        pulumi.export(f"{name}_grpc", component.grpc_endpoint)
        pulumi.export(f"{name}_predict_curl", component.predict_curl)


def declare(
    target: Target,
    deployments: Sequence[SeldonDeployment],
    project: Path,
    opts: pulumi.ResourceOptions | None = None,
) -> Mapping[str, LocalDeployment | ClusterDeployment]:
    """Declare ``deployments`` on ``target``; give them by their names.

    Args:
        target: where they land.
        deployments: what is served; it has been checked.
        project: the folder that paths in them are relative to.
        opts: of everything that is declared, such as its parent.
    """
    if isinstance(target, Local):
        from seldon_infra.targets import local

        return local.declare(target, deployments, project, opts)
    from seldon_infra.targets import kubernetes

    return kubernetes.declare(target, deployments, opts)
