"""Nodes asked in Seldon's protocol over REST; a message is a JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from seldon_infra.runtime.orchestrator import built_in
from seldon_infra.runtime.orchestrator.checks import parse_object, to_json
from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import INTERNAL, Failure
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.rest_nodes import RestNodes
from seldon_infra.runtime.orchestrator.walk import Event, Trip

SeldonMessage: TypeAlias = dict[str, Any]


class SeldonRest:
    """The calls of Seldon's protocol, as paths of a node's server."""

    def __init__(self, nodes: RestNodes, log: PayloadLog) -> None:
        self._nodes, self._log = nodes, log

    async def transform_input(self, unit: Unit, message: SeldonMessage, trip: Trip) -> SeldonMessage:
        """``/predict`` of a model, ``/transform-input`` of anything else."""
        if unit.implementation == "SIMPLE_MODEL":
            return {"data": built_in.SIMPLE_ANSWER}
        return await self._ask(unit, "/predict" if unit.type == "MODEL" else "/transform-input", message, trip)

    async def transform_output(self, unit: Unit, message: SeldonMessage, trip: Trip) -> SeldonMessage:
        """``/transform-output``."""
        return await self._ask(unit, "/transform-output", message, trip)

    async def route(self, unit: Unit, message: SeldonMessage, trip: Trip) -> int:
        """``/route``, whose answer holds the child's index as its one number."""
        answer = await self._ask(unit, "/route", message, trip)
        return built_in.route_in(answer.get("data"), unit.name)

    async def aggregate(self, unit: Unit, messages: Sequence[SeldonMessage], trip: Trip) -> SeldonMessage:
        """``/aggregate``, with all children's answers."""
        if unit.implementation == "AVERAGE_COMBINER":
            return {"data": built_in.average([message.get("data") for message in messages], unit.name)}
        sent = [{**message, "meta": _meta_down(trip)} for message in messages]
        return await self._send(unit, "/aggregate", {"seldonMessages": sent}, trip)

    async def send_feedback(self, unit: Unit, feedback: SeldonMessage, trip: Trip) -> None:
        """``/send-feedback``."""
        await self._nodes.tell(unit, "/send-feedback", to_json(feedback), trip)

    def log(self, unit: Unit, event: Event, message: SeldonMessage, trip: Trip) -> None:
        """As it is at this place, with what has gathered until then."""
        self._log.put(unit, event, trip, lambda: to_json({**message, "meta": _meta_down(trip)}))

    def log_feedback(self, unit: Unit, feedback: SeldonMessage, trip: Trip) -> None:
        """As the client sent it."""
        self._log.put(unit, "feedback", trip, lambda: to_json(feedback))

    async def _ask(self, unit: Unit, path: str, message: SeldonMessage, trip: Trip) -> SeldonMessage:
        return await self._send(unit, path, {**message, "meta": _meta_down(trip)}, trip)

    async def _send(self, unit: Unit, path: str, sent: SeldonMessage, trip: Trip) -> SeldonMessage:
        answer = await self._nodes.ask(unit, path, to_json(sent), trip)
        try:
            message = parse_object(answer)
        except Failure as failure:
            raise Failure(INTERNAL, f"answered what is not a message: {failure.text}", unit.name) from None
        _gather(message.pop("meta", None), trip)
        return message


def answer_of(message: SeldonMessage, trip: Trip) -> SeldonMessage:
    """What the client gets: the last node's message, with what gathered along the way."""
    return {**message, "meta": {**_meta_down(trip), "metrics": trip.metrics}}


def _meta_down(trip: Trip) -> dict[str, Any]:
    return {"puid": trip.puid, "tags": trip.tags, "routing": trip.routing, "requestPath": trip.request_path}


def _gather(meta: Any, trip: Trip) -> None:
    if isinstance(meta, dict):
        tags, metrics = meta.get("tags"), meta.get("metrics")
        trip.tags.update(tags if isinstance(tags, dict) else {})
        trip.metrics.extend(metrics if isinstance(metrics, list) else ())
