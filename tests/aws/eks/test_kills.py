"""Kill -9 of the plugin just before and just after each call that changes AWS: one further `up` makes all right.

Nothing is orphaned, nothing is made twice, nothing is left pending; then a `destroy` leaves nothing.
"""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import dataclass
from typing import Any

import pytest

from tests.aws.eks.account import Account, Declared
from tests.aws.eks.test_life import VIEW
from tests.aws.loopback.faults import Moment
from tests.aws.loopback.fixtures import Surroundings
from tests.aws.loopback.peers import runs
from tests.engine.waiting import wait_until

pytestmark = [pytest.mark.aws, pytest.mark.slow]

EVERYTHING = ["cluster", "gpu", "cni", "viewer", "triton"]
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


@dataclass(frozen=True)
class Call:
    """The nth call of a name within a create, an update or a delete of everything."""

    during: str
    name: str
    nth: int = 1


CALLS = [
    *(Call("create", name) for name in (
        "CreateCluster", "CreateNodegroup", "CreateAddon", "CreateAccessEntry", "AssociateAccessPolicy",
        "CreatePodIdentityAssociation")),
    *(Call("create", "TagResource", nth) for nth in (1, 2, 5)),
    *(Call("create", name, 2) for name in ("DescribeCluster", "DescribeNodegroup")),
    *(Call("update", name) for name in (
        "UpdateClusterVersion", "UpdateNodegroupVersion", "UpdateNodegroupConfig", "UpdateAddon", "UpdateAccessEntry",
        "DisassociateAccessPolicy", "UpdatePodIdentityAssociation", "TagResource", "UntagResource")),
    *(Call("update", "UpdateClusterConfig", nth) for nth in (1, 2)),
    *(Call("update", "DescribeUpdate", nth) for nth in (1, 4)),
    *(Call("delete", name) for name in (
        "DeleteCluster", "DeleteNodegroup", "DeleteAddon", "DeleteAccessEntry", "DeletePodIdentityAssociation")),
]  # fmt: skip
POINTS = list(itertools.product(CALLS, ("before", "after")))


@pytest.mark.parametrize(("call", "moment"), POINTS, ids=lambda it: f"{it.during} {it.name} {it.nth}"
                         if isinstance(it, Call) else it)  # fmt: skip
def test_one_further_up_heals(account: Account, around: Surroundings, call: Call, moment: Moment) -> None:
    account.aws.clock.pace = 1
    made, changed = program(around, changed=False), program(around, changed=True)
    if call.during != "create":
        account.up(*made)
    account.declare(*(made if call.during == "create" else changed if call.during == "update" else ()))
    kill_at(account, call, moment)
    account.up()
    account.assert_settled()
    assert len(account.inventory()) == (0 if call.during == "delete" else 5)
    assert len(account.aws.eks().state.born()) == 5, "something was made twice"
    if call.during == "create":
        account.engine.destroy()
        assert account.inventory() == []


def kill_at(account: Account, call: Call, moment: Moment) -> None:
    """Run an `up` and kill the plugin while a call of its own is held."""
    with account.aws.faults.hold(f"eks.{call.name}", moment, call.nth) as held:
        running = account.engine.start("up", "--stack", "test", "--yes", "--skip-preview")
        plugin = held.wait()
        os.kill(plugin, signal.SIGKILL)
        wait_until(lambda: not runs(plugin))
    running.communicate(timeout=60)
    assert running.returncode != 0
