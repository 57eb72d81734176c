"""``seldon:aws:EksNodegroup``: machines for a cluster; a replacement is there before the old ones go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.nodegroup_answers import (
    seen_remote_access,
    seen_repair,
    seen_taints,
    seen_template,
    seen_update,
    seen_warm_pool,
)
from seldon_infra.provider.aws.eks.nodegroup_requests import (
    configuration,
    given_template,
    repair_config,
    rolling,
    scaling_config,
    update_config,
    warm_pool_config,
)
from seldon_infra.provider.aws.eks.objects import BROKEN, Ask, EksObject, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.framework import Context, Problem, Refused
from seldon_infra.resources.aws_eks_nodegroup import EKS_NODEGROUP, EksNodegroupInputs, EksNodegroupOutputs

_SUFFIX = re.compile(r"-[0-9a-f]{10}$")
_ROLLING = ("version", "release_version", "launch_template")
"""Changes that make the nodes anew, one after the other."""
_CONFIGURED = ("min_size", "max_size", "desired_size", "labels", "taints", "update", "auto_repair", "repair")
"""Changes that go together in one update, beside a warm pool's."""


class EksNodegroup(EksObject[EksNodegroupInputs, EksNodegroupOutputs]):
    """A managed node group."""

    type = EKS_NODEGROUP
    what = "node group"
    create_call, delete_call = "create_nodegroup", "delete_nodegroup"
    replace_on = frozenset(
        {"region", "cluster_name", "name", "node_role_arn", "subnet_ids", "instance_types", "capacity_type", "ami_type",
         "disk_size", "launch_template.id", "launch_template.name", "remote_access", "made"}
    )  # fmt: skip
    kept = frozenset(
        {"instance_types", "ami_type", "disk_size", "version", "release_version", "desired_size", "repair"}
    )
    unordered = frozenset({"subnet_ids", "taints", "repair.overrides", "remote_access.source_security_group_ids"})
    timeout = 3600.0

    def keep(self, last: EksNodegroupInputs, inputs: EksNodegroupInputs) -> EksNodegroupInputs:
        """A launch template is the same whether its id names it, its name, or, after an import, both."""
        was, template = last.launch_template, inputs.launch_template
        if not (was and template) or not {was.id, was.name} & {template.id, template.name} - {None}:
            return inputs
        same = template.model_copy(update={"id": was.id, "name": was.name})
        return inputs.model_copy(update={"launch_template": same})

    def check(self, inputs: EksNodegroupInputs, context: Context) -> EksNodegroupInputs:
        """Sizes and limits that fit each other, and nothing that belongs into the launch template."""
        if problems := [*_sizes(inputs), *_machines(inputs), *_repair(inputs)]:
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
            "scalingConfig": scaling_config(inputs),
            "diskSize": inputs.disk_size,
            "subnets": inputs.subnet_ids,
            "instanceTypes": inputs.instance_types,
            "amiType": inputs.ami_type,
            "remoteAccess": access
            and {"ec2SshKey": access.ec2_ssh_key, "sourceSecurityGroups": access.source_security_group_ids},
            "nodeRole": inputs.node_role_arn,
            "labels": inputs.labels,
            "taints": [taint.wire() for taint in inputs.taints],
            "launchTemplate": template and given_template(template),
            "updateConfig": update_config(inputs.update),
            "nodeRepairConfig": repair_config(inputs) if inputs.auto_repair else None,
            "warmPoolConfig": warm_pool_config(inputs.warm_pool) if inputs.warm_pool else None,
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
            self.run_update(id, "update_nodegroup_version", rolling(now, inputs), context)
        differs = any(getattr(now, name) != getattr(inputs, name) for name in _CONFIGURED if _says(inputs, name))
        if differs or now.warm_pool != inputs.warm_pool:
            self.run_update(id, "update_nodegroup_config", configuration(now, inputs), context)

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
            launch_template=template and seen_template(template, last),
            version=body["version"],
            release_version=body["releaseVersion"],
            force_update=last.force_update if last else False,
            labels=body.get("labels", {}),
            taints=seen_taints(body),
            update=seen_update(body),
            auto_repair=body.get("nodeRepairConfig", {}).get("enabled", False),
            repair=seen_repair(body, last),
            warm_pool=seen_warm_pool(body, last),
            remote_access=seen_remote_access(body),
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


def _repair(inputs: EksNodegroupInputs) -> Iterator[Problem]:
    if inputs.repair is None:
        return
    if not inputs.auto_repair:
        yield Problem("repair", "counts only with auto_repair: set that, or leave this out")
    for name in ("max_unhealthy", "max_parallel"):
        if getattr(inputs.repair, name) and getattr(inputs.repair, f"{name}_percentage"):
            yield Problem(f"repair.{name}", f"can't stand beside {name}_percentage; leave one of them out")


def _machines(inputs: EksNodegroupInputs) -> Iterator[Problem]:
    if inputs.launch_template is None:
        return
    if inputs.launch_template.id is None and inputs.launch_template.name is None:
        yield Problem("launch_template", "is named by its id or by its name; write one of them")
    for name in ("disk_size", "remote_access"):
        if getattr(inputs, name) is not None:
            yield Problem(name, "can't stand beside launch_template; say it there")


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _says(inputs: EksNodegroupInputs, name: str) -> bool:
    """Whether the program says anything about a field at all."""
    return getattr(inputs, name) is not None
