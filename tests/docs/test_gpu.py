"""docs/gpu.md and examples/eks_gpu: what they declare is right, what they quote is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra import EksCluster, Kubernetes, Stack
from seldon_infra.core.model import pending, resolve
from seldon_infra.eks.instance_types import table
from seldon_infra.stack import load_stack
from seldon_infra.targets.node_groups import placed, said

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gpu.md").read_text()
EXAMPLE = ROOT / "examples" / "eks_gpu"


def shown() -> Stack:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec"), names)
    stack = names["stack"]
    assert isinstance(stack, Stack)
    return stack


def target(stack: Stack) -> Kubernetes:
    assert isinstance(stack.target, Kubernetes)
    return stack.target


def quoted(text: str) -> list[str]:
    return re.findall(r"^    (SeldonDeployment '.*)$", text, re.MULTILINE)


def test_what_is_shown_is_right_and_placed_as_quoted() -> None:
    stack = shown()
    assert stack.check() == []
    found = placed(target(stack), tuple(stack.deployments), ())
    assert found
    assert [text for _, text in said(found)] == quoted(PAGE)[:1]


def test_without_the_larger_group_the_error_is_the_quoted_one() -> None:
    stack, there = shown(), target(shown())
    assert isinstance(there.cluster, EksCluster)
    smaller = there.cluster.model_copy(update={"node_groups": there.cluster.node_groups[:2]})
    found = placed(there.model_copy(update={"cluster": smaller}), tuple(stack.deployments), ())
    assert found
    assert [str(each.problem) for each in found.findings] == quoted(PAGE)[1:]


def test_gpus_of_the_table_are_those_of_the_library() -> None:
    rows = re.findall(r"^\| ([\w ,]+) \| ([\w, -]+) \| ([\d, and]+) MiB \|", PAGE, re.MULTILINE)
    assert len(rows) == 8
    for names, families, memory in rows:
        types = [it for it in table().values() if it.name.partition(".")[0] in families.split(", ")]
        gpus = {it.gpu for it in types if it.gpu is not None}
        assert {gpu.name for gpu in gpus} == set(names.split(", "))
        assert {f"{gpu.memory_mib:,}" for gpu in gpus} == set(memory.split(" and "))


def test_the_example_is_right_and_its_model_goes_where_its_page_says() -> None:
    stack = load_stack("prod", EXAMPLE)
    assert [str(problem) for problem in stack.check()] == []
    deployments = tuple(resolve(it, dict.fromkeys(pending(it), "s3://models")) for it in stack.deployments)
    found = placed(target(stack), deployments, ())
    assert found
    assert found.findings == ()
    assert [text for _, text in said(found)] == quoted((EXAMPLE / "README.md").read_text())
