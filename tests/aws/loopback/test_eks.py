"""EKS on the loopback: slow, idempotent, strict, and where moto serves it too, the same."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.loopback import REGION, Loopback
from tests.aws.loopback.fixtures import Surroundings, client, until_active

pytestmark = pytest.mark.aws

NODES = {"scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}, "labels": {"a": "b"}}


@pytest.fixture
def eks(loopback: Loopback) -> Any:
    return client(loopback, "eks")


def make_cluster(eks: Any, around: Surroundings, **more: Any) -> dict[str, Any]:
    network = {"subnetIds": around.subnets[:2]}
    given = {"name": "c", "roleArn": around.cluster_role, "resourcesVpcConfig": network, "version": "1.32", **more}
    return dict(eks.create_cluster(**given)["cluster"])


def make_nodes(eks: Any, around: Surroundings, **more: Any) -> dict[str, Any]:
    given = {"clusterName": "c", "nodegroupName": "n", "subnets": around.subnets[:2], "nodeRole": around.node_role}
    return dict(eks.create_nodegroup(**given, **NODES, **more)["nodegroup"])


def status(eks: Any) -> str:
    return str(eks.describe_cluster(name="c")["cluster"]["status"])


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_a_cluster_is_creating_for_as_many_polls_as_the_clock_says(loopback: Loopback, eks: Any, around: Any) -> None:
    loopback.clock.pace = 3
    made = make_cluster(eks, around)
    assert (made["status"], "endpoint" in made) == ("CREATING", False)
    assert [status(eks) for _ in range(4)] == ["CREATING", "CREATING", "ACTIVE", "ACTIVE"]
    assert eks.describe_cluster(name="c")["cluster"]["endpoint"].startswith("https://")


def test_a_frozen_clock_lets_nothing_end(loopback: Loopback, eks: Any, around: Any) -> None:
    loopback.clock.frozen = True
    make_cluster(eks, around)
    assert {status(eks) for _ in range(20)} == {"CREATING"}


def test_a_creation_ends_in_the_failure_that_the_test_has_chosen(loopback: Loopback, eks: Any, around: Any) -> None:
    loopback.eks().state.clusters.end_next("FAILED", "ResourceLimitExceeded", "no more", "subnet-1")
    make_cluster(eks, around)
    eks.describe_cluster(name="c")
    cluster = eks.describe_cluster(name="c")["cluster"]
    issue = {"code": "ResourceLimitExceeded", "message": "no more", "resourceIds": ["subnet-1"]}
    assert (cluster["status"], cluster["health"]["issues"]) == ("FAILED", [issue])


def test_the_same_token_gives_the_same_answer_and_with_other_parameters_an_error(eks: Any, around: Any) -> None:
    first = make_cluster(eks, around, clientRequestToken="t")
    assert make_cluster(eks, around, clientRequestToken="t")["createdAt"] == first["createdAt"]
    with refused("InvalidParameterException"):
        make_cluster(eks, around, clientRequestToken="t", version="1.33")
    with refused("InvalidParameterException"):
        make_cluster(eks, around, clientRequestToken="t", name="d")
    with refused("ResourceInUseException"):
        make_cluster(eks, around, clientRequestToken="other")


def test_an_updates_token_counts_once(eks: Any, around: Any) -> None:
    make_cluster(eks, around)
    until_active(eks)
    wanted = {"name": "c", "version": "1.33", "clientRequestToken": "t"}
    first = eks.update_cluster_version(**wanted)["update"]
    assert eks.update_cluster_version(**wanted)["update"]["id"] == first["id"]
    assert eks.list_updates(name="c")["updateIds"] == [first["id"]]


def test_a_write_is_seen_late(loopback: Loopback, eks: Any, around: Any) -> None:
    loopback.clock.lag, loopback.clock.pace = 2, 0
    make_cluster(eks, around)
    for _ in range(2):
        with refused("ResourceNotFoundException"):
            status(eks)
    assert status(eks) == "ACTIVE"
    eks.update_cluster_config(name="c", deletionProtection=True)
    seen = [eks.describe_cluster(name="c")["cluster"]["deletionProtection"] for _ in range(3)]
    assert seen == [False, False, True]


def test_a_cluster_takes_one_kind_of_update_at_a_time(eks: Any, around: Any) -> None:
    make_cluster(eks, around)
    until_active(eks)
    with refused("Only one type of update"):
        eks.update_cluster_config(name="c", deletionProtection=True, upgradePolicy={"supportType": "STANDARD"})
    with refused("Only one type of update"):
        eks.update_cluster_config(
            name="c", resourcesVpcConfig={"subnetIds": around.subnets, "endpointPrivateAccess": True}
        )
    eks.update_cluster_config(name="c", upgradePolicy={"supportType": "STANDARD"})
    with refused("ResourceInUseException"):
        eks.update_cluster_config(name="c", deletionProtection=True)
    until_active(eks)
    with refused("No changes needed"):
        eks.update_cluster_config(name="c", upgradePolicy={"supportType": "STANDARD"})


@pytest.mark.parametrize("version", ["1.31", "1.34", "1.40"])
def test_a_version_moves_one_minor_at_a_time(eks: Any, around: Any, version: str) -> None:
    make_cluster(eks, around)
    until_active(eks)
    with refused("Unsupported Kubernetes minor version update"):
        eks.update_cluster_version(name="c", version=version)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, "could not be assumed", id="role"),
        pytest.param({"resourcesVpcConfig": {"subnetIds": ["subnet-0"]}}, "subnet-0", id="subnet"),
        pytest.param({"version": "1.12"}, "unsupported Kubernetes version", id="version"),
        pytest.param({"computeConfig": {"enabled": True}}, "fully enabled or fully disabled", id="half auto mode"),
    ],
)
def test_a_cluster_of_what_is_not_there_is_refused(eks: Any, around: Any, change: dict[str, Any], said: str) -> None:
    with refused(said):
        make_cluster(eks, around, **change)


def test_a_cluster_goes_when_its_node_groups_are_gone_and_takes_all_else_along(
    loopback: Loopback, eks: Any, around: Surroundings
) -> None:
    make_cluster(eks, around, accessConfig={"authenticationMode": "API"})
    until_active(eks)
    make_nodes(eks, around)
    eks.create_addon(clusterName="c", addonName="vpc-cni")
    eks.create_access_entry(clusterName="c", principalArn=around.pod_role)
    account = {"namespace": "n", "serviceAccount": "s", "roleArn": around.pod_role}
    eks.create_pod_identity_association(clusterName="c", **account)
    with refused("ResourceInUseException"):
        eks.delete_cluster(name="c")
    with refused("ResourceInUseException.*in progress"):
        eks.delete_nodegroup(clusterName="c", nodegroupName="n")
    until_active(eks)
    status(eks)
    eks.delete_nodegroup(clusterName="c", nodegroupName="n")
    loopback.clock.now += 5
    assert eks.delete_cluster(name="c")["cluster"]["status"] == "DELETING"
    loopback.clock.now += 5
    assert eks.list_clusters()["clusters"] == []
    state = loopback.eks().state
    assert [*state.addons.visible(), *state.entries.visible(), *state.associations.visible()] == []
    groups = client(loopback, "ec2").describe_security_groups()["SecurityGroups"]
    assert not [it for it in groups if it["GroupName"].startswith("eks-cluster-sg")]


def test_a_protected_cluster_is_not_deleted(eks: Any, around: Any) -> None:
    make_cluster(eks, around, deletionProtection=True)
    until_active(eks)
    with refused("deletion protection"):
        eks.delete_cluster(name="c")


def test_a_launch_templates_version_is_told_as_a_number(loopback: Loopback, eks: Any, around: Any) -> None:
    data = {"MetadataOptions": {"HttpTokens": "required"}}
    made = client(loopback, "ec2").create_launch_template(LaunchTemplateName="template", LaunchTemplateData=data)
    make_cluster(eks, around)
    until_active(eks)
    id = made["LaunchTemplate"]["LaunchTemplateId"]
    nodes = make_nodes(eks, around, launchTemplate={"name": "template", "version": "$Latest"})
    assert nodes["launchTemplate"] == {"id": id, "name": "template", "version": "1"}
    assert "diskSize" not in nodes


def test_lists_come_in_pages(eks: Any, around: Any) -> None:
    for name in ("a", "b", "c"):
        make_cluster(eks, around, name=name)
    first = eks.list_clusters(maxResults=2)
    assert first["clusters"] == ["a", "b"]
    assert eks.list_clusters(maxResults=2, nextToken=first["nextToken"])["clusters"] == ["c"]


def test_what_moto_serves_too_is_answered_alike(loopback: Loopback, moto_address: str, around: Surroundings) -> None:
    """Every member of a cluster and of a node group that both answer, but for ids, times, and what moto makes up."""
    alone = boto3.client(
        "eks",
        endpoint_url=f"http://{moto_address}",
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    loopback.clock.pace = 0
    answers = []
    for eks in (alone, client(loopback, "eks")):
        make_cluster(eks, around, tags={"a": "b"})
        cluster = eks.describe_cluster(name="c")["cluster"]
        make_nodes(eks, around, tags={"a": "b"}, amiType="AL2_x86_64_GPU", instanceTypes=["g5.xlarge"])
        nodes = eks.describe_nodegroup(clusterName="c", nodegroupName="n")["nodegroup"]
        listed = (eks.list_clusters()["clusters"], eks.list_nodegroups(clusterName="c")["nodegroups"])
        answers.append((cluster, nodes, listed))
    (theirs, their_nodes, their_lists), (ours, our_nodes, our_lists) = answers
    same = {"name", "arn", "version", "roleArn", "status", "tags"}
    assert {name: theirs[name] for name in same} == {name: ours[name] for name in same}
    assert set(theirs) - set(ours) <= {"clientRequestToken"}
    assert {*theirs["resourcesVpcConfig"]} <= {*ours["resourcesVpcConfig"]}
    told = {"nodegroupArn", "createdAt", "modifiedAt", "resources", "clientRequestToken"}
    told |= {"version", "releaseVersion", "remoteAccess"}  # moto says 1.19 and a key pair, whatever was asked for
    compared = set(their_nodes) - told - {"subnets"}  # sets come in another order here
    assert {name: their_nodes[name] for name in compared} == {name: our_nodes.get(name) for name in compared}
    assert their_lists == our_lists


@pytest.mark.parametrize("call", ["describe_cluster", "delete_cluster", "describe_nodegroup"])
def test_what_is_not_there_is_refused_as_by_moto(loopback: Loopback, moto_address: str, call: str) -> None:
    alone = boto3.client(
        "eks",
        endpoint_url=f"http://{moto_address}",
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    given = {"name": "c"} if call.endswith("cluster") else {"clusterName": "c"}
    given |= {"nodegroupName": "n"} if call == "describe_nodegroup" else {}
    codes = []
    for eks in (alone, client(loopback, "eks")):
        with pytest.raises(ClientError) as failure:
            getattr(eks, call)(**given)
        error = failure.value.response
        codes.append((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]))
    assert codes[0] == codes[1]
