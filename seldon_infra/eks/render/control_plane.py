"""The control plane, the role that it acts by, and the key of Kubernetes' secrets."""

from __future__ import annotations

from seldon_infra.core.names import shortened
from seldon_infra.eks.parts import Part
from seldon_infra.eks.render.network import Place
from seldon_infra.eks.render.policies import managed, trust_of_service
from seldon_infra.eks.spec import EksCluster

ROLE_NAME = 46
"""Most characters of a role's name before those that make it unique."""
_SUPPORT = {"standard": "STANDARD", "extended": "EXTENDED"}

_PREFERRED = {"emptiest": "LeastAllocated", "fullest": "MostAllocated"}


def control_plane(spec: EksCluster, place: Place) -> tuple[Part, tuple[Part, ...]]:
    """The control plane, and what it needs."""
    role = Part(
        "cluster",
        "IamRole",
        {
            "region": spec.region,
            "tags": spec.tags,
            "name": shortened(f"{spec.name}-cluster", ROLE_NAME),
            "description": f"EKS acts by it for cluster {spec.name}",
            "trust": trust_of_service("eks.amazonaws.com"),
            "policy_arns": [managed(spec.region, "AmazonEKSClusterPolicy")],
        },
    )
    keys = () if spec.secrets_key is not None else (_key(spec),)
    inputs = {
        "region": spec.region,
        "tags": spec.tags,
        "name": spec.name,
        "version": spec.version,
        "force_update": spec.force_upgrade,
        "role_arn": role["arn"],
        "subnet_ids": list(place.subnets.values()),
        "security_group_ids": list(spec.security_group_ids),
        "endpoint_private_access": spec.private_access,
        "endpoint_public_access": bool(spec.public_access_cidrs),
        "public_access_cidrs": list(spec.public_access_cidrs),
        "service_ipv4_cidr": spec.service_cidr,
        "encryption_key_arn": keys[0]["arn"] if keys else spec.secrets_key,
        "log_types": list(spec.logs),
        "authentication_mode": "API",
        "creator_is_admin": spec.deployer is None,
        "self_managed_addons": False,
        "support_type": _SUPPORT[spec.upgrade_policy],
        "zonal_shift": spec.zonal_shift,
        "scaling_tier": spec.control_plane_tier,
        "components": _components(spec),
        "deletion_protection": spec.deletion_protection,
    }
    # Who has made it counts once: a deployer that is named later gets an entry like everybody else.
    return Part(spec.name, "EksCluster", inputs, ignored=("creatorIsAdmin",)), (role, *keys)


def _components(spec: EksCluster) -> dict[str, object] | None:
    """Settings of Kubernetes' own programs; None where all are left to EKS."""
    scheduling = spec.scheduling
    declared: dict[str, object] = {
        "scoring": scheduling and _PREFERRED[scheduling.prefer],
        "scoring_weights": scheduling and dict(scheduling.weights),
        "hpa_sync_period": spec.hpa_sync_period,
    }
    return {name: value for name, value in declared.items() if value} or None


def _key(spec: EksCluster) -> Part:
    return Part(
        "secrets",
        "KmsKey",
        {
            "region": spec.region,
            "tags": spec.tags,
            "description": f"secrets of Kubernetes in cluster {spec.name}",
            "alias": f"alias/eks/{spec.name}",
        },
    )
