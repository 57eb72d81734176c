"""``seldon:aws:EksNodegroup``: machines for a cluster; a replacement is there before the old ones go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import BROKEN, Ask, EksObject, in_order_of, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.framework import Context, Problem, Refused
from seldon_infra.resources.aws_eks_nodegroup import (
    EKS_NODEGROUP,
    EksLaunchTemplate,
    EksNodegroupInputs,
    EksNodegroupOutputs,
    EksNodeUpdate,
    EksRemoteAccess,
    EksTaint,
)

_SUFFIX = re.compile(r"-[0-9a-f]{10}$")
_ROLLING = ("version", "release_version", "launch_template")
"""Changes that make the nodes anew, one after the other."""
_CONFIGURED = ("min_size", "max_size", "desired_size", "labels", "taints", "update", "auto_repair")


class EksNodegroup(EksObject[EksNodegroupInputs, EksNodegroupOutputs]):
    """A managed node group."""

    type = EKS_NODEGROUP
    what = "node group"
    create_call, delete_call = "create_nodegroup", "delete_nodegroup"
    replace_on = frozenset(
        {"region", "cluster_name", "name", "node_role_arn", "subnet_ids", "instance_types", "capacity_type", "ami_type",
         "disk_size", "launch_template.id", "remote_access", "made"}
    )  # fmt: skip
    kept = frozenset({"instance_types", "ami_type", "disk_size", "version", "release_version", "desired_size"})
    unordered = frozenset({"subnet_ids", "taints"})
    timeout = 3600.0

    def check(self, inputs: EksNodegroupInputs, context: Context) -> EksNodegroupInputs:
        """Sizes that fit each other, and nothing that belongs into the launch template."""
        if problems := [*_sizes(inputs), *_machines(inputs)]:
            raise Refused(*problems)
        return inputs

    def check_change(self, last: EksNodegroupInputs, inputs: EksNodegroupInputs, context: Context) -> None:
        """Nodes don't go back to an older Kubernetes."""
        if last.version and inputs.version and _minor(inputs.version) < _minor(last.version):
            said = f"can't go back from {last.version} to {inputs.version}; set it to {last.version}"
            raise Refused(Problem("version", said))

    def parse(self, id: str) -> Id:
        """REGION/CLUSTER/NODEGROUP."""
        return Id.of_part(id, "NODEGROUP")

    def id_for(self, inputs: EksNodegroupInputs, context: Context) -> Id:
        """A name that tells declaration and object, so that a replacement has room beside what it replaces."""
        return Id(inputs.region, inputs.cluster_name, f"{inputs.name}-{context.owner[:5]}{context.token[:5]}")

    def names(self, id: Id) -> Body:
        """A node group is named by its cluster and its name."""
        return {"clusterName": id.cluster, "nodegroupName": id.name}

    def ids(self, inputs: EksNodegroupInputs, context: Context) -> Iterable[Id]:
        """The groups of the cluster whose names tell this declaration."""
        ours = re.compile(rf"-{context.owner[:5]}[0-9a-f]{{5}}$")
        cluster = Id(inputs.region, inputs.cluster_name)
        names = self.listed(cluster, "list_nodegroups", {"clusterName": cluster.cluster}, "nodegroups", context)
        return [Id(cluster.region, cluster.cluster, name) for name in names if ours.search(name)]

    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The group."""
        return look(ask, "describe_nodegroup", self.names(id), "nodegroup")

    def request(self, id: Id, inputs: EksNodegroupInputs) -> Body:
        """The call that makes it."""
        template, access = inputs.launch_template, inputs.remote_access
        return {
            "scalingConfig": _scaling(inputs),
            "diskSize": inputs.disk_size,
            "subnets": inputs.subnet_ids,
            "instanceTypes": inputs.instance_types,
            "amiType": inputs.ami_type,
            "remoteAccess": access
            and {"ec2SshKey": access.ec2_ssh_key, "sourceSecurityGroups": access.source_security_group_ids},
            "nodeRole": inputs.node_role_arn,
            "labels": inputs.labels,
            "taints": [taint.wire() for taint in inputs.taints],
            "launchTemplate": template and template.wire(),
            "updateConfig": _update_config(inputs.update),
            "nodeRepairConfig": {"enabled": True} if inputs.auto_repair else None,
            "capacityType": inputs.capacity_type,
            "version": inputs.version,
            "releaseVersion": inputs.release_version,
        }

    def arn(self, body: Body) -> str:
        """Its ARN."""
        return str(body["nodegroupArn"])

    def change(self, id: Id, now: EksNodegroupInputs, inputs: EksNodegroupInputs, context: Context) -> None:
        """First what makes the nodes anew, then all the rest in one update."""
        if any(getattr(now, name) != (wanted := getattr(inputs, name)) and wanted for name in _ROLLING):
            self.run_update(id, "update_nodegroup_version", _rolling(now, inputs), context)
        if any(getattr(now, name) != getattr(inputs, name) for name in _CONFIGURED if _says(inputs, name)):
            self.run_update(id, "update_nodegroup_config", _configuration(now, inputs), context)

    def inputs_of(self, id: Id, body: Body, last: EksNodegroupInputs | None) -> EksNodegroupInputs:
        """What it has."""
        scaling, template = body["scalingConfig"], body.get("launchTemplate")
        return seen(
            EksNodegroupInputs,
            region=id.region,
            cluster_name=id.cluster,
            name=_SUFFIX.sub("", id.name) if marking.TOKEN in body.get("tags", {}) else id.name,
            node_role_arn=body["nodeRole"],
            subnet_ids=body["subnets"],
            min_size=scaling["minSize"],
            max_size=scaling["maxSize"],
            desired_size=scaling["desiredSize"],
            instance_types=body.get("instanceTypes"),
            capacity_type=body.get("capacityType", "ON_DEMAND"),
            ami_type=body.get("amiType"),
            disk_size=body.get("diskSize"),
            launch_template=template and seen(EksLaunchTemplate, id=template["id"], version=template["version"]),
            version=body["version"],
            release_version=body["releaseVersion"],
            force_update=last.force_update if last else False,
            labels=body.get("labels", {}),
            taints=_taints(body),
            update=_node_update(body),
            auto_repair=body.get("nodeRepairConfig", {}).get("enabled", False),
            remote_access=_remote_access(body, last),
            tags=tags_of(body),
            made=body["status"] not in BROKEN,
        )

    def outputs_of(self, inputs: EksNodegroupInputs, body: Body) -> EksNodegroupOutputs:
        """The group in AWS."""
        groups = [it["name"] for it in body.get("resources", {}).get("autoScalingGroups", [])]
        return seen(
            EksNodegroupOutputs,
            **dict(inputs),
            arn=body["nodegroupArn"],
            nodegroup_name=body["nodegroupName"],
            autoscaling_group_names=groups,
        )


# Rules


def _sizes(inputs: EksNodegroupInputs) -> Iterator[Problem]:
    low, high, now = inputs.min_size, inputs.max_size, inputs.desired_size
    if low > high:
        yield Problem("min_size", f"is {low}, more than max_size {high}; set one of them")
    elif now is not None and not low <= now <= high:
        yield Problem(
            "desired_size", f"is {now}, not from min_size {low} to max_size {high}; leave it out or set it so"
        )


def _machines(inputs: EksNodegroupInputs) -> Iterator[Problem]:
    if inputs.launch_template is None:
        return
    for name in ("disk_size", "remote_access"):
        if getattr(inputs, name) is not None:
            yield Problem(name, "can't stand beside launch_template; say it there")


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


# What is sent


def _says(inputs: EksNodegroupInputs, name: str) -> bool:
    """Whether the program says anything about a field at all."""
    return getattr(inputs, name) is not None


def _scaling(inputs: EksNodegroupInputs, now: int | None = None) -> Body:
    """Sizes; where nobody says how many nodes, as many as there are, within the bounds."""
    wanted = inputs.desired_size
    if wanted is None:
        wanted = min(max(now or 0, inputs.min_size), inputs.max_size)
    return {"minSize": inputs.min_size, "maxSize": inputs.max_size, "desiredSize": wanted}


def _update_config(update: EksNodeUpdate) -> Body:
    share = update.max_unavailable_percentage
    config: Body = {"maxUnavailablePercentage": share} if share else {"maxUnavailable": update.max_unavailable or 1}
    return config if update.strategy == "DEFAULT" else {**config, "updateStrategy": update.strategy}


def _rolling(now: EksNodegroupInputs, inputs: EksNodegroupInputs) -> Body:
    """What of version, image release and launch template is another one."""
    template = inputs.launch_template
    return {
        "version": inputs.version if inputs.version != now.version else None,
        "releaseVersion": inputs.release_version if inputs.release_version != now.release_version else None,
        "launchTemplate": template.wire() if template and template != now.launch_template else None,
        "force": inputs.force_update,
    }


def _configuration(now: EksNodegroupInputs, inputs: EksNodegroupInputs) -> Body:
    """Labels and taints as what comes and what goes, and the rest as it shall be."""
    kept = {(it.key, it.effect) for it in inputs.taints}
    return {
        "labels": _change(
            addOrUpdateLabels={key: it for key, it in inputs.labels.items() if now.labels.get(key) != it},
            removeLabels=sorted(set(now.labels) - set(inputs.labels)),
        ),
        "taints": _change(
            addOrUpdateTaints=[it.wire() for it in inputs.taints if it not in now.taints],
            removeTaints=[it.wire() for it in now.taints if (it.key, it.effect) not in kept],
        ),
        "scalingConfig": _scaling(inputs, now.desired_size),
        "updateConfig": {"updateStrategy": inputs.update.strategy, **_update_config(inputs.update)},
        "nodeRepairConfig": {"enabled": inputs.auto_repair} if inputs.auto_repair != now.auto_repair else None,
    }


def _change(**parts: object) -> Body | None:
    """The parts that there are."""
    return {name: part for name, part in parts.items() if part} or None


# What AWS answers


def _taints(body: Body) -> list[EksTaint]:
    return [
        seen(EksTaint, key=it["key"], value=it.get("value", ""), effect=it["effect"]) for it in body.get("taints", [])
    ]


def _node_update(body: Body) -> EksNodeUpdate:
    config = body.get("updateConfig", {})
    return seen(
        EksNodeUpdate,
        max_unavailable=config.get("maxUnavailable"),
        max_unavailable_percentage=config.get("maxUnavailablePercentage"),
        strategy=config.get("updateStrategy", "DEFAULT"),
    )


def _remote_access(body: Body, last: EksNodegroupInputs | None) -> EksRemoteAccess | None:
    access = body.get("remoteAccess")
    if not access:
        return None
    declared = last.remote_access.source_security_group_ids if last and last.remote_access else None
    groups = in_order_of(declared, access.get("sourceSecurityGroups", []))
    return seen(EksRemoteAccess, ec2_ssh_key=access["ec2SshKey"], source_security_group_ids=groups)
