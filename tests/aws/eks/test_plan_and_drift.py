"""`seldon-infra plan` and `seldon-infra drift` on a stack with objects of AWS, through the real engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.aws.eks.account import Account, Declared
from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import Surroundings, client
from tests.engine.scratch import STACK, Engine

pytestmark = [pytest.mark.aws, pytest.mark.slow]

CLUSTER = Declared("prod", "EksCluster", {"name": "prod", "version": "1.31", "log_types": ["api", "audit"]})
KINDS = "AL2023_x86_64_NVIDIA"


def nodes(most: int) -> Declared:
    inputs = {"cluster_name": "prod", "name": "gpu", "instance_types": ["g5.xlarge"], "max_size": most}
    return Declared("gpu", "EksNodegroup", {**inputs, "ami_type": KINDS, "disk_size": 100}, ("prod",))


def command(engine: Engine, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of ours on the stack."""
    run = "import tests.engine.patient; from seldon_infra.cli.main import main; raise SystemExit(main())"
    words = (sys.executable, "-c", run, name, "--stack", STACK, *words)
    return subprocess.run(
        words,
        cwd=engine.directory,
        env=engine.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_plan_tells_the_bill_before_and_after_and_what_drifted_who_did_it(
    account: Account, loopback: Loopback, around: Surroundings
) -> None:
    """One stack for all of it: an up of a cluster takes longer than everything that is asked of it."""
    account.up(CLUSTER, nodes(1))
    account.declare(CLUSTER, nodes(3))
    told = planned(account)["cost"]
    assert told["before"]["most"]["hourly"] == "1.612055"  # 0.1, 0.5 for an old version, a node of 1 and 100 GiB
    assert told["after"]["most"]["hourly"] == "3.636164"
    assert told["after"]["least"] == told["before"]["least"]
    assert told["after"]["unpriced"] == []
    assert "control plane" in [it["what"] for it in told["after"]["lines"]]
    assert "prices are AWS's of" in told["notes"][0]
    table = command(account.engine, "plan").stdout
    assert "node group 'gpu'" in table
    assert "1.012 to 3.036" in table

    exported = json.loads(command(account.engine, "plan", "--format", "terraform").stdout)
    actions = {it["address"]: it["change"]["actions"] for it in exported["resource_changes"]}
    assert actions == {"aws_eks_cluster.prod": ["no-op"], "aws_eks_node_group.gpu": ["update"]}

    account.declare(CLUSTER, nodes(1))
    name = account.state()["gpu"]["id"].rpartition("/")[2]
    eks: Any = client(loopback, "eks")
    eks.update_nodegroup_config(
        clusterName="prod", nodegroupName=name, scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1}
    )
    while eks.describe_nodegroup(clusterName="prod", nodegroupName=name)["nodegroup"]["status"] != "ACTIVE":
        pass  # each question lets the loopback's time go on
    asked = {"name": "prod", "nodegroupName": name}
    loopback.trail.add("UpdateNodegroupConfig", "bob", source="eks.amazonaws.com", asked=asked)
    done = command(account.engine, "drift", "--format", "json")
    assert done.returncode == 7, done.stderr
    (drifted,) = json.loads(done.stdout)["objects"]
    assert drifted["object"] == "EksNodegroup gpu"
    assert drifted["last_changed_by"] == {
        "who": "bob (UpdateNodegroupConfig)",
        "operation": "UpdateNodegroupConfig",
        "time": "2026-11-20T12:00:00Z",
    }
    assert "maxSize" in {it["field"] for it in drifted["fields"]}
    assert "the object last by bob (UpdateNodegroupConfig)" in command(account.engine, "drift", "--skip-preview").stdout

    loopback.faults.deny("cloudtrail.*")
    done = command(account.engine, "drift", "--skip-preview")
    assert done.returncode == 7
    assert "who changed something in AWS is not known: no right to cloudtrail:LookupEvents" in done.stderr


def planned(account: Account) -> dict[str, Any]:
    done = command(account.engine, "plan", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_cache_is_the_tests_own(account: Account, tmp_path: Path) -> None:
    """Prices that are made up must never reach the user's cache."""
    assert account.engine.environment["SELDON_INFRA_CACHE"].startswith(str(tmp_path))
