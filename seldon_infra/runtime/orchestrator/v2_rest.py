"""Nodes asked in protocol v2 over REST: a node's outputs are the next node's inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.runtime.orchestrator.checks import parse_object, to_json
from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import INTERNAL, NOT_IMPLEMENTED, Failure
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.rest_nodes import RestNodes
from seldon_infra.runtime.orchestrator.walk import Event, Trip

_BINARY = {"binary_data_output", "binary_data"}


@dataclass(frozen=True)
class Tensors:
    """A request or an answer as it came over the wire; it is parsed only where somebody must look into it."""

    wire: bytes
    answered_by: str | None = None
    """The node whose answer it is; None for a client's request."""


class V2Rest:
    """Protocol v2 has one call, ``/infer``, for models and transformers alike."""

    def __init__(self, nodes: RestNodes, log: PayloadLog) -> None:
        self._nodes, self._log = nodes, log

    async def transform_input(self, unit: Unit, message: Tensors, trip: Trip) -> Tensors:
        """``/infer`` of a model or a transformer."""
        if unit.implementation is not None:
            raise not_on_v2(unit)
        body = message.wire if self._goes_as_it_is(unit, message, trip) else _request(unit, message, trip)
        path = f"/v2/models/{unit.model}/infer"
        return Tensors(await self._nodes.ask(unit, path, body, trip), answered_by=unit.name)

    transform_output = transform_input

    async def route(self, unit: Unit, message: Tensors, trip: Trip) -> int:
        """Refuse: no server of protocol v2 answers it."""
        raise not_on_v2(unit)

    async def aggregate(self, unit: Unit, messages: Sequence[Tensors], trip: Trip) -> Tensors:
        """Refuse: no server of protocol v2 answers it."""
        raise not_on_v2(unit)

    def log(self, unit: Unit, event: Event, message: Tensors, trip: Trip) -> None:
        """As it is at this place."""
        self._log.put(unit, event, trip, lambda: message.wire)

    def _goes_as_it_is(self, unit: Unit, message: Tensors, trip: Trip) -> bool:
        return message.answered_by is None and (trip.requested_outputs is None or not unit.children)


def asked_in_json(body: bytes, tree: dict[str, Any]) -> Tensors:
    """A client's request without its wish for binary tensors in the answer, of which it takes JSON as well.

    They are an extension that this server does not name in its metadata; the node would follow it, and neither the
    next node nor the client could tell where the JSON ends.
    """
    asked = [part.get("parameters") or {} for part in (tree, *(tree.get("outputs") or ()))]
    if not any(_BINARY & parameters.keys() for parameters in asked):
        return Tensors(body)
    for parameters in asked:
        for name in _BINARY & parameters.keys():
            del parameters[name]
    return Tensors(to_json(tree))


def not_on_v2(unit: Unit) -> Failure:
    """Word what protocol v2 has no call for."""
    return Failure(NOT_IMPLEMENTED, f"protocol v2 has no call for a {unit.type} such as this", unit.name)


def _request(unit: Unit, message: Tensors, trip: Trip) -> bytes:
    """Make a node's request; which outputs the client wants is for the last node to know."""
    try:
        tree = parse_object(message.wire)
    except Failure as failure:
        raise Failure(INTERNAL, f"answered what is not a message: {failure.text}", message.answered_by) from None
    request: dict[str, Any] = {"inputs": tree.get("inputs") if message.answered_by is None else tree.get("outputs")}
    if "id" in tree:
        request["id"] = tree["id"]
    if message.answered_by is None and "parameters" in tree:
        request["parameters"] = tree["parameters"]
    if trip.requested_outputs is not None and not unit.children:
        request["outputs"] = trip.requested_outputs
    return to_json(request)
