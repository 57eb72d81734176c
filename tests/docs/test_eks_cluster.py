"""docs/eks_cluster.md and examples/existing_cluster: what they declare is right, what they quote is said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra import EksCluster, ExistingCluster, Kubernetes, NewVpc
from seldon_infra.eks.check import check
from seldon_infra.eks.render import cluster as rendered
from seldon_infra.stack import load_stack

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "eks_cluster.md").read_text()


def shown() -> seldon_infra.Stack:
    (text, *_) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    stack = names["stack"]
    assert isinstance(stack, seldon_infra.Stack)
    return stack


def made_cluster(stack: seldon_infra.Stack) -> EksCluster:
    assert isinstance(stack.target, Kubernetes)
    assert isinstance(stack.target.cluster, EksCluster)
    return stack.target.cluster


def test_the_stack_that_is_shown_is_right() -> None:
    assert [str(problem) for problem in shown().check()] == []


def test_the_errors_that_are_quoted_are_said() -> None:
    cluster = made_cluster(shown())
    old = cluster.model_copy(update={"version": "1.32"})
    away = cluster.node_groups[1].model_copy(update={"zones": ("eu-west-1d",)})
    said = [*check(old), *check(cluster.model_copy(update={"node_groups": (cluster.node_groups[0], away)}))]
    quoted = re.findall(r"^    (cluster '.*)$", PAGE, re.MULTILINE)
    for problem, line in zip(said, quoted, strict=True):
        assert str(problem).startswith(line.removesuffix(" …"))


def test_policies_and_addons_are_those_that_are_rendered() -> None:
    cluster = made_cluster(shown())
    parts = rendered(cluster).all
    roles = [part for part in parts if part.kind == "IamRole" and part.name in ("cluster", "nodes")]
    for role in roles:
        arns = role.inputs["policy_arns"]
        assert isinstance(arns, list)
        for arn in arns:
            assert f"`{arn.rpartition('/')[2]}`" in PAGE
    for addon in (part for part in parts if part.kind == "EksAddon"):
        assert f"`{addon.name}`" in PAGE


def test_the_permissions_are_a_policy() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    policy = json.loads(text)
    assert policy["Version"] == "2012-10-17"
    assert all({"Effect", "Action", "Resource"} <= set(each) for each in policy["Statement"])


@pytest.mark.parametrize("folder", [".", "examples/existing_cluster"])
def test_stacks_on_aws_are_right(folder: str) -> None:
    assert [str(problem) for problem in load_stack("prod", ROOT / folder).check()] == []


def test_the_example_names_a_cluster_that_is_there() -> None:
    target = load_stack("prod", ROOT / "examples" / "existing_cluster").target
    assert isinstance(target, Kubernetes)
    assert target.cluster == ExistingCluster(eks_name="prod", region="eu-west-1")


def test_stack_prod_makes_its_cluster_in_three_zones() -> None:
    network = made_cluster(load_stack("prod", ROOT)).network
    assert isinstance(network, NewVpc)
    assert len(network.zones) == 3
