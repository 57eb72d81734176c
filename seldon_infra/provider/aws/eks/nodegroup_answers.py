"""What AWS answers about a node group, as inputs: the parts that take more than a look."""

from __future__ import annotations

from seldon_infra.provider.aws.eks.nodegroup_requests import REPAIR_LIMITS, REPAIR_OVERRIDE
from seldon_infra.provider.aws.eks.objects import seen
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.resources.aws_eks_nodegroup import (
    EksLaunchTemplate,
    EksNodegroupInputs,
    EksNodeRepair,
    EksNodeUpdate,
    EksRemoteAccess,
    EksRepairOverride,
    EksTaint,
    EksWarmPool,
)


def seen_template(template: Body, last: EksNodegroupInputs | None) -> EksLaunchTemplate:
    """The launch template, named as it is declared; an import knows both its id and its name."""
    declared = last.launch_template if last else None
    named = {name: template[name] for name in ("id", "name") if declared is None or getattr(declared, name)}
    return seen(EksLaunchTemplate, **named, version=template["version"])


def seen_taints(body: Body) -> list[EksTaint]:
    """The taints."""
    return [
        seen(EksTaint, key=it["key"], value=it.get("value", ""), effect=it["effect"]) for it in body.get("taints", [])
    ]


def seen_update(body: Body) -> EksNodeUpdate:
    """How an update goes."""
    config = body.get("updateConfig", {})
    return seen(
        EksNodeUpdate,
        max_unavailable=config.get("maxUnavailable"),
        max_unavailable_percentage=config.get("maxUnavailablePercentage"),
        strategy=config.get("updateStrategy", "DEFAULT"),
    )


def seen_repair(body: Body, last: EksNodegroupInputs | None) -> EksNodeRepair | None:
    """How far repair goes."""
    config = body.get("nodeRepairConfig", {})
    overrides = [
        seen(EksRepairOverride, **{name: it[called] for name, called in REPAIR_OVERRIDE.items()})
        for it in config.get("nodeRepairConfigOverrides", [])
    ]
    limits = {name: config.get(called) for name, called in REPAIR_LIMITS.items()}
    found = seen(EksNodeRepair, **limits, overrides=overrides)
    return found if (last and last.repair) or found != EksNodeRepair() else None


def seen_warm_pool(body: Body, last: EksNodegroupInputs | None) -> EksWarmPool | None:
    """Machines in reserve; how many at most is AWS's affair where nobody says it."""
    config = body.get("warmPoolConfig", {})
    if not config.get("enabled"):
        return None
    says = last is None or last.warm_pool is None or last.warm_pool.max_prepared is not None
    return seen(
        EksWarmPool,
        min_size=config.get("minSize", 0),
        max_prepared=config.get("maxGroupPreparedCapacity") if says else None,
        state=config.get("poolState", "STOPPED"),
        reuse=config.get("reuseOnScaleIn", False),
    )


def seen_remote_access(body: Body) -> EksRemoteAccess | None:
    """SSH."""
    access = body.get("remoteAccess")
    if not access:
        return None
    groups = access.get("sourceSecurityGroups", [])
    return seen(EksRemoteAccess, ec2_ssh_key=access["ec2SshKey"], source_security_group_ids=groups)
