"""Control planes: the cases that other providers' acceptance tests name, and each mutable field changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.aws.direct import Direct
from tests.aws.eks.account import Account, Declared, Step
from tests.aws.eks.matrix import Case, Drift, Life, at, put
from tests.aws.loopback import REGION
from tests.aws.loopback.fixtures import Surroundings, client

pytestmark = [pytest.mark.aws, pytest.mark.slow]

AUTO = {"auto_mode": {"node_pools": ["system"], "node_role_arn": "$node_role"}}
PUBLIC = {"endpoint_public_access": True, "public_access_cidrs": ["203.0.113.0/24"]}
REMOTE = {"node_cidrs": ["192.168.0.0/24"]}
COMPONENTS = {
    "event_ttl": "2h", "node_ports": "31000-32000", "scoring": "MostAllocated",
    "scoring_weights": {"nvidia.com/gpu": 5, "cpu": 1}, "terminated_pods": 500, "hpa_sync_period": "30s",
}  # fmt: skip
SCORED = "kubeSchedulerConfig.nodeResourcesFit.scoringStrategy"
ENDED = "kubeControllerManagerConfig.podGcControllerConfig.terminatedPodGcThreshold"
LOOKS = "kubeControllerManagerConfig.horizontalPodAutoscalerControllerConfig.horizontalPodAutoscalerSyncPeriod"
MANAGED = "kubernetesNetworkConfig.elasticLoadBalancing.gatewayApi.crds.managed"
OUTPOST = {
    "arns": ["arn:aws:outposts:eu-west-1:123456789012:outpost/op-1"], "control_plane_instance_type": "m5.large",
    "spread": "host", "etcd_instance_type": "c5.large", "etcd_spread": "rack",
}  # fmt: skip

CASES = [
    Case("basic", {}, made={
        "version": "1.32", "roleArn": "$cluster_role", "accessConfig.authenticationMode": "API",
        "resourcesVpcConfig.endpointPrivateAccess": True, "resourcesVpcConfig.endpointPublicAccess": False,
        "upgradePolicy.supportType": "STANDARD", "deletionProtection": False,
        "kubernetesNetworkConfig.ipFamily": "ipv4", "resourcesVpcConfig.vpcId": "$vpc",
    }),
    Case("name", {"name": "old-name"}, {"name": "new-name"}, "replace", {"name": "new-name"}),
    Case("role", {}, {"role_arn": "$other_role"}, "replace", {"roleArn": "$other_role"}),
    Case("version", {}, {"version": "1.33"}, "update", {"version": "1.33"}),
    Case("force", {}, {"version": "1.33", "force_update": True}, "update", {"version": "1.33"}),
    Case("logging", {"log_types": ["api", "audit"]}, {"log_types": ["scheduler", "audit"]}, "update",
         {"logging.clusterLogging.0.types": ["audit", "scheduler"]},
         {"logging.clusterLogging.0.types": ["api", "audit"]}),
    Case("no-logging", {"log_types": ["api"]}, {"log_types": []}, "update",
         {"logging.clusterLogging.0.enabled": False}),
    Case("tags", {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "3", "c": "4"}}, "update",
         {"tags.a": "3", "tags.b": None, "tags.c": "4"}, {"tags.a": "1", "tags.b": "2"}),
    Case("access-create", {"authentication_mode": "API_AND_CONFIG_MAP", "creator_is_admin": True},
         made={"accessConfig.authenticationMode": "API_AND_CONFIG_MAP"}),
    Case("access-update", {"authentication_mode": "CONFIG_MAP"}, {"authentication_mode": "API"}, "update",
         {"accessConfig.authenticationMode": "API"}),
    Case("bootstrap", {"self_managed_addons": True}),
    Case("compute-on-create", AUTO, made={
        "computeConfig.enabled": True, "computeConfig.nodePools": ["system"], "computeConfig.nodeRoleArn": "$node_role",
        "storageConfig.blockStorage.enabled": True, "kubernetesNetworkConfig.elasticLoadBalancing.enabled": True,
    }),
    Case("compute-on-update", {}, AUTO, "update", {"computeConfig.enabled": True}),
    Case("compute-off", AUTO, {"auto_mode": None}, "update", {"computeConfig.enabled": False}),
    Case("compute-modify-role", AUTO, {"auto_mode": {"node_pools": ["system"], "node_role_arn": "$other_role"}},
         "update", {"computeConfig.nodeRoleArn": "$other_role"}),
    Case("compute-add-role", {"auto_mode": {}}, AUTO, "update", {"computeConfig.nodeRoleArn": "$node_role"}),
    Case("compute-gateway", AUTO, {"auto_mode": {**AUTO["auto_mode"], "gateway_api": True}}, "update",
         {MANAGED: True}, {MANAGED: False}),
    Case("components-on-create", {"components": COMPONENTS}, made={
        "kubeApiServerConfig.eventTtl": "2h", "kubeApiServerConfig.serviceNodePortRange.minPort": 31000,
        "kubeApiServerConfig.serviceNodePortRange.maxPort": 32000, f"{SCORED}.type": "MostAllocated",
        f"{SCORED}.resources": [{"name": "cpu", "weight": 1}, {"name": "nvidia.com/gpu", "weight": 5}],
        ENDED: 500, LOOKS: "30s",
    }),
    Case("components-on-update", {}, {"components": COMPONENTS}, "update", {f"{SCORED}.type": "MostAllocated"},
         {f"{SCORED}.type": "LeastAllocated"}),
    Case("egress", {}, {"egress_mode": "CUSTOMER_ROUTED"}, "update",
         {"resourcesVpcConfig.controlPlaneEgressMode": "CUSTOMER_ROUTED"},
         {"resourcesVpcConfig.controlPlaneEgressMode": "AWS_MANAGED"}),
    Case("encryption-create", {"encryption_key_arn": "$keys.0"},
         made={"encryptionConfig.0.provider.keyArn": "$keys.0", "encryptionConfig.0.resources": ["secrets"]}),
    Case("encryption-update", {}, {"encryption_key_arn": "$keys.0"}, "update",
         {"encryptionConfig.0.provider.keyArn": "$keys.0"}),
    Case("encryption-change", {"encryption_key_arn": "$keys.0"}, {"encryption_key_arn": "$keys.1"}, "replace",
         {"encryptionConfig.0.provider.keyArn": "$keys.1"}),
    Case("encryption-version-update", {"encryption_key_arn": "$keys.0"}, {"version": "1.33"}, "update",
         {"version": "1.33"}),
    Case("subnets", {}, {"subnet_ids": ["$subnets.0", "$subnets.2"]}, "update",
         {"resourcesVpcConfig.subnetIds": ["$subnets.0", "$subnets.2"]}),
    Case("groups", {"security_group_ids": ["$groups.0"]}, {"security_group_ids": ["$groups.1"]}, "update",
         {"resourcesVpcConfig.securityGroupIds": ["$groups.1"]},
         {"resourcesVpcConfig.securityGroupIds": ["$groups.0"]}),
    Case("groups-and-subnets", {}, {"subnet_ids": "$subnets", "security_group_ids": "$groups"}, "update",
         {"resourcesVpcConfig.subnetIds": "$subnets", "resourcesVpcConfig.securityGroupIds": "$groups"}),
    Case("private-off", PUBLIC, {"endpoint_private_access": False}, "update",
         {"resourcesVpcConfig.endpointPrivateAccess": False}),
    Case("public-on", {}, PUBLIC, "update", {"resourcesVpcConfig.publicAccessCidrs": ["203.0.113.0/24"]}),
    Case("public-off", PUBLIC, {"endpoint_public_access": False, "public_access_cidrs": None}, "update",
         {"resourcesVpcConfig.endpointPublicAccess": False}),
    Case("public-cidrs", PUBLIC, {"public_access_cidrs": ["198.51.100.0/24", "203.0.113.0/24"]}, "update",
         {"resourcesVpcConfig.publicAccessCidrs": ["203.0.113.0/24", "198.51.100.0/24"]}),
    Case("service-cidr", {"service_ipv4_cidr": "172.20.0.0/16"}, {"service_ipv4_cidr": "10.100.0.0/16"}, "replace",
         {"kubernetesNetworkConfig.serviceIpv4Cidr": "10.100.0.0/16"}),
    Case("ip-family", {}, {"ip_family": "ipv6"}, "replace", {"kubernetesNetworkConfig.ipFamily": "ipv6"}),
    Case("outpost", {"outpost": OUTPOST}, {"outpost": {**OUTPOST, "placement_group": "pg"}}, "replace",
         {"outpostConfig.controlPlanePlacement.groupName": "pg"},
         {"outpostConfig.controlPlaneInstanceType": "m5.large", "outpostConfig.etcdInstanceType": "c5.large",
          "outpostConfig.controlPlanePlacement.spreadLevel": "host",
          "outpostConfig.etcdPlacement.spreadLevel": "rack"}),
    Case("remote-node", {"remote_networks": REMOTE},
         {"remote_networks": {"node_cidrs": ["192.168.0.0/24", "192.168.1.0/24"]}}, "update",
         {"remoteNetworkConfig.remoteNodeNetworks.0.cidrs": ["192.168.0.0/24", "192.168.1.0/24"]}),
    Case("remote-pod", {"remote_networks": REMOTE}, {"remote_networks": {**REMOTE, "pod_cidrs": ["10.9.0.0/16"]}},
         "update", {"remoteNetworkConfig.remotePodNetworks.0.cidrs": ["10.9.0.0/16"]}),
    Case("remote-off", {"remote_networks": REMOTE}, {"remote_networks": None}, "update",
         {"remoteNetworkConfig.remoteNodeNetworks": []}),
    Case("upgrade-policy", {}, {"support_type": "EXTENDED"}, "update", {"upgradePolicy.supportType": "EXTENDED"}),
    Case("zonal-shift", {}, {"zonal_shift": True}, "update", {"zonalShiftConfig.enabled": True}),
    Case("scaling-tier", {}, {"scaling_tier": "tier-xl"}, "update", {"controlPlaneScalingConfig.tier": "tier-xl"}),
    Case("protection", {"deletion_protection": True}, {"deletion_protection": False}, "update",
         {"deletionProtection": False}, {"deletionProtection": True}),
    Case("all-at-once", {"log_types": ["api"]},
         {"version": "1.33", "log_types": ["audit"], "support_type": "EXTENDED", "zonal_shift": True, **PUBLIC,
          "security_group_ids": "$groups", "encryption_key_arn": "$keys.0", "tags": {"a": "b"}}, "update",
         {"version": "1.33", "zonalShiftConfig.enabled": True, "tags.a": "b", "upgradePolicy.supportType": "EXTENDED",
          "resourcesVpcConfig.endpointPublicAccess": True, "resourcesVpcConfig.securityGroupIds": "$groups"}),
]  # fmt: skip
NETWORK = "resourcesVpcConfig"


DRIFTS = [
    Drift("basic", put("version", "1.31"), {"version"}),
    Drift("version", put("logging.clusterLogging", [{"types": ["api"], "enabled": True}]), {"logTypes[0]"}),
    Drift("tags", put("tags.a", "5"), {"tags.a"}),
    Drift("role", put("tags.mine", "x"), {"tags.mine"}),
    Drift("access-create", put("accessConfig.authenticationMode", "CONFIG_MAP"), {"authenticationMode"}),
    Drift("compute-on-create", put("computeConfig.nodePools", ["general-purpose", "system"]),
          {"autoMode.nodePools[1]"}),
    Drift("subnets", put(f"{NETWORK}.subnetIds", []), {"subnetIds[0]", "subnetIds[1]"}),
    Drift("groups", put(f"{NETWORK}.securityGroupIds", []), {"securityGroupIds[0]"}),
    Drift("private-off", put(f"{NETWORK}.endpointPrivateAccess", True), {"endpointPrivateAccess"}),
    Drift("public-on", put(f"{NETWORK}.publicAccessCidrs", ["0.0.0.0/0"]), {"publicAccessCidrs[0]"}),
    Drift("public-off", put(f"{NETWORK}.endpointPublicAccess", True), {"endpointPublicAccess"}),
    Drift("remote-node", put("remoteNetworkConfig.remoteNodeNetworks", []), {"remoteNetworks"}),
    Drift("upgrade-policy", put("upgradePolicy.supportType", "STANDARD"), {"supportType"}),
    Drift("zonal-shift", put("zonalShiftConfig.enabled", False), {"zonalShift"}),
    Drift("scaling-tier", put("controlPlaneScalingConfig.tier", "standard"), {"scalingTier"}),
    Drift("protection", put("deletionProtection", True), {"deletionProtection"}),
]  # fmt: skip


CREATED = "components-on-create"
ALONE = [
    Drift("compute-on-create", put("computeConfig.nodeRoleArn", "arn:aws:iam::123456789012:role/x"),
          {"autoMode.nodeRoleArn"}),
    Drift("compute-gateway", put(MANAGED, False), {"autoMode.gatewayApi"}),
    Drift(CREATED, put("kubeApiServerConfig.eventTtl", "9h"), {"components.eventTtl"}),
    Drift(CREATED, put("kubeApiServerConfig.serviceNodePortRange.maxPort", 31999), {"components.nodePorts"}),
    Drift(CREATED, put(f"{SCORED}.type", "LeastAllocated"), {"components.scoring"}),
    Drift(CREATED, put(f"{SCORED}.resources", [{"name": "cpu", "weight": 1}, {"name": "nvidia.com/gpu", "weight": 9}]),
          {"components.scoringWeights.nvidia.com/gpu"}),
    Drift(CREATED, put(ENDED, 9), {"components.terminatedPods"}),
    Drift(CREATED, put(LOOKS, "9s"), {"components.hpaSyncPeriod"}),
    Drift("egress", put(f"{NETWORK}.controlPlaneEgressMode", "CUSTOMER_ISOLATED"), {"egressMode"}),
    Drift("encryption-create", put("encryptionConfig.0.provider.keyArn", "another"), {"encryptionKeyArn"}),
    Drift("remote-node", put("remoteNetworkConfig.remoteNodeNetworks.0.cidrs", ["192.168.9.0/24"]),
          {"remoteNetworks.nodeCidrs"}),
    Drift("remote-pod", put("remoteNetworkConfig.remotePodNetworks.0.cidrs", ["10.8.0.0/16"]),
          {"remoteNetworks.podCidrs"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def life(long_account: tuple[Account, Surroundings]) -> Life:
    account, around = long_account
    return Life(account, around, "EksCluster", CASES)


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_change = pytest.mark.parametrize("drift", ALONE, ids=lambda drift: " ".join(sorted(drift.paths)))
every_drift = pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)


@pytest.fixture(scope="module")
def direct(life: Life) -> Iterator[Direct]:
    """The plugin's types over that account, when all has been put back."""
    life.put_back(DRIFTS)
    with Direct.over(life.account) as direct:
        yield direct


@every_case
def test_aws_has_what_was_declared(life: Life, case: Case) -> None:
    body = life.made()[case.name]
    assert {path: at(body, path) for path in case.made} == life.expected(case.made)


@every_case
def test_a_second_preview_is_empty(life: Life, case: Case) -> None:
    assert life.settled()[case.name] == Step("same")


@every_case
def test_a_change_is_made_by_the_expected_action(life: Life, case: Case) -> None:
    assert life.planned()[case.name].action == case.action


@every_case
def test_after_the_change_aws_has_what_is_declared_now(life: Life, case: Case) -> None:
    body = life.changed()[case.name]
    assert {path: at(body, path) for path in case.sees} == life.expected(case.sees)
    assert (body["createdAt"] == life.made()[case.name]["createdAt"]) is (case.action != "replace")


@every_case
def test_a_preview_after_the_change_is_empty(life: Life, case: Case) -> None:
    assert life.settled_again()[case.name] == Step("same")


@every_case
def test_an_import_takes_everything_but_what_aws_does_not_tell(
    life: Life, case: Case, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "imported"
    assert life.import_differs(case, folder) == {}
    assert life.imported(folder)["plan"][case.name] == Step("same")


@every_drift
def test_what_was_changed_by_hand_shows_at_its_property(life: Life, drift: Drift) -> None:
    assert life.drifted(DRIFTS)[drift.name] == Step("update", frozenset(drift.paths))


@every_drift
def test_what_was_changed_by_hand_is_put_back(life: Life, drift: Drift) -> None:
    assert life.put_back(DRIFTS)[drift.name] == Step("same")


@every_change
def test_one_field_alone_that_was_changed_by_hand_is_found(life: Life, direct: Direct, drift: Drift) -> None:
    body = life.account.body_of(direct.state[drift.name])
    assert direct.paths_after(drift.name, body, drift.change) == drift.paths


def test_a_destroy_leaves_nothing(life: Life) -> None:
    assert life.destroyed() == []


@pytest.mark.parametrize("version", ["1.31", "1.34"])
def test_a_version_that_no_update_leads_to_is_refused_at_preview(account: Account, version: str) -> None:
    account.up(Declared("c", "EksCluster", {}))
    said = account.refused(Declared("c", "EksCluster", {"version": version}))
    reason = {"1.31": "can't go back from 1.32 to 1.31", "1.34": "from 1.32 go to 1.33, and from there on"}[version]
    assert reason in said
    assert "Traceback" not in said


def test_volumes_that_a_cluster_leaves_behind_are_named(account: Account) -> None:
    account.up(Declared("c", "EksCluster", {}))
    ec2 = client(account.aws, "ec2")
    claim = {"kubernetes.io/created-for/pvc/name": "models", "kubernetes.io/cluster/c": "owned"}
    kept = volume(ec2, claim)
    other = volume(ec2, {"kubernetes.io/cluster/another": "owned"})
    said = account.engine.destroy().stdout
    assert f"{kept} (models)" in said
    assert other not in said
    for made in (kept, other):
        ec2.delete_volume(VolumeId=made)


def volume(ec2: Any, tags: Mapping[str, str]) -> str:
    """Make a volume as a cluster's driver does."""
    given = [{"ResourceType": "volume", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
    made = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=given)
    return str(made["VolumeId"])


def test_a_protected_cluster_is_not_destroyed_and_the_flag_is_named(account: Account) -> None:
    account.up(Declared("c", "EksCluster", {"deletion_protection": True}))
    done = account.engine.destroy(check=False)
    assert done.returncode != 0
    assert "set deletion_protection to false and apply that first" in done.stdout
    assert len(account.inventory()) == 1
