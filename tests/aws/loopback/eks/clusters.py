"""Clusters: made in some minutes, changed by one kind of update at a time, deleted when nothing is left in them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from tests.aws.loopback import versions
from tests.aws.loopback.eks.state import State, now
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError

_COUNTED = ("cpu", "memory")
LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_COMPONENTS: dict[str, Body] = {
    "kubeApiServerConfig": {"eventTtl": "1h", "serviceNodePortRange": {"minPort": 30000, "maxPort": 32767}},
    "kubeSchedulerConfig": {
        "nodeResourcesFit": {
            "scoringStrategy": {"type": "LeastAllocated", "resources": [{"name": it, "weight": 1} for it in _COUNTED]}
        }
    },
    "kubeControllerManagerConfig": {
        "podGcControllerConfig": {"terminatedPodGcThreshold": 12500},
        "horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": "15s"},
    },
}
"""What Kubernetes' own programs are set to where nobody says otherwise."""
_AUTO_MODE = {"computeConfig", "kubernetesNetworkConfig", "storageConfig"}
_TYPES = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
}
_MODES = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]


class Clusters:
    """Operations on clusters and on updates of anything."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create_cluster(self, given: Body) -> Body:
        name = given["name"]
        if made := self.state.clusters.made_before(name, given):
            return {"cluster": made}
        if given.get("version", versions.DEFAULT) not in versions.KUBERNETES:
            raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {given['version']}")
        self.state.neighbours.require_role(given["roleArn"])
        self._require_whole_auto_mode(given)
        cluster = self.state.clusters.add(name, self._new(given), given)
        self.state.clusters.pass_through(name, "CREATING", "ACTIVE", lambda: self._ready(cluster, given))
        return {"cluster": dict(cluster)}

    def _new(self, given: Body) -> Body:
        network: Body = {"ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}}
        network |= given.get("kubernetesNetworkConfig", {})
        network |= (
            {"serviceIpv6Cidr": "fd00::/108"}
            if network["ipFamily"] == "ipv6"
            else {"serviceIpv4Cidr": network.get("serviceIpv4Cidr", "10.100.0.0/16")}
        )
        optional = ("zonalShiftConfig", "computeConfig", "storageConfig", "remoteNetworkConfig", "outpostConfig")
        return {
            "name": given["name"],
            "arn": self.state.arn("cluster", given["name"]),
            "createdAt": now(),
            "version": given.get("version", versions.DEFAULT),
            "roleArn": given["roleArn"],
            "resourcesVpcConfig": self._network(given["resourcesVpcConfig"]),
            "kubernetesNetworkConfig": network,
            "logging": _logging({}, given.get("logging", {})),
            "accessConfig": {"authenticationMode": given.get("accessConfig", {}).get("authenticationMode", _MODES[0])},
            "upgradePolicy": {"supportType": given.get("upgradePolicy", {}).get("supportType", "EXTENDED")},
            "deletionProtection": given.get("deletionProtection", False),
            "controlPlaneScalingConfig": given.get("controlPlaneScalingConfig", {"tier": "standard"}),
            "encryptionConfig": given.get("encryptionConfig", []),
            "platformVersion": "eks.1",
            "tags": dict(given.get("tags", {})),
            "health": {"issues": []},
            **{name: _laid_over(default, given.get(name, {})) for name, default in _COMPONENTS.items()},
            **{name: given[name] for name in optional if name in given},
        }

    def _network(self, given: Body) -> Body:
        subnets = given.get("subnetIds", [])
        public = given.get("endpointPublicAccess", True)
        return {
            "subnetIds": subnets,
            "securityGroupIds": given.get("securityGroupIds", []),
            "vpcId": self.state.neighbours.vpc_of(subnets),
            "endpointPublicAccess": public,
            "endpointPrivateAccess": given.get("endpointPrivateAccess", False),
            "publicAccessCidrs": given.get("publicAccessCidrs", ["0.0.0.0/0"]) if public else [],
            "controlPlaneEgressMode": given.get("controlPlaneEgressMode", "AWS_MANAGED"),
        }

    def _ready(self, cluster: Body, given: Body) -> None:
        """What a cluster has once it is there."""
        id, region, network = self.state.new_id().upper(), self.state.region, cluster["resourcesVpcConfig"]
        network["clusterSecurityGroupId"] = self.state.neighbours.make_cluster_group(cluster["name"], network["vpcId"])
        made_up = base64.b64encode(f"CA of {cluster['name']}".encode()).decode()
        endpoint, authority = self.state.api or (f"https://{id}.gr7.{region}.eks.amazonaws.com", made_up)
        cluster |= {
            "endpoint": endpoint,
            "identity": {"oidc": {"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{id}"}},
            "certificateAuthority": {"data": authority},
        }

    def _require_whole_auto_mode(self, given: Body) -> None:
        asked = {
            given.get("computeConfig", {}).get("enabled", False),
            given.get("storageConfig", {}).get("blockStorage", {}).get("enabled", False),
            given.get("kubernetesNetworkConfig", {}).get("elasticLoadBalancing", {}).get("enabled", False),
        }
        if len(asked) > 1:
            raise AwsError(
                "InvalidParameterException",
                "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
                "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
            )

    def describe_cluster(self, given: Body) -> Body:
        return {"cluster": self.state.clusters.read(given["name"])}

    def list_clusters(self, given: Body) -> Body:
        return self.state.page("clusters", sorted(self.state.clusters.visible()), given)

    def delete_cluster(self, given: Body) -> Body:
        name = given["name"]
        cluster = self.state.clusters.get(name)
        if cluster["deletionProtection"]:
            raise AwsError("InvalidRequestException", "Cluster deletion is not allowed: deletion protection is enabled")
        if self.state.in_cluster(self.state.nodegroups, name):
            raise AwsError("ResourceInUseException", "Cluster has nodegroups attached")
        if cluster["status"] not in ("ACTIVE", "FAILED"):
            raise AwsError("ResourceInUseException", f"Cluster is in {cluster['status']}: an update is in progress")
        return {"cluster": dict(self.state.clusters.leave(name, lambda: self._gone(cluster)))}

    def _gone(self, cluster: Body) -> None:
        """With a cluster goes what is in it."""
        state = self.state
        if group := cluster["resourcesVpcConfig"].get("clusterSecurityGroupId"):
            state.neighbours.remove_group(group)
        for shelf in (state.addons, state.entries, state.associations):
            for owner, name in list(shelf.visible()):
                if owner == cluster["name"]:
                    shelf.remove((owner, name))

    def update_cluster_version(self, given: Body) -> Body:
        cluster, wanted = self.state.clusters.get(given["name"]), given["version"]
        if wanted == cluster["version"]:
            raise AwsError("InvalidParameterException", f"The cluster is already at version {wanted}")
        step = versions.minor(wanted) - versions.minor(cluster["version"])
        if step != 1 or wanted not in versions.KUBERNETES:
            raise AwsError(
                "InvalidParameterException",
                f"Unsupported Kubernetes minor version update from {cluster['version']} to {wanted}",
            )
        return self._update(given, "VersionUpdate", lambda: cluster.update(version=wanted))

    def associate_encryption_config(self, given: Body) -> Body:
        given = {**given, "name": given["clusterName"]}
        cluster = self.state.clusters.get(given["name"])
        if cluster["encryptionConfig"]:
            raise AwsError("InvalidRequestException", "Encryption is already enabled on the cluster")
        keys = given["encryptionConfig"]
        return self._update(given, "AssociateEncryptionConfig", lambda: cluster.update(encryptionConfig=keys))

    def update_cluster_config(self, given: Body) -> Body:
        cluster = self.state.clusters.get(given["name"])
        asked = set(given) - {"name", "clientRequestToken"}
        if asked & _AUTO_MODE:
            asked = asked - _AUTO_MODE | {"autoMode"}
        if asked & set(_COMPONENTS):
            asked = asked - set(_COMPONENTS) | {"components"}
        if len(asked) != 1:
            raise AwsError("InvalidParameterException", "Only one type of update can be allowed.")
        (name,) = asked
        if name == "autoMode":
            return self._update_auto_mode(cluster, given)
        if name == "resourcesVpcConfig":
            return self._update_network(cluster, given)
        if name == "components":
            wanted = {name: _laid_over(cluster[name], given[name]) for name in _COMPONENTS if name in given}
            return self._update(given, "ControlPlaneComponentConfigUpdate", lambda: cluster.update(wanted))
        return self._update_field(cluster, name, given)

    def _update_field(self, cluster: Body, name: str, given: Body) -> Body:
        wanted = given[name]
        if name == "logging":
            wanted = _logging(cluster["logging"], wanted)
        if name == "accessConfig" and _MODES.index(wanted["authenticationMode"]) < _MODES.index(
            cluster["accessConfig"]["authenticationMode"]
        ):
            raise AwsError("InvalidParameterException", "Unsupported authentication mode update")
        if cluster.get(name) == wanted:
            raise AwsError("InvalidParameterException", f"No changes needed for the {name} config provided")
        return self._update(given, _TYPES[name], lambda: cluster.update({name: wanted}))

    def _update_auto_mode(self, cluster: Body, given: Body) -> Body:
        self._require_whole_auto_mode(given)

        def apply() -> None:
            cluster["computeConfig"] = given["computeConfig"]
            cluster["storageConfig"] = given["storageConfig"]
            cluster["kubernetesNetworkConfig"] |= given["kubernetesNetworkConfig"]

        return self._update(given, "AutoModeUpdate", apply)

    def _update_network(self, cluster: Body, given: Body) -> Body:
        wanted, network = given["resourcesVpcConfig"], cluster["resourcesVpcConfig"]
        alone = ("subnetIds", "securityGroupIds", "controlPlaneEgressMode")
        if sum(name in wanted for name in alone) + _asks_endpoint(wanted) != 1:
            raise AwsError("InvalidParameterException", "Only one type of update can be allowed.")
        if all(network.get(name) == value for name, value in wanted.items()):
            raise AwsError("InvalidParameterException", "Cluster is already at the desired configuration")
        if "subnetIds" in wanted and self.state.neighbours.vpc_of(wanted["subnetIds"]) != network["vpcId"]:
            raise AwsError("InvalidParameterException", "Provided subnets belong to another VPC")
        if network["controlPlaneEgressMode"] != "AWS_MANAGED" == wanted.get("controlPlaneEgressMode"):
            raise AwsError("InvalidParameterException", "The egress mode can't be changed back to AWS_MANAGED")
        kind = "EndpointAccessUpdate" if _asks_endpoint(wanted) else "VpcConfigUpdate"
        kind = "ControlPlaneEgressUpdate" if "controlPlaneEgressMode" in wanted else kind

        def apply() -> None:
            network.update(wanted)
            if not network["endpointPublicAccess"]:
                network["publicAccessCidrs"] = []

        return self._update(given, kind, apply)

    def _update(self, given: Body, kind: str, apply: Callable[[], Any]) -> Body:
        return self.state.update((given["name"], "", ""), kind, given, apply)

    def describe_update(self, given: Body) -> Body:
        for update in self.state.updates.get(_owner(given), []):
            if update["id"] == given["updateId"]:
                self.state.clusters.get(given["name"])
                list(self.state.nodegroups.visible())
                list(self.state.addons.visible())
                return {"update": update}
        raise AwsError("ResourceNotFoundException", f"No update found for ID: {given['updateId']}")

    def list_updates(self, given: Body) -> Body:
        self.state.clusters.read(given["name"])
        ids = [update["id"] for update in self.state.updates.get(_owner(given), [])]
        return self.state.page("updateIds", ids, given)

    def describe_cluster_versions(self, given: Body) -> Body:
        known = [
            {
                "clusterVersion": version,
                "clusterType": "eks",
                "defaultVersion": version == versions.DEFAULT,
                "status": "extended-support" if version in versions.EXTENDED else "standard-support",
                "versionStatus": "EXTENDED_SUPPORT" if version in versions.EXTENDED else "STANDARD_SUPPORT",
                "endOfStandardSupportDate": versions.END_OF_STANDARD_SUPPORT[version],
            }
            for version in versions.KUBERNETES
            if version in given.get("clusterVersions", versions.KUBERNETES)
        ]
        return self.state.page("clusterVersions", known, given)


def _owner(given: Body) -> tuple[str, str, str]:
    if name := given.get("nodegroupName"):
        return given["name"], "nodegroup", name
    if name := given.get("addonName"):
        return given["name"], "addon", name
    return given["name"], "", ""


def _asks_endpoint(wanted: Body) -> bool:
    return bool({"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"} & set(wanted))


def _laid_over(before: Body, given: Body) -> Body:
    """Settings with others in the place of some, however deep."""
    parts = {name: _laid_over(before.get(name, {}), it) for name, it in given.items() if isinstance(it, dict)}
    return {**before, **given, **parts}


def _logging(before: Body, given: Body) -> Body:
    """Which logs are on and which are off, in the two lists that AWS gives."""
    on = {kind for setup in before.get("clusterLogging", []) if setup["enabled"] for kind in setup["types"]}
    for setup in given.get("clusterLogging", []):
        on = on | set(setup["types"]) if setup["enabled"] else on - set(setup["types"])
    lists = [([kind for kind in LOGS if kind in on], True), ([kind for kind in LOGS if kind not in on], False)]
    return {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in lists if types]}
