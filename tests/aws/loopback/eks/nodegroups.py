"""Node groups: made in some minutes in an active cluster; labels, taints, scaling and version change in place."""

from __future__ import annotations

from tests.aws.loopback import versions
from tests.aws.loopback.eks.state import State, now
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError

_SCALING = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
_ECHOED = ("remoteAccess", "nodeRepairConfig", "warmPoolConfig")


class Nodegroups:
    """Operations on node groups."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create_nodegroup(self, given: Body) -> Body:
        cluster, name = given["clusterName"], given["nodegroupName"]
        if made := self.state.nodegroups.made_before((cluster, name), given):
            return {"nodegroup": made}
        owner = self.state.active_cluster(cluster)
        self.state.neighbours.require_role(given["nodeRole"])
        self.state.neighbours.vpc_of(given["subnets"])
        body = self._new(given, owner)
        group = self.state.nodegroups.add((cluster, name), body, given)
        self.state.nodegroups.pass_through((cluster, name), "CREATING", "ACTIVE")
        return {"nodegroup": dict(group)}

    def _new(self, given: Body, cluster: Body) -> Body:
        version = given.get("version", cluster["version"])
        if versions.minor(version) > versions.minor(cluster["version"]):
            raise AwsError("InvalidParameterException", f"{version} is newer than the cluster's {cluster['version']}")
        names = (given["clusterName"], given["nodegroupName"])
        id = self.state.new_id()
        return {
            "nodegroupName": names[1],
            "nodegroupArn": self.state.arn("nodegroup", *names, id),
            "clusterName": names[0],
            "version": version,
            "releaseVersion": given.get("releaseVersion", versions.release(version)),
            "createdAt": now(),
            "modifiedAt": now(),
            "capacityType": given.get("capacityType", "ON_DEMAND"),
            "scalingConfig": _scaling(given.get("scalingConfig", {})),
            "subnets": given["subnets"],
            "amiType": given.get("amiType", "AL2023_x86_64_STANDARD"),
            "nodeRole": given["nodeRole"],
            "labels": dict(given.get("labels", {})),
            "taints": list(given.get("taints", [])),
            "resources": {"autoScalingGroups": [{"name": f"eks-{names[1]}-{id[:8]}"}]},
            "health": {"issues": []},
            "updateConfig": given.get("updateConfig", {"maxUnavailable": 1}),
            "tags": dict(given.get("tags", {})),
            **self._machines(given),
            **{name: given[name] for name in _ECHOED if name in given},
        }

    def _machines(self, given: Body) -> Body:
        """Where instance types and disks come from: the launch template's are not repeated."""
        if "launchTemplate" not in given:
            return {"instanceTypes": given.get("instanceTypes", ["t3.medium"]), "diskSize": given.get("diskSize", 20)}
        template = self.state.neighbours.launch_template(given["launchTemplate"])
        data = template.pop("data")
        if "diskSize" in given or "remoteAccess" in given:
            raise AwsError("InvalidParameterException", "Disk size and remote access belong into the launch template")
        if "instanceTypes" in given and "InstanceType" in data:
            raise AwsError("InvalidParameterException", "Instance types are in the launch template and in the request")
        types = given.get("instanceTypes", [] if "InstanceType" in data else ["t3.medium"])
        return {"launchTemplate": template, **({"instanceTypes": types} if types else {})}

    def describe_nodegroup(self, given: Body) -> Body:
        self.state.clusters.read(given["clusterName"])
        return {"nodegroup": self.state.nodegroups.read((given["clusterName"], given["nodegroupName"]))}

    def list_nodegroups(self, given: Body) -> Body:
        names = sorted(self.state.in_cluster(self.state.nodegroups, given["clusterName"]))
        return self.state.page("nodegroups", names, given)

    def delete_nodegroup(self, given: Body) -> Body:
        key = (given["clusterName"], given["nodegroupName"])
        group = self.state.nodegroups.get(key)
        if group["status"] in ("CREATING", "UPDATING", "DELETING"):
            raise AwsError("ResourceInUseException", f"Nodegroup is {group['status']}: an operation is in progress")
        return {"nodegroup": dict(self.state.nodegroups.leave(key))}

    def update_nodegroup_config(self, given: Body) -> Body:
        group = self._group(given)
        scaling = _scaling(given["scalingConfig"], group["scalingConfig"]) if "scalingConfig" in given else None

        def apply() -> None:
            labels, taints = given.get("labels", {}), given.get("taints", {})
            group["labels"] |= labels.get("addOrUpdateLabels", {})
            for key in labels.get("removeLabels", []):
                group["labels"].pop(key, None)
            touched = taints.get("addOrUpdateTaints", []) + taints.get("removeTaints", [])
            group["taints"] = [it for it in group["taints"] if _id(it) not in map(_id, touched)]
            group["taints"] += taints.get("addOrUpdateTaints", [])
            plain = ("updateConfig", "nodeRepairConfig", "warmPoolConfig")
            group.update({name: given[name] for name in plain if name in given})
            group.update({"scalingConfig": scaling} if scaling else {}, modifiedAt=now())

        return self.state.update(_owner(given), "ConfigUpdate", given, apply)

    def update_nodegroup_version(self, given: Body) -> Body:
        group, cluster = self._group(given), self.state.clusters.get(given["clusterName"])
        version = given.get("version", group["version"])
        if versions.minor(version) > versions.minor(cluster["version"]):
            raise AwsError("InvalidParameterException", f"{version} is newer than the cluster's {cluster['version']}")
        if versions.minor(version) < versions.minor(group["version"]):
            raise AwsError("InvalidParameterException", f"{version} is older than the node group's {group['version']}")
        changes: Body = {"version": version, "releaseVersion": given.get("releaseVersion", versions.release(version))}
        if asked := given.get("launchTemplate"):
            template = self.state.neighbours.launch_template(asked)
            if template["id"] != group.get("launchTemplate", {}).get("id"):
                raise AwsError("InvalidParameterException", "The launch template can't become another one")
            changes["launchTemplate"] = {name: template[name] for name in ("id", "name", "version")}
        kind = "VersionUpdate"
        return self.state.update(_owner(given), kind, given, lambda: group.update(changes, modifiedAt=now()))

    def _group(self, given: Body) -> Body:
        return self.state.nodegroups.get((given["clusterName"], given["nodegroupName"]))


def _owner(given: Body) -> tuple[str, str, str]:
    return given["clusterName"], "nodegroup", given["nodegroupName"]


def _scaling(given: Body, before: Body | None = None) -> Body:
    wanted = (before or _SCALING) | given
    if not wanted["minSize"] <= wanted["desiredSize"] <= wanted["maxSize"]:
        raise AwsError("InvalidParameterException", f"desired capacity must lie between minimum and maximum: {wanted}")
    return wanted


def _id(taint: Body) -> tuple[str, str]:
    return taint["key"], taint["effect"]
