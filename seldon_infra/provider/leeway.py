"""What may be otherwise and is no difference: values that a program leaves to the outside, and the order of sets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from seldon_infra.provider.framework import Instance, Resource
from seldon_infra.resources.model import In, Out, ResourceModel


def declared(resource: Resource[In, Out], last: In, inputs: In) -> In:
    """Checked inputs with what the state has where that is no difference."""
    kept = {name: getattr(last, name, None) for name in resource.kept if getattr(inputs, name) is None}
    return resource.keep(last, inputs.model_copy(update={**kept, **_orders(resource, last, inputs)}))


def found(resource: Resource[In, Out], last: In, seen: Instance[In, Out]) -> Instance[In, Out]:
    """An object as it was read, with what the state has where that is no difference."""
    left_out = {name: None for name in resource.kept if getattr(last, name, None) is None}
    same = {**left_out, **_orders(resource, last, seen.inputs)}
    echoed = {name: value for name, value in same.items() if name in resource.type.outputs.model_fields}
    return replace(seen, inputs=seen.inputs.model_copy(update=same), outputs=seen.outputs.model_copy(update=echoed))


def ordered(resource: Resource[In, Out], last: In, inputs: In) -> In:
    """Inputs with their sets in the order of others'."""
    return inputs.model_copy(update=_orders(resource, last, inputs))


def _orders(resource: Resource[In, Out], last: In, inputs: In) -> dict[str, Any]:
    """Sets that are the same, in the state's order."""
    pairs = ((name, getattr(last, name, None), getattr(inputs, name)) for name in resource.unordered)
    return {name: old for name, old, new in pairs if _as_set(old) == _as_set(new)}


def _as_set(items: object) -> object:
    return sorted(map(_text, items)) if isinstance(items, list) else items


def _text(item: object) -> str:
    return json.dumps(item.wire() if isinstance(item, ResourceModel) else item, sort_keys=True, default=str)
