"""Node groups: the cases that other providers' acceptance tests name, and each mutable field changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws.direct import Direct
from tests.aws.eks.account import Account, Step
from tests.aws.eks.matrix import Case, Drift, Life, at, put
from tests.aws.loopback.fixtures import Surroundings, client, until_active

pytestmark = [pytest.mark.aws, pytest.mark.slow]

GPU = {"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}
SPOT = {"key": "spot", "value": "yes", "effect": "NO_EXECUTE"}
TEAM = {"key": "team", "value": "fraud", "effect": "NO_SCHEDULE"}
NIGHT = {"key": "night", "effect": "PREFER_NO_SCHEDULE"}
LIMITS = "nodeRepairConfig"
REPAIR: dict[str, Any] = {"max_unhealthy": 3, "max_parallel_percentage": 20, "overrides": [
    {"condition": "AcceleratedHardwareReady", "reason": "NvidiaXID64Error", "wait_minutes": 5, "action": "Replace"},
    {"condition": "NetworkingReady", "reason": "InterfaceNotUp", "wait_minutes": 20, "action": "NoAction"},
]}  # fmt: skip
SSH = {"remote_access": {"ec2_ssh_key": "key"}}

CASES = [
    Case("basic", {}, made={
        "version": "1.33", "amiType": "AL2023_x86_64_STANDARD", "capacityType": "ON_DEMAND", "diskSize": 20,
        "instanceTypes": ["t3.medium"], "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
        "nodeRole": "$node_role", "subnets": "$two_subnets", "updateConfig": {"maxUnavailable": 1},
    }),
    Case("name", {"name": "old"}, {"name": "new"}, "replace"),
    Case("ami-type", {"ami_type": "AL2023_x86_64_STANDARD"}, {"ami_type": "AL2023_x86_64_NVIDIA"}, "replace",
         {"amiType": "AL2023_x86_64_NVIDIA"}),
    Case("spot", {}, {"capacity_type": "SPOT"}, "replace", {"capacityType": "SPOT"}),
    Case("disk-size", {"disk_size": 50}, {"disk_size": 100}, "replace", {"diskSize": 100}, {"diskSize": 50}),
    Case("instance-types-single", {"instance_types": ["g5.xlarge"]}, {"instance_types": ["g6.xlarge"]}, "replace",
         {"instanceTypes": ["g6.xlarge"]}, {"instanceTypes": ["g5.xlarge"]}),
    Case("instance-types-multiple", {"instance_types": ["g5.xlarge", "g4dn.xlarge"]},
         made={"instanceTypes": ["g5.xlarge", "g4dn.xlarge"]}),
    Case("labels", {"labels": {"a": "1", "b": "2"}}, {"labels": {"a": "3", "c": "4"}}, "update",
         {"labels": {"a": "3", "c": "4"}}, {"labels": {"a": "1", "b": "2"}}),
    Case("taints", {"taints": [GPU]}, {"taints": [{**GPU, "value": "true"}, SPOT]}, "update",
         {"taints.0.value": "true", "taints.1.key": "spot"}, {"taints.0.key": "nvidia.com/gpu"}),
    Case("taints-off", {"taints": [GPU, SPOT, TEAM, NIGHT]}, {"taints": [SPOT, TEAM, NIGHT]}, "update",
         {"taints.0.key": "spot", "taints.3": None}),
    Case("template", {"launch_template": {"id": "$template", "version": "1"}},
         {"launch_template": {"id": "$template", "version": "2"}}, "update",
         {"launchTemplate.version": "2"}, {"launchTemplate.version": "1", "launchTemplate.name": "template"}),
    Case("template-type", {"launch_template": {"id": "$typed_template", "version": "1"}},
         made={"instanceTypes": None, "diskSize": None}),
    Case("template-id", {"launch_template": {"id": "$template", "version": "1"}},
         {"launch_template": {"id": "$typed_template", "version": "1"}}, "replace",
         {"launchTemplate.id": "$typed_template"}),
    Case("template-name", {"launch_template": {"name": "template", "version": "1"}},
         {"launch_template": {"name": "template", "version": "2"}}, "update", {"launchTemplate.version": "2"},
         {"launchTemplate.version": "1", "launchTemplate.id": "$template"}),
    Case("template-other-name", {"launch_template": {"name": "template", "version": "1"}},
         {"launch_template": {"name": "typed-template", "version": "1"}}, "replace",
         {"launchTemplate.id": "$typed_template"}),
    Case("repair-limits", {"auto_repair": True}, {"repair": REPAIR}, "update",
         {f"{LIMITS}.maxUnhealthyNodeThresholdCount": 3, f"{LIMITS}.maxParallelNodesRepairedPercentage": 20,
          f"{LIMITS}.enabled": True, f"{LIMITS}.nodeRepairConfigOverrides.1.repairAction": "NoAction"}),
    Case("repair-other-limits", {"auto_repair": True, "repair": REPAIR},
         {"repair": {"max_unhealthy_percentage": 10, "max_parallel": 1, "overrides": REPAIR["overrides"][:1]}},
         "update",
         {f"{LIMITS}.maxUnhealthyNodeThresholdPercentage": 10, f"{LIMITS}.maxUnhealthyNodeThresholdCount": None,
          f"{LIMITS}.nodeRepairConfigOverrides.1": None},
         {f"{LIMITS}.maxUnhealthyNodeThresholdCount": 3}),
    Case("warm", {}, {"warm_pool": {"min_size": 1, "max_prepared": 3, "state": "HIBERNATED", "reuse": True}}, "update",
         {"warmPoolConfig": {"enabled": True, "minSize": 1, "maxGroupPreparedCapacity": 3, "poolState": "HIBERNATED",
                             "reuseOnScaleIn": True}}),
    Case("warm-off", {"warm_pool": {}}, {"warm_pool": None}, "update", {"warmPoolConfig.enabled": False},
         {"warmPoolConfig.poolState": "STOPPED"}),
    Case("repair", {}, {"auto_repair": True}, "update", {"nodeRepairConfig.enabled": True}),
    Case("repair-off", {"auto_repair": True}, {"auto_repair": False}, "update", {"nodeRepairConfig.enabled": False}),
    Case("release", {"release_version": "1.33.4-20261001"}, {"release_version": "1.33.4-20261101"}, "update",
         {"releaseVersion": "1.33.4-20261101"}, {"releaseVersion": "1.33.4-20261001"}),
    Case("ssh", SSH, {"remote_access": {"ec2_ssh_key": "key", "source_security_group_ids": ["$groups.0"]}}, "replace",
         {"remoteAccess.sourceSecurityGroups": ["$groups.0"]}, {"remoteAccess.ec2SshKey": "key"}),
    Case("desired-size", {"desired_size": 2}, {"desired_size": 3}, "update", {"scalingConfig.desiredSize": 3},
         {"scalingConfig.desiredSize": 2}),
    Case("max-size", {}, {"max_size": 5}, "update", {"scalingConfig.maxSize": 5}),
    Case("min-size", {}, {"min_size": 2}, "update", {"scalingConfig.minSize": 2, "scalingConfig.desiredSize": 2}),
    Case("zero", {"min_size": 0}, {"min_size": 1}, "update", {"scalingConfig.minSize": 1},
         {"scalingConfig.desiredSize": 0}),
    Case("tags", {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "3"}}, "update", {"tags.a": "3", "tags.b": None}),
    Case("update-share", {"update": {"max_unavailable": 2}}, {"update": {"max_unavailable_percentage": 40}}, "update",
         {"updateConfig.maxUnavailablePercentage": 40, "updateConfig.maxUnavailable": None},
         {"updateConfig.maxUnavailable": 2}),
    Case("update-minimal", {}, {"update": {"max_unavailable": 1, "strategy": "MINIMAL"}}, "update",
         {"updateConfig.updateStrategy": "MINIMAL"}),
    Case("version", {"version": "1.31"}, {"version": "1.32"}, "update", {"version": "1.32"}, {"version": "1.31"}),
    Case("version-skips", {"version": "1.31"}, {"version": "1.33"}, "update", {"version": "1.33"}),
    Case("force", {"version": "1.31"}, {"version": "1.32", "force_update": True}, "update", {"version": "1.32"}),
    Case("role", {}, {"node_role_arn": "$other_role"}, "replace", {"nodeRole": "$other_role"}),
    Case("subnets", {}, {"subnet_ids": "$subnets"}, "replace", {"subnets": "$subnets"}),
    Case("all-at-once", {"version": "1.31", "labels": {"a": "1"}},
         {"version": "1.32", "labels": {"b": "1"}, "taints": [GPU], "max_size": 9, "tags": {"x": "y"}}, "update",
         {"version": "1.32", "labels": {"b": "1"}, "scalingConfig.maxSize": 9, "tags.x": "y"}),
]  # fmt: skip

DRIFTS = [
    Drift("labels", put("labels.a", "9"), {"labels.a"}),
    Drift("basic", put("labels.mine", "x"), {"labels.mine"}),
    Drift("taints", put("taints", []), {"taints[0]", "taints[1]"}),
    Drift("taints-off", lambda body: body["taints"].pop(1), {"taints[2]"}),
    Drift("desired-size", put("scalingConfig.desiredSize", 1), {"desiredSize"}),
    Drift("max-size", put("scalingConfig.maxSize", 4), {"maxSize"}),
    Drift("min-size", put("scalingConfig.minSize", 0), {"minSize"}),
    Drift("tags", put("tags.a", "9"), {"tags.a"}),
    Drift("template", put("launchTemplate.version", "1"), {"launchTemplate.version"}),
    Drift("release", put("releaseVersion", "1.33.4-20261001"), {"releaseVersion"}),
    Drift("repair", put("nodeRepairConfig.enabled", False), {"autoRepair"}),
    Drift("update-share", put("updateConfig", {"maxUnavailablePercentage": 10}), {"update.maxUnavailablePercentage"}),
    Drift("update-minimal", put("updateConfig", {"maxUnavailable": 1}), {"update.strategy"}),
    Drift("version", put("version", "1.31"), {"version"}),
]


OVERRIDE = f"{LIMITS}.nodeRepairConfigOverrides.1"
ALONE = [
    Drift("taints-off", put("taints.0.key", "another"), {"taints.key"}),
    Drift("taints-off", put("taints.1.value", "no"), {"taints.value"}),
    Drift("taints-off", put("taints.2.effect", "NO_EXECUTE"), {"taints.effect"}),
    Drift("basic", put("updateConfig.maxUnavailable", 9), {"update.maxUnavailable"}),
    Drift("repair-limits", put(f"{LIMITS}.maxUnhealthyNodeThresholdCount", 9), {"repair.maxUnhealthy"}),
    Drift("repair-limits", put(f"{LIMITS}.maxUnhealthyNodeThresholdPercentage", 9), {"repair.maxUnhealthyPercentage"}),
    Drift("repair-limits", put(f"{LIMITS}.maxParallelNodesRepairedCount", 9), {"repair.maxParallel"}),
    Drift("repair-limits", put(f"{LIMITS}.maxParallelNodesRepairedPercentage", 9), {"repair.maxParallelPercentage"}),
    Drift("repair-limits", put(f"{OVERRIDE}.nodeMonitoringCondition", "x"), {"repair.overrides.condition"}),
    Drift("repair-limits", put(f"{OVERRIDE}.nodeUnhealthyReason", "x"), {"repair.overrides.reason"}),
    Drift("repair-limits", put(f"{OVERRIDE}.minRepairWaitTimeMins", 9), {"repair.overrides.waitMinutes"}),
    Drift("repair-limits", put(f"{OVERRIDE}.repairAction", "Reboot"), {"repair.overrides.action"}),
    Drift("warm", put("warmPoolConfig.minSize", 0), {"warmPool.minSize"}),
    Drift("warm", put("warmPoolConfig.maxGroupPreparedCapacity", 9), {"warmPool.maxPrepared"}),
    Drift("warm", put("warmPoolConfig.poolState", "RUNNING"), {"warmPool.state"}),
    Drift("warm", put("warmPoolConfig.reuseOnScaleIn", False), {"warmPool.reuse"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def life(long_account: tuple[Account, Surroundings]) -> Life:
    """Node groups in a cluster that is there already, one minor version ahead of them in the end."""
    account, around = long_account
    eks, ec2 = client(account.aws, "eks"), client(account.aws, "ec2")
    network = {"subnetIds": around.subnets}
    eks.create_cluster(name="c", roleArn=around.cluster_role, resourcesVpcConfig=network, version="1.32")
    until_active(eks)
    eks.update_cluster_version(name="c", version="1.33")
    until_active(eks)
    ids = {}
    for name, data in (("template", {}), ("typed_template", {"InstanceType": "g5.xlarge"})):
        data = {"MetadataOptions": {"HttpTokens": "required"}, **data}
        made = ec2.create_launch_template(LaunchTemplateName=name.replace("_", "-"), LaunchTemplateData=data)
        ids[name] = made["LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_launch_template_version(LaunchTemplateId=ids["template"], LaunchTemplateData={"EbsOptimized": True})
    more = {**ids, "two_subnets": around.subnets[:2]}
    return Life(account, around, "EksNodegroup", CASES, more)


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
    same = body["nodegroupName"] == life.made()[case.name]["nodegroupName"]
    assert same is (case.action != "replace")


@every_case
def test_a_preview_after_the_change_is_empty(life: Life, case: Case) -> None:
    assert life.settled_again()[case.name] == Step("same")


@every_case
def test_an_import_takes_everything_but_what_aws_does_not_tell(
    life: Life, case: Case, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "imported nodes"
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


def test_what_an_autoscaler_does_is_no_drift(life: Life) -> None:
    life.put_back(DRIFTS)
    life.account.body("basic")["scalingConfig"]["desiredSize"] = 3
    check = ("refresh", "--stack", "test", "--preview-only", "--expect-no-changes")
    assert life.account.engine.run(*check, check=False).returncode == 0
    assert life.account.plan()["basic"] == Step("same")


def test_a_destroy_leaves_nothing(life: Life) -> None:
    assert [it for it in life.destroyed() if not it.startswith("cluster")] == []
