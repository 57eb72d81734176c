"""Every field that AWS can change behind a stack's back has a case in which that is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic.alias_generators import to_camel

from seldon_infra.provider.aws.eks import RESOURCES
from seldon_infra.provider.framework import Resource
from seldon_infra.resources.model import ResourceModel
from tests.aws.eks import test_clusters, test_nodegroups, test_parts
from tests.aws.eks.matrix import Drift, Life

PARTS = {"EksAddon": "addon-", "EksAccessEntry": "entry-", "EksPodIdentityAssociation": "identity-"}
DRIFTS: dict[str, list[Drift]] = {
    "EksCluster": [*test_clusters.DRIFTS, *test_clusters.ALONE],
    "EksNodegroup": [*test_nodegroups.DRIFTS, *test_nodegroups.ALONE],
    **{
        kind: [it for it in [*test_parts.DRIFTS, *test_parts.ALONE] if it.name.startswith(prefix)]
        for kind, prefix in PARTS.items()
    },
}
ELSEWHERE = {"policies.arn", "policies.namespaces", "kubernetesVersion"}
"""Policies have a test of their own; for which version an add-on was declared AWS does not know."""


def fields(model: type[ResourceModel], prefix: str = "") -> Iterator[str]:
    """Every field of inputs, those of nested values by dotted path."""
    for name, field in model.model_fields.items():
        nested = list(models(field.annotation))
        yield from fields(nested[0], f"{prefix}{name}.") if nested else [prefix + name]


def models(annotation: Any) -> Iterator[type[ResourceModel]]:
    """The nested models in an annotation, in lists and optional ones too."""
    if isinstance(annotation, type) and issubclass(annotation, ResourceModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)


def mutable(resource: type[Resource[Any, Any]]) -> set[str]:
    """What an update changes, as the engine writes it."""
    fixed = resource.replace_on | Life.untold
    paths = [it for it in fields(resource.type.inputs) if not {it, it.partition(".")[0]} & fixed]
    return {".".join(map(to_camel, path.split("."))) for path in paths}


@pytest.mark.parametrize(
    "resource", [it for it in RESOURCES if it.__name__ in DRIFTS], ids=lambda resource: resource.__name__
)
def test_every_field_that_can_change_behind_the_stack_has_its_case(resource: type[Resource[Any, Any]]) -> None:
    shown = {re.sub(r"\[\d+\]", "", path) for drift in DRIFTS[resource.__name__] for path in drift.paths}
    covered = {it for it in mutable(resource) if any(f"{path}.".startswith(f"{it}.") for path in shown)}
    assert mutable(resource) - covered - ELSEWHERE == set()
