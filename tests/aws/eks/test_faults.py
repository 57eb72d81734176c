"""What goes wrong at AWS, and what the user reads: one further `up` goes on from there."""

from __future__ import annotations

import pytest

from tests.aws.eks.account import Account, Declared, Step
from tests.aws.eks.test_life import whole
from tests.aws.loopback.fixtures import Surroundings, client, until_active

pytestmark = [pytest.mark.aws, pytest.mark.slow]

CLUSTER = Declared("cluster", "EksCluster", {})
GPU = Declared("gpu", "EksNodegroup", {"name": "gpu"}, ("cluster",))


def test_throttling_of_a_third_of_all_calls_is_not_noticed(account: Account, around: Surroundings) -> None:
    account.aws.faults.throttle(0.3)
    account.up(*whole(around))
    account.up(*whole(around, version="1.33", log_types=["audit"]))
    account.assert_settled()
    account.engine.destroy()
    assert account.inventory() == []


def test_a_write_that_is_seen_late_is_waited_for(account: Account, around: Surroundings) -> None:
    account.aws.clock.lag = 3
    account.up(*whole(around))
    account.up(*whole(around, log_types=["audit"]))
    account.aws.clock.now += 10
    account.assert_settled()


def test_what_an_up_has_made_is_seen_when_it_ends(account: Account, around: Surroundings) -> None:
    account.aws.clock.lag = 6
    parts = {it.name: it for it in whole(around)}
    account.up(parts["cluster"], parts["viewer"], parts["triton"])
    account.aws.clock.frozen = True  # what is not seen by now will not be
    account.assert_settled()


@pytest.mark.parametrize(
    "call", ["CreateCluster", "CreateNodegroup", "CreateAddon", "CreateAccessEntry", "CreatePodIdentityAssociation"]
)
def test_an_answer_that_is_lost_makes_nothing_twice(account: Account, around: Surroundings, call: str) -> None:
    account.aws.faults.drop(f"eks.{call}", "after")
    account.up(*whole(around))
    account.assert_settled()
    assert len(account.inventory()) == 5


@pytest.mark.parametrize(
    "said",
    [
        "Role with arn: arn:aws:iam::1:role/r, could not be assumed because it does not exist",
        "Role could not be assumed because the trust policy does not allow principal eks.amazonaws.com",
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it.",
        "Cluster IAM Role's policy must include the `ec2:DescribeSubnets` action",
    ],
)
def test_a_new_role_that_eks_does_not_know_yet_is_waited_for(account: Account, said: str) -> None:
    account.aws.faults.refuse("eks.CreateCluster", "InvalidParameterException", said, times=3)
    account.up(CLUSTER)
    assert account.aws.times()["eks.CreateCluster"] == 4


def test_a_subnet_that_is_not_there_is_told_at_once(account: Account) -> None:
    said = account.failed_up(Declared("cluster", "EksCluster", {"subnet_ids": ["subnet-1", "subnet-2"]}))
    assert "does not exist" in said
    assert account.aws.times()["eks.CreateCluster"] == 1
    assert account.state() == {}


def test_nodes_that_could_not_be_had_are_told_with_the_reason_and_replaced_by_the_next_up(account: Account) -> None:
    account.aws.eks().state.nodegroups.end_next(
        "CREATE_FAILED", "AsgInstanceLaunchFailures", "Could not launch: InsufficientInstanceCapacity", "asg-1"
    )
    said = account.failed_up(CLUSTER, GPU)
    assert (
        "could not be made: AsgInstanceLaunchFailures: Could not launch: InsufficientInstanceCapacity (asg-1)" in said
    )
    failed = account.state()["gpu"]["id"]
    assert account.plan()["gpu"].action == "replace"
    account.up()
    account.assert_settled()
    assert account.state()["gpu"]["id"] != failed
    assert len(account.inventory()) == 2


def test_a_control_plane_that_failed_is_made_anew_under_its_name(account: Account) -> None:
    account.aws.eks().state.clusters.end_next("FAILED", "ResourceLimitExceeded", "no more", "vpc-1")
    said = account.failed_up(CLUSTER)
    assert "could not be made: ResourceLimitExceeded: no more (vpc-1)" in said
    account.up()
    account.assert_settled()
    assert account.inventory() == ["cluster c"]


def test_an_addon_that_failed_is_made_anew(account: Account, around: Surroundings) -> None:
    account.aws.eks().state.addons.end_next("CREATE_FAILED", "ConfigurationConflict", "conflict with kubectl")
    assert "ConfigurationConflict: conflict with kubectl" in account.failed_up(*whole(around))
    account.up()
    account.assert_settled()


def test_an_update_that_failed_is_told_with_the_reason_and_tried_again(account: Account) -> None:
    account.up(CLUSTER)
    account.aws.eks().state.fail_next_update("IpNotAvailable", "no free address", "subnet-1")
    changed = Declared("cluster", "EksCluster", {"version": "1.33", "support_type": "EXTENDED"})
    assert "could not be updated: IpNotAvailable: no free address (subnet-1)" in account.failed_up(changed)
    account.up()
    account.assert_settled()
    assert account.body("cluster")["version"] == "1.33"


def test_ailing_nodes_are_named_in_the_preview_and_are_no_change(account: Account) -> None:
    account.up(CLUSTER, GPU)
    issue = {"code": "AsgInstanceLaunchFailures", "message": "no capacity", "resourceIds": ["asg-1"]}
    account.body("gpu").update(status="DEGRADED", health={"issues": [issue]})
    assert "is DEGRADED: AsgInstanceLaunchFailures: no capacity (asg-1)" in account.engine.preview().stdout
    assert account.plan()["gpu"] == Step("same")


def test_a_wait_that_takes_too_long_goes_on_in_the_next_up(account: Account) -> None:
    account.aws.clock.frozen = True
    account.declare(CLUSTER)
    program = account.engine.directory / "__main__.py"
    timeouts = "depends_on=[made[it] for it in after], custom_timeouts=pulumi.CustomTimeouts(create='3s')"
    program.write_text(program.read_text().replace("depends_on=[made[it] for it in after]", timeouts))
    said = account.failed_up()
    while "eks.CreateCluster" not in account.aws.times():  # a busy machine took all the time for what comes before
        said = account.failed_up()
    assert "waited 3 s for control plane eu-west-1/c creating" in said
    account.aws.clock.frozen = False
    account.up(CLUSTER)
    account.assert_settled()
    assert account.aws.times()["eks.CreateCluster"] == 1


def test_expired_credentials_midway_are_told_and_the_next_up_goes_on(account: Account, around: Surroundings) -> None:
    account.aws.faults.expire_credentials("eks.CreateNodegroup")
    said = account.failed_up(*whole(around))
    assert "AWS does not take your credentials" in said
    account.aws.faults.clear()
    account.up()
    account.assert_settled()
    assert len(account.inventory()) == 5


def test_a_denied_call_names_the_action_to_allow(account: Account, around: Surroundings) -> None:
    account.aws.faults.deny("eks.CreateAddon")
    assert "allow the action eks:CreateAddon to the role you use" in account.failed_up(*whole(around))
    account.aws.faults.clear()
    account.up()
    account.assert_settled()


def test_a_quota_that_is_used_up_is_told(account: Account) -> None:
    account.aws.faults.refuse("eks.CreateCluster", "ResourceLimitExceededException", "limit of 100 clusters")
    said = account.failed_up(CLUSTER)
    assert "a quota of the account is used up" in said


def test_a_name_that_somebody_else_has_is_left_alone_and_the_import_is_named(
    account: Account, around: Surroundings
) -> None:
    eks = client(account.aws, "eks")
    network = {"subnetIds": around.subnets[:2]}
    eks.create_cluster(name="c", roleArn=around.cluster_role, resourcesVpcConfig=network)
    until_active(eks)
    said = account.failed_up(CLUSTER)
    assert "pulumi import seldon:aws:EksCluster c eu-west-1/c" in said
    assert account.state() == {}
    assert account.inventory() == ["cluster c"]


def test_a_delete_waits_for_what_is_in_progress_and_says_so(account: Account) -> None:
    account.up(CLUSTER)
    client(account.aws, "eks").update_cluster_config(name="c", upgradePolicy={"supportType": "EXTENDED"})
    account.aws.clock.frozen = True
    running = account.engine.start("destroy", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
    with account.aws.faults.hold("eks.DeleteCluster", "before", nth=2) as held:
        held.wait()
        account.aws.clock.frozen = False
        account.aws.clock.now += 5
    said, _ = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert "an update is in progress" in said
    assert account.inventory() == []


def test_a_destroy_is_not_stopped_by_what_is_gone_already(account: Account, around: Surroundings) -> None:
    account.up(*whole(around))
    for key in list(account.aws.eks().state.addons.visible()):
        account.aws.eks().state.addons.remove(key)
    account.engine.destroy()
    assert account.inventory() == []
