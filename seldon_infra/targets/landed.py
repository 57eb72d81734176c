"""What was declared on a target, for those who export it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

    from seldon_infra.graph.component import ClusterDeployment
    from seldon_infra.model_server.component import ModelServerComponent
    from seldon_infra.targets.local import LocalDeployment


@dataclass(frozen=True)
class Landed:
    """Components by their names, and the way in."""

    components: Mapping[str, LocalDeployment | ClusterDeployment | ModelServerComponent]
    ingress_url: pulumi.Input[str] | None = None
    """Where the ingress that the stack declares answers."""
    outputs: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What else the stack gives: of a cluster that it makes its kubeconfig, name, endpoint and issuer."""
