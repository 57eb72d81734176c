"""What is sent to make and to change a node group: its parts, what rolls its nodes, and what does not."""

from __future__ import annotations

from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.resources.aws_eks_nodegroup import (
    EksLaunchTemplate,
    EksNodegroupInputs,
    EksNodeRepair,
    EksNodeUpdate,
    EksWarmPool,
)

REPAIR_LIMITS = {
    "max_unhealthy": "maxUnhealthyNodeThresholdCount",
    "max_unhealthy_percentage": "maxUnhealthyNodeThresholdPercentage",
    "max_parallel": "maxParallelNodesRepairedCount",
    "max_parallel_percentage": "maxParallelNodesRepairedPercentage",
}
"""What EKS calls the limits of repair."""
REPAIR_OVERRIDE = {
    "condition": "nodeMonitoringCondition",
    "reason": "nodeUnhealthyReason",
    "wait_minutes": "minRepairWaitTimeMins",
    "action": "repairAction",
}
"""What EKS calls the parts of an override."""


def given_template(template: EksLaunchTemplate) -> Body:
    """A launch template, which AWS takes by one of its names."""
    named = {"id": template.id} if template.id else {"name": template.name}
    return {**named, "version": template.version}


def scaling_config(inputs: EksNodegroupInputs, now: int | None = None) -> Body:
    """Sizes; where nobody says how many nodes, as many as there are, within the bounds."""
    wanted = inputs.desired_size
    if wanted is None:
        wanted = min(max(now or 0, inputs.min_size), inputs.max_size)
    return {"minSize": inputs.min_size, "maxSize": inputs.max_size, "desiredSize": wanted}


def update_config(update: EksNodeUpdate) -> Body:
    """How an update goes."""
    share = update.max_unavailable_percentage
    config: Body = {"maxUnavailablePercentage": share} if share else {"maxUnavailable": update.max_unavailable or 1}
    return config if update.strategy == "DEFAULT" else {**config, "updateStrategy": update.strategy}


def repair_config(inputs: EksNodegroupInputs) -> Body:
    """Whether nodes are repaired, and how far that goes."""
    repair = inputs.repair or EksNodeRepair()
    limits = {call: getattr(repair, name) for name, call in REPAIR_LIMITS.items() if getattr(repair, name)}
    overrides = [{call: getattr(it, name) for name, call in REPAIR_OVERRIDE.items()} for it in repair.overrides]
    more = {"nodeRepairConfigOverrides": overrides} if overrides else {}
    return {"enabled": inputs.auto_repair, **limits, **more}


def warm_pool_config(pool: EksWarmPool | None) -> Body:
    """Machines in reserve, or none."""
    if pool is None:
        return {"enabled": False}
    most = {} if pool.max_prepared is None else {"maxGroupPreparedCapacity": pool.max_prepared}
    return {"enabled": True, "minSize": pool.min_size, "poolState": pool.state, "reuseOnScaleIn": pool.reuse, **most}


def rolling(now: EksNodegroupInputs, inputs: EksNodegroupInputs) -> Body:
    """What of version, image release and launch template is another one."""
    template = inputs.launch_template
    return {
        "version": inputs.version if inputs.version != now.version else None,
        "releaseVersion": inputs.release_version if inputs.release_version != now.release_version else None,
        "launchTemplate": given_template(template) if template and template != now.launch_template else None,
        "force": inputs.force_update,
    }


def configuration(now: EksNodegroupInputs, inputs: EksNodegroupInputs) -> Body:
    """Labels and taints as what comes and what goes, and the rest as it shall be."""
    kept = {(it.key, it.effect) for it in inputs.taints}
    repairs = (inputs.auto_repair, inputs.repair or now.repair) != (now.auto_repair, now.repair)
    return {
        "labels": _change(
            addOrUpdateLabels={key: it for key, it in inputs.labels.items() if now.labels.get(key) != it},
            removeLabels=sorted(set(now.labels) - set(inputs.labels)),
        ),
        "taints": _change(
            addOrUpdateTaints=[it.wire() for it in inputs.taints if it not in now.taints],
            removeTaints=[it.wire() for it in now.taints if (it.key, it.effect) not in kept],
        ),
        "scalingConfig": scaling_config(inputs, now.desired_size),
        "updateConfig": {"updateStrategy": inputs.update.strategy, **update_config(inputs.update)},
        "nodeRepairConfig": repair_config(inputs) if repairs else None,
        "warmPoolConfig": warm_pool_config(inputs.warm_pool) if inputs.warm_pool != now.warm_pool else None,
    }


def _change(**parts: object) -> Body | None:
    """The parts that there are."""
    return {name: part for name, part in parts.items() if part} or None
