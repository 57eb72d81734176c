"""What is the same of a set keeps its place, so that a difference is at what was changed, and at nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.provider import leeway
from seldon_infra.provider.aws import RESOURCES
from seldon_infra.provider.aws.eks.access_entry import EksAccessEntry
from seldon_infra.provider.aws.eks.nodegroup import EksNodegroup
from seldon_infra.provider.aws.security_group import SecurityGroup
from seldon_infra.provider.diff import differences
from seldon_infra.provider.framework import Instance, Resource
from seldon_infra.provider.values import path_text
from seldon_infra.resources.aws_eks_access_entry import EksAccessEntryInputs
from seldon_infra.resources.aws_eks_nodegroup import EksNodegroupInputs, EksNodeRepair
from seldon_infra.resources.aws_security_group import SecurityGroupInputs
from seldon_infra.resources.model import ResourceModel

IN_ORDER = {
    "EksNodegroup.instance_types": "the preferred first",
    "LaunchTemplate.disks": "a version keeps them as they were sent",
    "EksCluster.outpost.arns": "there is one",
}
TAINTS = st.lists(
    st.builds(
        lambda key, value, effect: {"key": key, "value": value, "effect": effect},
        st.sampled_from("abcdefgh"),
        st.sampled_from(["", "x", "y"]),
        st.sampled_from(["NO_SCHEDULE", "NO_EXECUTE"]),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda it: (it["key"], it["effect"]),
)
ROLE = "arn:aws:iam::123456789012:role/r"


def nodes(taints: list[dict[str, str]]) -> EksNodegroupInputs:
    return EksNodegroupInputs.model_validate({
        "region": "eu-west-1", "cluster_name": "c", "name": "n", "node_role_arn": ROLE, "subnet_ids": ["s-1"],
        "min_size": 1, "max_size": 3, "taints": taints,
    })  # fmt: skip


def entry(*policies: tuple[str, list[str]]) -> EksAccessEntryInputs:
    arn = "arn:aws:eks::aws:cluster-access-policy"
    return EksAccessEntryInputs.model_validate({
        "region": "eu-west-1", "cluster_name": "c", "principal_arn": ROLE,
        "policies": [{"arn": f"{arn}/{name}", "namespaces": namespaces} for name, namespaces in policies],
    })  # fmt: skip


def drift(resource: Resource[Any, Any], last: Any, seen: Any) -> set[str]:
    """What differs between the state and what was read, as the engine is told."""
    outputs = resource.type.outputs.model_construct(**dict(seen))
    found = leeway.found(resource, last, Instance("id", seen, outputs)).inputs
    told = differences(last.wire(), found.wire(), resource.replace_on, resource.unordered)
    return {f"{it.kind.value} {path_text(it.path)}" for it in told}


@given(TAINTS, st.data())
def test_another_order_is_never_a_difference(taints: list[dict[str, str]], data: st.DataObject) -> None:
    other = data.draw(st.permutations(taints))
    assert drift(EksNodegroup(), nodes(taints), nodes(other)) == set()
    assert leeway.declared(EksNodegroup(), nodes(taints), nodes(other)).taints == nodes(taints).taints


@given(TAINTS, st.data())
def test_one_item_changed_is_one_difference_at_its_place(taints: list[dict[str, str]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(taints) - 1))
    changed = [{**it, "value": "other"} if number == place else it for number, it in enumerate(taints)]
    other = data.draw(st.permutations(changed))
    assert drift(EksNodegroup(), nodes(taints), nodes(other)) == {f"update taints[{place}].value"}


@given(TAINTS, st.data())
def test_one_item_less_or_more_is_one_difference(taints: list[dict[str, str]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(taints) - 1))
    fewer = data.draw(st.permutations([it for number, it in enumerate(taints) if number != place]))
    assert drift(EksNodegroup(), nodes(taints), nodes(fewer)) == {f"delete taints[{place}]"}
    assert len(drift(EksNodegroup(), nodes(fewer), nodes(taints))) == 1


def test_of_three_taints_one_changed_by_hand_is_named_alone() -> None:
    one, two, three = ({"key": key, "effect": "NO_SCHEDULE"} for key in ("gpu", "spot", "team"))
    seen = nodes([three, {**one, "effect": "NO_EXECUTE"}, two])
    assert drift(EksNodegroup(), nodes([one, two, three]), seen) == {"update taints[0].effect"}


def test_sets_in_items_of_a_set_have_no_order_either() -> None:
    last = entry(("view", ["a", "b", "c"]), ("edit", ["d"]))
    assert drift(EksAccessEntry(), last, entry(("edit", ["d"]), ("view", ["c", "a", "b"]))) == set()
    seen = entry(("edit", ["d"]), ("view", ["c", "x", "b"]))
    assert drift(EksAccessEntry(), last, seen) == {"update policies[0].namespaces[0]"}


def test_a_rule_of_a_security_group_that_was_changed_is_named_alone() -> None:
    rules = [{"ports": str(port), "peer": "10.0.0.0/16"} for port in (22, 443, 8080)]
    place = {"region": "eu-west-1", "vpc_id": "vpc-1", "name": "g"}
    last = SecurityGroupInputs.model_validate({**place, "ingress": rules})
    seen = SecurityGroupInputs.model_validate({**place, "ingress": [rules[2], rules[1], {**rules[0], "ports": "23"}]})
    assert drift(SecurityGroup(), last, seen) == {"update ingress[0].ports"}


def test_what_the_program_leaves_to_the_outside_stays_left_out() -> None:
    seen = nodes([]).model_copy(update={"repair": EksNodeRepair(max_parallel=1), "ami_type": "x"})
    assert drift(EksNodegroup(), nodes([]), seen) == set()


def lists(model: type[ResourceModel], prefix: str = "") -> Iterator[str]:
    """Every list among inputs, by dotted path."""
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        if any(get_origin(kind) is list for kind in kinds):
            yield prefix + name
        for kind in [*kinds, *(it for each in kinds for it in get_args(each))]:
            if isinstance(kind, type) and issubclass(kind, ResourceModel):
                yield from lists(kind, f"{prefix}{name}.")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda it: it.__name__)
def test_every_list_that_aws_answers_is_a_set_or_has_a_reason_for_its_order(resource: type[Resource[Any, Any]]) -> None:
    known = {it.partition(".")[2] for it in IN_ORDER if it.startswith(f"{resource.__name__}.")}
    assert set(lists(resource.type.inputs)) == resource.unordered | known
