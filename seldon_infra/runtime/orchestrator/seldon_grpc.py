"""Nodes asked in Seldon's protocol over gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format

from seldon_infra.runtime.messages import message as message_class
from seldon_infra.runtime.orchestrator import built_in
from seldon_infra.runtime.orchestrator.checks import PAYLOADS, check_count, check_shape
from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, Failure
from seldon_infra.runtime.orchestrator.grpc_nodes import GrpcNodes, serialized
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.walk import Event, Trip

_PACKAGE = "seldon.protos"


class SeldonGrpc:
    """The calls of Seldon's protocol, each a service of a node's server."""

    def __init__(self, nodes: GrpcNodes, log: PayloadLog) -> None:
        self._nodes, self._log = nodes, log
        self._message = message_class(f"{_PACKAGE}.SeldonMessage")
        self._list = message_class(f"{_PACKAGE}.SeldonMessageList")

    async def transform_input(self, unit: Unit, message: Any, trip: Trip) -> Any:
        """``Model/Predict`` of a model, ``Transformer/TransformInput`` of anything else."""
        if unit.implementation == "SIMPLE_MODEL":
            return json_format.ParseDict({"data": built_in.SIMPLE_ANSWER}, self._message())
        method = "Model/Predict" if unit.type == "MODEL" else "Transformer/TransformInput"
        return await self._ask(unit, method, self._with_meta(message, trip), trip)

    async def transform_output(self, unit: Unit, message: Any, trip: Trip) -> Any:
        """``OutputTransformer/TransformOutput``."""
        return await self._ask(unit, "OutputTransformer/TransformOutput", self._with_meta(message, trip), trip)

    async def route(self, unit: Unit, message: Any, trip: Trip) -> int:
        """``Router/Route``, whose answer holds the child's index as its one number."""
        answer = await self._ask(unit, "Router/Route", self._with_meta(message, trip), trip)
        return built_in.route_in(_data_of(answer), unit.name)

    async def aggregate(self, unit: Unit, messages: Sequence[Any], trip: Trip) -> Any:
        """``Combiner/Aggregate``, with all children's answers."""
        if unit.implementation == "AVERAGE_COMBINER":
            answers = [_data_of(message) for message in messages]
            return json_format.ParseDict({"data": built_in.average(answers, unit.name)}, self._message())
        sent = self._list(seldonMessages=[self._with_meta(message, trip) for message in messages])
        return await self._ask(unit, "Combiner/Aggregate", sent, trip)

    async def send_feedback(self, unit: Unit, feedback: Any, trip: Trip) -> None:
        """``Model/SendFeedback`` or ``Router/SendFeedback``."""
        service = "Router" if unit.type == "ROUTER" else "Model"
        await self._nodes.ask(unit, f"{_PACKAGE}.{service}/SendFeedback", feedback, self._message, trip)

    def log(self, unit: Unit, event: Event, message: Any, trip: Trip) -> None:
        """As it is at this place, with what has gathered until then."""
        kind = f"{_PACKAGE}.SeldonMessage"
        self._log.put(unit, event, trip, lambda: serialized(self._with_meta(message, trip)), kind)

    def log_feedback(self, unit: Unit, feedback: Any, trip: Trip) -> None:
        """As the client sent it."""
        self._log.put(unit, "feedback", trip, lambda: serialized(feedback), f"{_PACKAGE}.Feedback")

    def answer_of(self, message: Any, trip: Trip) -> Any:
        """What the client gets: the last node's message, with what gathered along the way."""
        answer = self._with_meta(message, trip)
        answer.meta.metrics.extend(trip.metrics)
        return answer

    async def _ask(self, unit: Unit, method: str, request: Any, trip: Trip) -> Any:
        answer = await self._nodes.ask(unit, f"{_PACKAGE}.{method}", request, self._message, trip)
        trip.tags.update(answer.meta.tags)
        trip.metrics.extend(answer.meta.metrics)
        return answer

    def _with_meta(self, message: Any, trip: Trip) -> Any:
        """Copy a message: children that are asked at once must not see each other's meta."""
        copy = self._message()
        copy.CopyFrom(message)
        copy.ClearField("meta")
        meta = copy.meta
        meta.puid = trip.puid
        meta.routing.update(trip.routing)
        meta.requestPath.update(trip.request_path)
        for name, value in trip.tags.items():
            meta.tags[name].CopyFrom(value)
        return copy


def _data_of(message: Any) -> Any:
    """What a message's ``data`` is in JSON; None where that has no word for it, such as NaN in an ndarray."""
    try:
        return json_format.MessageToDict(message.data)
    except (ValueError, json_format.Error):
        return None


def check_seldon_message(message: Any) -> None:
    """Hold a message of Seldon's protocol against its own shape.

    Raises:
        Failure: INVALID_ARGUMENT, naming the field and the value.
    """
    payload = message.WhichOneof("choice")
    if payload is None:
        raise Failure(BAD_REQUEST, f"the message must have one of {', '.join(PAYLOADS)}; it has none")
    if payload != "data":
        return
    form = message.data.WhichOneof("choice")
    if form is None:
        raise Failure(BAD_REQUEST, "'data' must have one of tensor, ndarray, tftensor; it has none")
    if form == "tensor":
        shape = list(message.data.tensor.shape)
        check_shape("data.tensor", shape)
        check_count("data.tensor", shape, len(message.data.tensor.values))
