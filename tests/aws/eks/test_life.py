"""One of each type, from nothing to a working cluster and back to nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.aws.direct import Direct
from tests.aws.eks.account import Account, Declared, Step
from tests.aws.loopback.fixtures import Surroundings

pytestmark = pytest.mark.aws

VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def whole(around: Surroundings, **cluster: Any) -> tuple[Declared, ...]:
    """A cluster with one of everything."""
    return (
        Declared("cluster", "EksCluster", cluster),
        Declared("gpu", "EksNodegroup", {"name": "gpu", "instance_types": ["g5.xlarge"]}, ("cluster",)),
        Declared("cni", "EksAddon", {"name": "vpc-cni"}, ("cluster",)),
        Declared("viewer", "EksAccessEntry",
                 {"principal_arn": around.pod_role, "policies": [{"arn": VIEW, "namespaces": ["models"]}]},
                 ("cluster",)),
        Declared("triton", "EksPodIdentityAssociation", {"service_account": "triton"}, ("cluster",)),
    )  # fmt: skip


def test_a_cluster_and_all_that_is_in_it_come_stay_and_go(account: Account, around: Surroundings) -> None:
    resources = whole(around)
    assert {step.action for step in account.plan(*resources).values()} == {"create"}
    assert account.aws.changes() == []
    said = account.up()
    assert re.search(r"control plane eu-west-1/c creating, \d+s", said)
    assert "+ 6 created" in said
    account.assert_settled()
    assert len(account.inventory()) == 5
    before = account.aws.changes()
    account.up()
    with Direct.over(account) as direct:  # a hundred looks, in whatever order AWS answers, raise no alarm
        assert [direct.drifted() for _ in range(100)] == [{}] * 100
    assert account.aws.changes() == before
    account.engine.destroy()
    assert account.inventory() == []


def test_what_goes_outside_is_made_again(account: Account, around: Surroundings) -> None:
    account.up(*whole(around))
    eks = account.aws.eks().state
    for shelf in (eks.nodegroups, eks.addons, eks.entries, eks.associations):
        for key in list(shelf.visible()):
            shelf.remove(key)
    plan = account.plan()
    assert plan.pop("cluster") == Step("same")
    assert {step.action for step in plan.values()} == {"create"}
    account.up()
    account.assert_settled()
    assert len(account.inventory()) == 5


def test_a_cluster_that_goes_outside_takes_all_along(account: Account, around: Surroundings) -> None:
    account.up(*whole(around))
    eks = account.aws.eks().state
    for shelf in (eks.nodegroups, eks.addons, eks.entries, eks.associations, eks.clusters):
        for key in list(shelf.visible()):
            shelf.remove(key)
    assert {step.action for step in account.plan().values()} == {"create"}
    account.engine.destroy()
    assert account.inventory() == []
