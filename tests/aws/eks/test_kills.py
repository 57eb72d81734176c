"""Kill -9 of the plugin just before and just after each call that changes AWS: nothing is orphaned or made twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from seldon_infra.runtime.leftovers import is_alive
from tests.aws.eks.account import Account, Declared
from tests.aws.eks.test_life import VIEW
from tests.aws.loopback.fixtures import Surroundings
from tests.aws.loopback.march import changing_call, every_call, march
from tests.aws.loopback.wire import Call
from tests.engine.waiting import wait_until

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

CHANGED: dict[str, dict[str, Any]] = {
    "cluster": {"version": "1.33", "log_types": ["audit"], "support_type": "EXTENDED", "tags": {"a": "b"}},
    "gpu": {"version": "1.33", "labels": {"a": "b"}},
    "cni": {"configuration": {"env": {"A": "b"}}},
    "viewer": {"kubernetes_groups": ["viewers"], "policies": []},
    "triton": {"role_arn": "$other_role"},
}


def program(around: Surroundings, changed: bool) -> list[Declared]:
    """One of each type, as it was or as it becomes."""
    plain: dict[str, tuple[str, dict[str, Any]]] = {
        "cluster": ("EksCluster", {"tags": {"old": "1"}}),
        "gpu": ("EksNodegroup", {"name": "gpu", "version": "1.32"}),
        "cni": ("EksAddon", {"name": "vpc-cni"}),
        "viewer": ("EksAccessEntry", {"principal_arn": around.pod_role, "policies": [{"arn": VIEW}]}),
        "triton": ("EksPodIdentityAssociation", {"service_account": "triton"}),
    }
    more = {name: {key: around.other_role if it == "$other_role" else it for key, it in inputs.items()}
            for name, inputs in CHANGED.items()}  # fmt: skip
    return [
        Declared(name, kind, inputs | (more[name] if changed else {}), () if name == "cluster" else ("cluster",))
        for name, (kind, inputs) in plain.items()
    ]


MADE = {"CreateCluster", "CreateNodegroup", "CreateAddon", "CreateAccessEntry", "AssociateAccessPolicy",
        "CreatePodIdentityAssociation", "TagResource"}  # fmt: skip
UPDATED = {"UpdateClusterVersion", "UpdateClusterConfig", "UpdateNodegroupVersion", "UpdateNodegroupConfig",
           "UpdateAddon", "UpdateAccessEntry", "DisassociateAccessPolicy", "UpdatePodIdentityAssociation",
           "TagResource", "UntagResource"}  # fmt: skip
ASKED = {"ListClusters", "DescribeCluster", "ListNodegroups", "DescribeNodegroup", "ListAddons", "DescribeAddon",
         "ListAccessEntries", "DescribeAccessEntry", "ListPodIdentityAssociations"}  # fmt: skip
"""What a creation asks on its way, before it makes anything and until that is ready."""
REMOVED = {"DeleteCluster", "DeleteNodegroup", "DeleteAddon", "DeleteAccessEntry",
           "DeletePodIdentityAssociation"}  # fmt: skip


def test_all_is_made_and_removed_through_kills_at_each_call_and_each_question(
    account: Account, around: Surroundings
) -> None:
    account.aws.clock.pace = 1
    account.declare(*program(around, changed=False))
    made = marched(account, every_call)
    assert made >= MADE | ASKED
    assert len(account.inventory()) == 5

    account.declare()
    removed = marched(account, every_call)
    assert removed >= REMOVED | {"DescribeCluster", "DescribeNodegroup", "DescribeAddon"}
    assert account.inventory() == []
    assert len(account.aws.eks().state.born()) == 5, "something was made twice"


def test_all_is_changed_through_kills_at_each_call(account: Account, around: Surroundings) -> None:
    account.aws.clock.pace = 1
    account.up(*program(around, changed=False))
    account.declare(*program(around, changed=True))
    assert marched(account) == UPDATED
    assert len(account.inventory()) == len(account.aws.eks().state.born()) == 5


def marched(account: Account, at: Callable[[Call], bool] = changing_call) -> set[str]:
    """The names of the calls at which an `up` was killed until it came to its end."""
    walked = march(account.engine, account.aws, "up", at)
    assert (walked.repeated, walked.once) == ([], set())
    account.assert_settled()
    return {name.removeprefix("eks.") for name in walked.names}


@pytest.mark.parametrize(("changed", "call", "nth"), [
    (False, "DescribeCluster", 2), (False, "DescribeNodegroup", 2), (True, "DescribeUpdate", 1),
    (True, "DescribeUpdate", 4)])  # fmt: skip
def test_a_kill_while_something_is_waited_for_is_healed_by_one_further_up(
    account: Account, around: Surroundings, changed: bool, call: str, nth: int
) -> None:
    account.aws.clock.pace = 1
    if changed:
        account.up(*program(around, changed=False))
    account.declare(*program(around, changed))
    with account.aws.faults.hold(f"eks.{call}", "after", nth) as held:
        running = account.engine.start("up", "--stack", "test", "--yes", "--skip-preview", is_inline=True)
        plugin = held.wait()
        os.kill(plugin, signal.SIGKILL)
        wait_until(lambda: not is_alive(plugin))
    running.communicate(timeout=240)
    assert running.returncode != 0
    account.up()
    account.assert_settled()
    assert len(account.inventory()) == len(account.aws.eks().state.born()) == 5
