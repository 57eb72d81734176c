"""A stack that makes its own cluster, from an empty account to an empty account."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from seldon_infra.resources.aws_words import action
from tests.aws.account import REPOSITORY, Account
from tests.aws.stack.project import PROGRAM, Project, prepare

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

GPU = "SYSTEM, GpuNodes(name='gpu', instance_types=('g5.xlarge',), scaling=Scaling(maximum={most})),"
OPEN = "deletion_protection=False, gpu_software=GpuSoftware(existing=True),"
"""It can be destroyed, and nothing lands on it, for no API server is behind it."""
DEPLOYER = "deployer='arn:aws:iam::123456789012:role/deployer',"
OBJECTS = 23
PAGE = Path(__file__).parents[3] / "docs" / "eks_cluster.md"


@pytest.fixture
def project(account: Account, tmp_path: Path) -> Project:
    return prepare(account, tmp_path)


def test_a_cluster_comes_grows_is_upgraded_and_goes(project: Project) -> None:
    engine, aws = project.account.engine, project.account.aws
    project.declare(cluster=OPEN)
    previewed = engine.preview()
    assert "nothing is checked against the cluster" not in previewed.stdout  # nothing is to land on it
    plan = project.plan()
    assert len(plan) == OBJECTS
    assert set(plan.values()) == {"create"}
    assert aws.changes() == []

    engine.up()
    outputs = engine.outputs()
    assert outputs["cluster_name"] == "prod"
    login = yaml.safe_load(outputs["kubeconfig"])["users"][0]["user"]["exec"]
    assert [login["command"], *login["args"]] == [
        "seldon-infra",
        "eks-token",
        "--cluster",
        "prod",
        "--region",
        "eu-west-1",
    ]
    made = aws.changes()
    assert "unchanged" in engine.up("--expect-no-changes").stdout
    assert aws.changes() == made

    # Who has made the cluster is its admin; a deployer that is named later is one more.
    project.declare(cluster=f"{OPEN} {DEPLOYER}", groups=GPU.format(most=3))
    assert project.plan() == {
        "LaunchTemplate gpu": "create",
        "EksNodegroup gpu": "create",
        "EksAccessEntry 123456789012:role/deployer": "create",
    }
    engine.up()
    (gpu,) = [each for (_, name), each in groups(project).items() if name.startswith("gpu")]
    assert (gpu["amiType"], gpu["scalingConfig"]["minSize"]) == ("AL2023_x86_64_NVIDIA", 0)
    assert gpu["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]

    project.declare(cluster=f"{OPEN} {DEPLOYER}", groups=GPU.format(most=5), version="1.34")
    plan = project.plan()
    addons = {name: step for name, step in plan.items() if name.startswith("EksAddon ")}
    assert set(addons.values()) == {"update"}
    others = {name: step for name, step in plan.items() if name not in addons}
    assert others == {"EksCluster prod": "update", "EksNodegroup gpu": "update", "EksNodegroup system": "update"}
    before = len(aws.calls)
    engine.up()
    upgraded = [name for name in aws.calls[before:] if name.startswith("eks.Update") and "Config" not in name]
    assert upgraded == ["eks.UpdateClusterVersion", "eks.UpdateAddon", *["eks.UpdateNodegroupVersion"] * 2]
    assert {each["version"] for each in groups(project).values()} == {"1.34"}
    assert aws.eks().state.addons.get(("prod", "kube-proxy"))["addonVersion"] == "v1.34.3-eksbuild.2"
    assert {each["scalingConfig"]["maxSize"] for each in groups(project).values()} == {4, 5}
    assert project.plan() == {}

    project.declare(cluster=f"{OPEN} {DEPLOYER}", groups=GPU.format(most=5).replace("g5", "g6"), version="1.34")
    before = len(aws.calls)
    engine.up()
    moved = [name for name in aws.calls[before:] if name in ("eks.CreateNodegroup", "eks.DeleteNodegroup")]
    assert moved == ["eks.CreateNodegroup", "eks.DeleteNodegroup"]

    before = len(aws.calls)
    engine.destroy()
    gone = aws.calls[before:]
    assert gone.index("elbv2.DescribeLoadBalancers") < min(gone.index(it) for it in gone if it.startswith("eks.Delete"))
    assert project.inventory() == {}
    assert {call for call in actions(aws.calls) if not is_permitted(call)} == set()


def test_a_mistake_is_told_before_anything_is_asked_or_made(project: Project) -> None:
    project.declare(version="1.29", cluster="public_access_cidrs=('0.0.0.0/0',),")
    refused = project.account.engine.preview(check=False)
    assert refused.returncode != 0
    said = refused.stdout + refused.stderr
    assert "cluster 'prod': version '1.29', must be one that EKS still runs" in said
    assert "must name who may connect: this is everybody" in said
    assert "Traceback" not in said
    assert project.account.aws.calls == []


def test_stack_prod_is_previewed_before_anything_is_there(project: Project) -> None:
    engine = project.account.engine
    engine.environment["KUBECONFIG"] = "/dev/null"
    for name in ("models.py", "prod.py"):
        shutil.copy(REPOSITORY / "stacks" / name, engine.directory / name)
    text = (engine.directory / "prod.py").read_text().replace("from stacks.models", "from models")
    (engine.directory / "test.py").write_text(text)
    (engine.directory / "prod.py").unlink()
    engine.write_program(f"import sys; sys.path.insert(0, '.')\n{PROGRAM}")
    previewed = engine.preview().stdout
    assert "nothing is checked against the cluster: cluster 'prod': it is not made yet" in previewed
    for name in ("EksCluster +prod", "EksNodegroup +gpu", "NatGateway +nat-eu-west-1c", "SeldonDeployment +digits"):
        assert re.search(rf"{name} +create", previewed), name
    assert project.account.aws.changes() == []


def actions(calls: Iterable[str]) -> set[str]:
    """Calls as policies name them."""
    named = (call.partition(".") for call in calls)
    return {action(service, operation) for service, _, operation in named}


def is_permitted(action: str) -> bool:
    """Tell whether the page's policy lets an action through, wherever."""
    (text,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    patterns = [each["Action"] for each in json.loads(text)["Statement"]]
    flat = [one for each in patterns for one in ([each] if isinstance(each, str) else each)]
    return any(fnmatchcase(action, pattern) for pattern in flat)


def groups(project: Project) -> dict[tuple[str, str], dict[str, Any]]:
    shelf = project.account.aws.eks().state.nodegroups
    return {key: shelf.get(key) for key in shelf.visible()}


def test_a_preview_without_a_way_to_aws_shows_every_object_and_says_what_is_not_known(project: Project) -> None:
    project.declare(cluster=OPEN)
    project.account.engine.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    said = project.account.engine.preview().stdout
    assert "checks of AWS in eu-west-1 are skipped, all of them" in said
    assert said.count("what an interrupted run may have left behind is not known: ") >= 1
    assert f"+ {OBJECTS + 3} to create" in said  # the stack, the cluster's component and Kubernetes' provider too
