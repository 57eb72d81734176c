"""Which component lands where: the one place that knows the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.targets.spec import Kubernetes, Local, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seldon_infra.graph.spec import SeldonDeployment

__all__ = ["Kubernetes", "Local", "Target", "deploy"]


def deploy(target: Target, deployments: Sequence[SeldonDeployment], project: Path) -> None:
    """Declare ``deployments`` on ``target``; paths in them are relative to ``project``."""
    if isinstance(target, Local):
        from seldon_infra.targets import local

        local.deploy(target, deployments, project)
    else:
        from seldon_infra.targets import kubernetes

        kubernetes.deploy(target, deployments)
