"""The program's side of a resource and of a component."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from seldon_infra.resources.model import ResourceType


class Handle(pulumi.CustomResource):
    """A registered resource; each output is an attribute by its Python name, a `pulumi.Output`."""

    def __init__(self, token: str, name: str, properties: Mapping[str, object], opts: Any) -> None:
        with _unplaced():
            super().__init__(token, name, dict(properties), opts)

    def __getattr__(self, name: str) -> pulumi.Output[Any]:
        # Pulumi keeps each output under its wire name; nested keys are user data and stay untranslated.
        try:
            output: pulumi.Output[Any] = self.__dict__[to_camel(name)]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no output {name!r}") from None
        return output


class Component(pulumi.ComponentResource):
    """A group of resources that the engine shows as one."""

    def __init__(self, token: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        with _unplaced():
            super().__init__(token, name, None, opts)


@contextmanager
def _unplaced() -> Iterator[None]:
    """Keep the call stack of a registration out of the state.

    The SDK notes it with every resource, and all of it is this library's and Python's own, by this machine's paths: of
    a deployment's state it was the half, and a file backend writes the whole state at every step.
    """
    known = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        if known is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = known


def register(
    kind: ResourceType[Any, Any], name: str, opts: pulumi.ResourceOptions | None, inputs: Mapping[str, object]
) -> Handle:
    """Register one resource with the engine."""
    outputs: dict[str, object] = {to_camel(field): None for field in kind.outputs.model_fields}
    return Handle(kind.token, name, {**outputs, **kind.wire_inputs(inputs)}, opts)
