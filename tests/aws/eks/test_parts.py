"""Add-ons, access entries and pod identity associations: acceptance cases, and each mutable field changed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws.direct import Direct
from tests.aws.eks.account import Account, Step
from tests.aws.eks.matrix import Case, Drift, Life, at, put
from tests.aws.loopback.fixtures import Surroundings, client, until_active

pytestmark = [pytest.mark.aws, pytest.mark.slow]

VIEW, EDIT, ADMIN = (f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{it}Policy" for it in ("View", "Edit", "Admin"))
EBS = "ebs-csi-controller-sa"


def allows(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


ADDONS = [
    Case("addon-basic", {"name": "coredns"}, made={
        "addonVersion": "v1.12.1-eksbuild.2", "serviceAccountRoleArn": None, "configurationValues": None,
        "namespaceConfig.namespace": "kube-system",
    }),
    Case("addon-version", {"name": "vpc-cni", "version": "v1.20.1-eksbuild.1"}, {"version": "v1.20.4-eksbuild.1"},
         "update", {"addonVersion": "v1.20.4-eksbuild.1"}, {"addonVersion": "v1.20.1-eksbuild.1"}),
    Case("addon-everything", {"name": "aws-ebs-csi-driver", "configuration": {"controller": {"replicas": 2}},
                              "service_account_role_arn": "$pod_role", "tags": {"a": "1"}},
         {"configuration": {"controller": {"replicas": 3}}, "service_account_role_arn": None, "tags": {"b": "2"},
          "pod_identities": {EBS: "$pod_role"}, "resolve_conflicts": "PRESERVE", "preserve": True}, "update",
         {"configurationValues": '{"controller": {"replicas": 3}}', "serviceAccountRoleArn": None,
          "tags.a": None, "tags.b": "2"},
         {"configurationValues": '{"controller": {"replicas": 2}}', "serviceAccountRoleArn": "$pod_role"}),
    Case("addon-namespace", {"name": "eks-pod-identity-agent"}, {"namespace": "agents"}, "replace",
         {"namespaceConfig.namespace": "agents"}),
    Case("addon-settings-off", {"name": "kube-proxy", "configuration": {"mode": "ipvs"}}, {"configuration": {}},
         "update", {"configurationValues": "{}"}),
]  # fmt: skip
ENTRIES = [
    Case("entry-basic", {"principal_arn": "$pod_role"}, made={
        "type": "STANDARD", "username": "$pod_role", "kubernetesGroups": [],
    }),
    Case("entry-groups", {"principal_arn": "$other_role", "kubernetes_groups": ["b", "a"], "username": "me"},
         {"kubernetes_groups": ["c"], "username": "you", "tags": {"a": "1"}}, "update",
         {"kubernetesGroups": ["c"], "username": "you", "tags.a": "1"},
         {"kubernetesGroups": ["b", "a"], "username": "me"}),
    Case("entry-policies", {"principal_arn": "$cluster_role", "policies": [
            {"arn": EDIT, "namespaces": ["b", "a"]}, {"arn": ADMIN}]},
         {"policies": [{"arn": EDIT, "namespaces": ["c"]}, {"arn": VIEW}]}, "update"),
    Case("entry-nodes", {"principal_arn": "$node_role", "type": "EC2_LINUX"}, {"type": "STANDARD"}, "replace",
         {"type": "STANDARD"}, {"type": "EC2_LINUX"}),
]  # fmt: skip
IDENTITIES = [
    Case("identity-basic", {"service_account": "one"}, {"role_arn": "$other_role", "tags": {"a": "1"}}, "update",
         {"roleArn": "$other_role", "tags.a": "1"},
         {"roleArn": "$pod_role", "namespace": "models", "serviceAccount": "one", "disableSessionTags": False}),
    Case("identity-target", {"service_account": "two"},
         {"target_role_arn": "$other_role", "disable_session_tags": True}, "update",
         {"targetRoleArn": "$other_role", "disableSessionTags": True}),
    Case("identity-target-off", {"service_account": "three", "target_role_arn": "$other_role"},
         {"target_role_arn": None}, "replace", {"targetRoleArn": None}),
    Case("identity-policy",
         {"service_account": "seven", "disable_session_tags": True, "policy": allows("s3:GetObject")},
         {"policy": allows("s3:ListBucket")}, "update",
         {"policy": json.dumps(allows("s3:ListBucket"), sort_keys=True)}),
    Case("identity-policy-off",
         {"service_account": "eight", "disable_session_tags": True, "policy": allows("s3:GetObject")},
         {"policy": None}, "replace", {"policy": None}),
    Case("identity-account", {"service_account": "four"}, {"service_account": "five"}, "replace",
         {"serviceAccount": "five"}),
    Case("identity-namespace", {"service_account": "six"}, {"namespace": "elsewhere"}, "replace",
         {"namespace": "elsewhere"}),
]  # fmt: skip
CASES = [*ADDONS, *ENTRIES, *IDENTITIES]
DRIFTS = [
    Drift("addon-version", put("addonVersion", "v1.20.1-eksbuild.1"), {"version"}),
    Drift("addon-everything", put("configurationValues", '{"controller": {"replicas": 9}}'),
          {"configuration.controller.replicas"}),
    Drift("addon-settings-off", put("tags.mine", "x"), {"tags.mine"}),
    Drift("addon-basic", put("serviceAccountRoleArn", "arn:aws:iam::123456789012:role/x"), {"serviceAccountRoleArn"}),
    Drift("entry-basic", put("kubernetesGroups", ["masters"]), {"kubernetesGroups[0]"}),
    Drift("entry-groups", put("username", "nobody"), {"username"}),
    Drift("identity-basic", put("roleArn", "arn:aws:iam::123456789012:role/x"), {"roleArn"}),
    Drift("identity-target", put("disableSessionTags", False), {"disableSessionTags"}),
    Drift("identity-account", put("tags.mine", "x"), {"tags.mine"}),
]  # fmt: skip


def kind_of(case: Case) -> str:
    kinds = {"addon": "EksAddon", "entry": "EksAccessEntry", "identity": "EksPodIdentityAssociation"}
    return kinds[case.name.partition("-")[0]]


ALONE = [
    Drift("addon-everything", put("tags.mine", "x"), {"tags.mine"}),
    Drift("addon-everything", put("podIdentityAssociations", []), {"podIdentities", f"podIdentities.{EBS}"}),
    Drift("entry-groups", put("tags.mine", "x"), {"tags.mine"}),
    Drift("identity-target", put("targetRoleArn", "arn:aws:iam::123456789012:role/x"), {"targetRoleArn"}),
    Drift("identity-policy", put("policy", json.dumps(allows("s3:*"))), {"policy.Statement.Action"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def life(long_account: tuple[Account, Surroundings]) -> Life:
    """Parts of a cluster that is there already."""
    account, around = long_account
    eks = client(account.aws, "eks")
    given = {"resourcesVpcConfig": {"subnetIds": around.subnets}, "accessConfig": {"authenticationMode": "API"}}
    eks.create_cluster(name="c", roleArn=around.cluster_role, version="1.33", **given)
    until_active(eks)
    return Life(account, around, kind_of, CASES)


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
    folder = tmp_path_factory.getbasetemp() / "imported parts"
    assert life.import_differs(case, folder) == {}
    assert life.imported(folder)["plan"][case.name] == Step("same")


def test_the_policies_of_an_entry_are_those_that_are_declared(life: Life) -> None:
    life.changed()
    held = life.account.aws.eks().state.policies["c", life.around.cluster_role]
    scopes = {arn: it["accessScope"] for arn, it in held.items()}
    assert scopes == {
        EDIT: {"type": "namespace", "namespaces": ["c"]},
        VIEW: {"type": "cluster", "namespaces": []},
    }


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


def test_a_policy_that_was_given_or_taken_by_hand_is_put_back(life: Life) -> None:
    life.put_back(DRIFTS)
    held = life.account.aws.eks().state.policies["c", life.around.cluster_role]
    held[ADMIN] = {**held.pop(VIEW), "policyArn": ADMIN}
    assert life.account.plan()["entry-policies"] == Step("update", frozenset({"policies[1].arn"}))
    life.account.up()
    assert set(life.account.aws.eks().state.policies["c", life.around.cluster_role]) == {EDIT, VIEW}


def test_a_destroy_leaves_the_cluster_alone(life: Life) -> None:
    assert [it.partition(" ")[0] for it in life.destroyed()] == ["cluster"]
