"""Rules about a cluster's operator and ingress together with the deployments of a stack; nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.ingress import check as ingress_rules
from seldon_infra.ingress.spec import Ambassador, Istio
from seldon_infra.seldon_core import check as core_rules
from seldon_infra.seldon_core.catalogue import Versions, problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seldon_infra.core.problems import Problem
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.spec import Kubernetes


def check_platform(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find what is wrong with operator and ingress, and deployments that do not go with them."""
    core, ingress = target.seldon_core, target.ingress
    found = [*core_rules.check(core), *core_rules.check_together(core, deployments)]
    if ingress is not None:
        found += [*ingress_rules.check(ingress), *ingress_rules.check_together(ingress, deployments)]
    return [*found, *(problem.within("Kubernetes") for problem in problems(declared_versions(target)))]


def declared_versions(target: Kubernetes) -> Versions:
    """Give the versions that a stack itself installs: hold them against what a live cluster has, as well."""
    core, ingress = target.seldon_core, target.ingress
    installed = None if ingress is None or ingress.existing else ingress.version
    return Versions(
        seldon=None if core.existing else core.version,
        istio=installed if isinstance(ingress, Istio) else None,
        emissary=installed if isinstance(ingress, Ambassador) else None,
    )
