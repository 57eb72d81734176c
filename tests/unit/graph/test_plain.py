"""Every definition can be written as plain data: what is read is what was declared in Python."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic.alias_generators import to_camel

from seldon_infra import Kubernetes, Local, Stack
from seldon_infra.core.model import Spec
from seldon_infra.core.plain import read
from seldon_infra.graph.spec import SeldonDeployment
from tests.unit.graph.cases import CASES, Case


def plain(value: object) -> object:
    """Write a value as data, each object with its type; a field of that name takes its place."""
    match value:
        case Spec():
            fields = {to_camel(name): plain(getattr(value, name)) for name in value.model_fields_set}
            return fields if "type" in type(value).model_fields else {"type": type(value).__name__, **fields}
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_deployment_reads_back_as_what_was_declared(case: Case) -> None:
    data = plain(case.deployment)
    assert isinstance(data, dict)
    assert read(SeldonDeployment, data) == case.deployment


@pytest.mark.parametrize("target", [Local(gateway_port=8004, portable=False), Kubernetes(context="prod")])
def test_a_stack_reads_back_with_its_target(target: Local | Kubernetes) -> None:
    stack = Stack(target=target, samples={"iris": "iris.json"})
    data = plain(stack)
    assert isinstance(data, dict)
    assert read(Stack, data) == stack
