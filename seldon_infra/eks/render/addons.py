"""Add-ons, each with a role for the service account by which it acts in AWS."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.names import shortened
from seldon_infra.eks.catalogue import ADDONS, AddonNeeds
from seldon_infra.eks.parts import Part
from seldon_infra.eks.render.control_plane import ROLE_NAME
from seldon_infra.eks.render.policies import managed, trust_of_pods
from seldon_infra.eks.spec import Addon, EksCluster


def early(spec: EksCluster, control: Part) -> tuple[Part, ...]:
    """What is there before the nodes, which do not get ready without it."""
    return tuple(part for addon in spec.addons if _is_early(addon) for part in _parts(spec, addon, control, ()))


def late(spec: EksCluster, control: Part, nodes: tuple[Part, ...]) -> tuple[Part, ...]:
    """What is not healthy without nodes."""
    return tuple(part for addon in spec.addons if not _is_early(addon) for part in _parts(spec, addon, control, nodes))


def _is_early(addon: Addon) -> bool:
    return _needs(addon).before_nodes if addon.before_nodes is None else addon.before_nodes


def _needs(addon: Addon) -> AddonNeeds:
    return ADDONS.get(addon.name, AddonNeeds())


def _account(addon: Addon) -> str | None:
    return addon.service_account or _needs(addon).service_account


def _parts(spec: EksCluster, addon: Addon, control: Part, after: tuple[Part, ...]) -> Iterator[Part]:
    roles = list(_role(spec, addon))
    yield from roles
    inputs = {
        "region": spec.region,
        "tags": spec.tags,
        "cluster_name": control["name"],
        "name": addon.name,
        "version": addon.version,
        "kubernetes_version": spec.version if addon.version is None else None,
        "configuration": dict(addon.configuration),
        "pod_identities": {_account(addon): role["arn"] for role in roles},
    }
    yield Part(addon.name, "EksAddon", inputs, after)


def _role(spec: EksCluster, addon: Addon) -> Iterator[Part]:
    needs, account = _needs(addon), _account(addon)
    policies = addon.policies or [managed(spec.region, name) for name in needs.policies]
    if account is None or not policies:
        return
    inputs = {
        "region": spec.region,
        "tags": spec.tags,
        "name": shortened(f"{spec.name}-{addon.name}", ROLE_NAME),
        "description": f"add-on {addon.name} in cluster {spec.name}",
        "trust": trust_of_pods(spec.name, needs.namespace if addon.name in ADDONS else None, account),
        "policy_arns": list(policies),
    }
    yield Part(addon.name, "IamRole", inputs)
