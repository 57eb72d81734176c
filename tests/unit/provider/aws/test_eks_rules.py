"""What of EKS can't be is refused before any call: by new inputs alone, or by what the state has."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.provider.aws.eks import RESOURCES
from seldon_infra.provider.aws.eks.access_entry import EksAccessEntry
from seldon_infra.provider.aws.eks.addon import EksAddon
from seldon_infra.provider.aws.eks.cluster import EksCluster
from seldon_infra.provider.aws.eks.cluster_answers import components
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import seen
from seldon_infra.provider.aws.eks.waiting import elapsed
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Context, Failed
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.siblings import Known
from seldon_infra.resources.aws_eks_addon import EksAddonInputs
from seldon_infra.resources.aws_eks_cluster import EksClusterInputs, EksComponents

ROLE = "arn:aws:iam::123456789012:role/r"
PLACE = {"region": "eu-west-1", "clusterName": "c"}
CLUSTER = {"region": "eu-west-1", "name": "c", "version": "1.32", "roleArn": ROLE, "subnetIds": ["s-1", "s-2"]}
NODES = {**PLACE, "name": "n", "nodeRoleArn": ROLE, "subnetIds": ["s-1"], "minSize": 1, "maxSize": 3}
TEMPLATE = {"launchTemplate": {"id": "lt-1", "version": "1"}}
BOTH = {"maxParallel": 1, "maxParallelPercentage": 10}
IDENTITY = {**PLACE, "namespace": "n", "serviceAccount": "s", "roleArn": ROLE}
ENTRY = {**PLACE, "principalArn": ROLE}
BASE: dict[str, dict[str, Any]] = {"EksCluster": CLUSTER, "EksNodegroup": NODES, "EksAccessEntry": ENTRY,
                                   "EksPodIdentityAssociation": IDENTITY}  # fmt: skip
CONTEXT = Context("urn:pulumi:test::scratch::seldon:aws:EksCluster::c", "owner")


def lifecycle(kind: str) -> Lifecycle[Any, Any]:
    (found,) = [it for it in RESOURCES if it.__name__ == kind]
    return Lifecycle(found(), Known())


def problems(kind: str, olds: dict[str, Any], news: dict[str, Any]) -> str:
    return "; ".join(f"{it.path} {it.reason}" for it in lifecycle(kind).check(olds, news, CONTEXT)[1])


@pytest.mark.parametrize("kind", BASE)
def test_a_plain_declaration_is_fine(kind: str) -> None:
    assert problems(kind, {}, BASE[kind]) == ""


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("EksCluster", {"endpointPrivateAccess": False}, "must be true where endpoint_public_access is not"),
        ("EksCluster", {"endpointPublicAccess": True}, "publicAccessCidrs is required with endpoint_public_access"),
        ("EksCluster", {"publicAccessCidrs": ["10.0.0.0/8"]}, "counts only with endpoint_public_access"),
        ("EksCluster", {"subnetIds": ["s-1"]}, "should have at least 2 items"),
        ("EksCluster", {"version": "v1.33"}, "version String should match pattern"),
        ("EksCluster", {"name": "c" * 101}, "name String should match pattern"),
        ("EksCluster", {"logTypes": ["everything"]}, "logTypes[0] must be 'api', 'audit'"),
        ("EksCluster", {"autoMode": {"nodePools": ["gpu"]}}, "must be 'general-purpose' or 'system'"),
        ("EksCluster", {"serviceIpv4Cidr": "10.0.0.0/11"}, "is 10.0.0.0/11, must be /12 to /24 of 10.0.0.0/8"),
        ("EksCluster", {"serviceIpv4Cidr": "10.0.0.0/25"}, "is 10.0.0.0/25, must be /12 to /24 of 10.0.0.0/8"),
        ("EksCluster", {"serviceIpv4Cidr": "9.0.0.0/16"}, "is 9.0.0.0/16, must be /12 to /24 of 10.0.0.0/8"),
        ("EksCluster", {"serviceIpv4Cidr": "10.0.0.1/16"}, "no IPv4 network; write it like 172.20.0.0/16"),
        ("EksCluster", {"serviceIpv4Cidr": "10.0.0.0/16", "ipFamily": "ipv6"}, "can't stand beside ip_family ipv6"),
        ("EksCluster", {"components": {"eventTtl": "90"}}, "components.eventTtl String should match pattern"),
        ("EksCluster", {"components": {"nodePorts": "9-8"}}, "is 9-8, must go up and end at 65535"),
        ("EksCluster", {"components": {"scoringWeights": {"cpu": 0}}}, "greater than or equal to 1"),
        ("EksNodegroup", {"repair": {"maxUnhealthy": 2}}, "repair counts only with auto_repair"),
        ("EksNodegroup", {"autoRepair": True, "repair": BOTH}, "can't stand beside max_parallel_percentage"),
        ("EksNodegroup", {"launchTemplate": {"version": "1"}}, "is named by its id or by its name; write one"),
        ("EksPodIdentityAssociation", {"policy": {"Statement": []}}, "policy counts only with disable_session_tags"),
        ("EksNodegroup", {"minSize": 4}, "minSize is 4, more than max_size 3"),
        ("EksNodegroup", {"desiredSize": 4}, "desiredSize is 4, not from min_size 1 to max_size 3"),
        ("EksNodegroup", {**TEMPLATE, "diskSize": 9}, "diskSize can't stand beside launch_template"),
        ("EksNodegroup", {**TEMPLATE, "remoteAccess": {"ec2SshKey": "k"}}, "can't stand beside launch_template"),
        ("EksNodegroup", {"launchTemplate": {"id": "lt-1", "version": "$Latest"}}, "should match pattern"),
        ("EksNodegroup", {"name": "n" * 53}, "should match pattern"),
        ("EksNodegroup", {"taints": [{"key": "k", "effect": "NoSchedule"}]}, "must be 'NO_SCHEDULE'"),
        ("EksAccessEntry", {"type": "EC2_LINUX", "kubernetesGroups": ["g"]}, "goes with type STANDARD, not with EC2"),
        ("EksAccessEntry", {"policies": [{"arn": "arn:aws:iam::aws:policy/X"}]}, "should match pattern"),
    ],
)
def test_what_can_not_be_is_refused(kind: str, change: dict[str, Any], said: str) -> None:
    assert said in problems(kind, {}, BASE[kind] | change)


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("EksCluster", {}, {"version": "1.34"}, "moves one minor at a time: from 1.32 go to 1.33, and from there on"),
        ("EksCluster", {}, {"version": "1.31"}, "can't go back from 1.32 to 1.31; set it to 1.32"),
        ("EksCluster", {}, {"authenticationMode": "CONFIG_MAP"}, "can't go back from API to CONFIG_MAP"),
        (
            "EksCluster",
            {"egressMode": "CUSTOMER_ROUTED"},
            {"egressMode": "AWS_MANAGED"},
            "can't go back from CUSTOMER_ROUTED to AWS_MANAGED; set it to CUSTOMER_ROUTED",
        ),
        ("EksCluster", {}, {"creatorIsAdmin": True}, "the state has false; set it to that"),
        ("EksCluster", {"selfManagedAddons": True}, {"selfManagedAddons": False}, "the state has true"),
        ("EksNodegroup", {"version": "1.32"}, {"version": "1.31"}, "can't go back from 1.32 to 1.31"),
        ("EksCluster", {}, {"version": "1.33"}, ""),
        ("EksCluster", {"authenticationMode": "CONFIG_MAP"}, {"authenticationMode": "API"}, ""),
        ("EksNodegroup", {"version": "1.31"}, {"version": "1.33"}, ""),
        ("EksCluster", {}, {"version": "1.34", "name": "another"}, ""),
    ],
)
def test_what_no_update_leads_to_is_refused(kind: str, old: Any, new: Any, said: str) -> None:
    reason = problems(kind, BASE[kind] | old, BASE[kind] | old | new)
    assert said in reason if said else reason == ""


@pytest.mark.parametrize(
    ("old", "new", "replaces"), [(None, "key-1", False), ("key-1", "key-2", True), ("key-1", None, True)]
)
def test_a_key_is_added_in_place_and_never_changed(old: str | None, new: str | None, replaces: bool) -> None:
    olds, news = (CLUSTER | ({"encryptionKeyArn": key} if key else {}) for key in (old, new))
    (change,) = lifecycle("EksCluster")._differences(olds, lifecycle("EksCluster").check({}, news, CONTEXT)[0])
    assert (change.path, change.replaces) == (("encryptionKeyArn",), replaces)


def test_settings_of_kubernetes_own_programs_that_are_left_out_are_awss_affair() -> None:
    body = {"kubeApiServerConfig": {"eventTtl": "1h"},
            "kubeControllerManagerConfig": {"podGcControllerConfig": {"terminatedPodGcThreshold": 12500}}}  # fmt: skip
    whole = EksComponents(event_ttl="1h", terminated_pods=12500)
    last = EksClusterInputs.model_validate(CLUSTER)
    told = last.model_copy(update={"components": EksComponents(terminated_pods=9)})
    assert components(body, None) == components(body, last) == whole
    assert components(body, told) == EksComponents(terminated_pods=12500)
    imported = last.model_copy(update={"components": whole})
    assert EksCluster().keep(imported, told).components == EksComponents(event_ttl="1h", terminated_pods=9)


def test_an_add_on_is_deleted_and_its_conflicts_are_resolved_as_declared() -> None:
    addon = EksAddonInputs(region="eu-west-1", cluster_name="c", name="a", preserve=True, resolve_conflicts="PRESERVE")
    assert EksAddon().deletion(addon) == {"preserve": True}
    assert EksAddon().request(Id("eu-west-1", "c", "a"), addon)["resolveConflicts"] == "PRESERVE"


@pytest.mark.parametrize(("gone", "replaces"), [("policy", True), ("targetRoleArn", True), ("roleArn", False)])
def test_what_aws_cannot_take_away_goes_with_its_association(gone: str, replaces: bool) -> None:
    had = {**IDENTITY, "policy": {"Statement": []}, "targetRoleArn": ROLE, "disableSessionTags": True}
    kind = lifecycle("EksPodIdentityAssociation")
    news = {**had, "roleArn": f"{ROLE}2"} if gone == "roleArn" else {key: it for key, it in had.items() if key != gone}
    (change,) = kind._differences(had, kind.check({}, news, CONTEXT)[0])
    assert (change.path, change.replaces) == ((gone,), replaces)


@pytest.mark.parametrize("text", ["", "prod", "eu-west-1/prod", "eu-west-1//x"])
def test_an_id_that_names_nothing_says_how_one_is_written(text: str) -> None:
    with pytest.raises(Failed, match="write REGION/CLUSTER/NODEGROUP"):
        Id.of_part(text, "NODEGROUP")


def test_an_id_is_read_as_it_is_written() -> None:
    id = Id("eu-west-1", "prod", ROLE)
    assert Id.of_part(str(id), "PRINCIPAL_ARN") == id


def test_time_is_told_as_people_tell_it() -> None:
    assert [elapsed(seconds) for seconds in (0.4, 40, 250, 3605)] == ["0s", "40s", "4m10s", "60m05s"]


def test_what_aws_has_is_read_though_no_program_may_declare_it() -> None:
    strange = seen(EksClusterInputs, **{**dict.fromkeys(EksClusterInputs.model_fields), "name": "?"})
    assert (strange.name, strange.version) == ("?", None)


def test_an_access_entry_that_goes_between_two_questions_is_gone() -> None:
    def ask(service: str, operation: str, **given: object) -> dict[str, Any]:
        if operation == "describe_access_entry":
            return {"accessEntry": {"principalArn": ROLE}}
        raise AwsError(operation, "ResourceNotFoundException", "No access entry found", Kind.GONE)

    assert EksAccessEntry().describe(Id("eu-west-1", "c", ROLE), ask) is None
