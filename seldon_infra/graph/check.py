"""Every rule about a SeldonDeployment that needs no cluster: a definition in, all its problems out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seldon_infra.core.problems import Problem
    from seldon_infra.graph.spec import SeldonDeployment


def check(deployment: SeldonDeployment, *, portable: bool = True) -> list[Problem]:
    """Find every problem of a deployment that can be known without a cluster."""
    return []
