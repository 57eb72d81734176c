"""Nodes that need no server: Seldon's SIMPLE_MODEL and AVERAGE_COMBINER. Routers of the kind are part of the walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, INTERNAL, Failure, brief

SIMPLE_ANSWER: dict[str, Any] = {
    "names": ["class0", "class1", "class2"],
    "tensor": {"shape": [1, 3], "values": [0.1, 0.9, 0.5]},
}
"""What SIMPLE_MODEL says to everything. Source: Seldon's first engine."""


def average(answers: Sequence[Any], node: str) -> dict[str, Any]:
    """Average the children's numbers, element by element; names and form are those of the first child.

    Raises:
        Failure: an answer holds no numbers, or they differ in shape.
    """
    first = answers[0] if isinstance(answers[0], dict) else {}
    form = next((form for form in ("tensor", "ndarray") if form in first), None)
    if form is None or not all(isinstance(answer, dict) and form in answer for answer in answers):
        raise Failure(BAD_REQUEST, "the children's answers must all be tensors, or all ndarrays", node)
    return {**first, form: _mean([answer[form] for answer in answers], node)}


def route_in(data: Any, node: str) -> int:
    """Find the child's index, a router's one number, in the ``data`` of its answer.

    Raises:
        Failure: 500, there is no such number.
    """
    forms = data if isinstance(data, dict) else {}
    tensor = forms.get("tensor")
    found: Any = tensor.get("values") if isinstance(tensor, dict) else forms.get("ndarray")
    while isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, int) and not (isinstance(found, float) and found.is_integer()):
        raise Failure(INTERNAL, f"answered the route {brief(repr(found))}, must be a child's index", node)
    return int(found)


def _mean(values: Sequence[Any], node: str) -> Any:
    if all(isinstance(value, dict) for value in values):
        if any(value.get("shape") != values[0].get("shape") for value in values):
            raise Failure(BAD_REQUEST, "the children's answers differ in shape", node)
        return {**values[0], "values": _mean([value.get("values") for value in values], node)}
    if all(isinstance(value, list) for value in values):
        if len({len(value) for value in values}) > 1:
            raise Failure(BAD_REQUEST, "the children's answers differ in shape", node)
        return [_mean(column, node) for column in zip(*values, strict=True)]
    if not all(isinstance(value, int | float) for value in values):
        raise Failure(BAD_REQUEST, "the children's answers hold more than numbers", node)
    return sum(values) / len(values)
