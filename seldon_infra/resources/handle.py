"""The program's side of a resource: the only file of this room that loads Pulumi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from seldon_infra.resources.model import ResourceType


class Handle(pulumi.CustomResource):
    """A registered resource; each output is an attribute by its Python name, a `pulumi.Output`."""

    def __init__(self, token: str, name: str, properties: Mapping[str, object], opts: Any) -> None:
        super().__init__(token, name, dict(properties), opts)

    def __getattr__(self, name: str) -> pulumi.Output[Any]:
        # Pulumi keeps each output under its wire name; nested keys are user data and stay untranslated.
        try:
            output: pulumi.Output[Any] = self.__dict__[to_camel(name)]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no output {name!r}") from None
        return output


def register(
    kind: ResourceType[Any, Any], name: str, opts: pulumi.ResourceOptions | None, inputs: Mapping[str, object]
) -> Handle:
    """Register one resource with the engine."""
    outputs: dict[str, object] = {to_camel(field): None for field in kind.outputs.model_fields}
    return Handle(kind.token, name, {**outputs, **kind.wire_inputs(inputs)}, opts)
