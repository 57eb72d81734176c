"""Nodes asked in protocol v2 over gRPC; typed and raw tensors both pass from node to node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from seldon_infra.runtime.messages import CONTENTS
from seldon_infra.runtime.messages import message as message_class
from seldon_infra.runtime.orchestrator.checks import (
    SIZES,
    check_count,
    check_datatype,
    check_id,
    check_range,
    check_shape,
    refused,
    shown,
)
from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, Failure
from seldon_infra.runtime.orchestrator.grpc_nodes import GrpcNodes, serialized
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.v2_rest import not_on_v2
from seldon_infra.runtime.orchestrator.walk import Event, Trip

_METHOD = "inference.GRPCInferenceService/ModelInfer"


class V2Grpc:
    """``ModelInfer`` for models and transformers alike."""

    def __init__(self, nodes: GrpcNodes, log: PayloadLog) -> None:
        self._nodes, self._log = nodes, log
        self._request = message_class("inference.ModelInferRequest")
        self._answer = message_class("inference.ModelInferResponse")

    async def transform_input(self, unit: Unit, message: Any, trip: Trip) -> Any:
        """``ModelInfer`` of a model or a transformer."""
        if unit.implementation is not None:
            raise not_on_v2(unit)
        request = self._as_request(message)
        request.model_name = unit.model
        request.ClearField("outputs")
        if trip.requested_outputs is not None and not unit.children:
            request.outputs.extend(trip.requested_outputs)
        return await self._nodes.ask(unit, _METHOD, request, self._answer, trip)

    transform_output = transform_input

    async def route(self, unit: Unit, message: Any, trip: Trip) -> int:
        """Refuse: no server of protocol v2 answers it."""
        raise not_on_v2(unit)

    async def aggregate(self, unit: Unit, messages: Sequence[Any], trip: Trip) -> Any:
        """Refuse: no server of protocol v2 answers it."""
        raise not_on_v2(unit)

    def log(self, unit: Unit, event: Event, message: Any, trip: Trip) -> None:
        """As it is at this place."""
        kind = "ModelInferRequest" if isinstance(message, self._request) else "ModelInferResponse"
        self._log.put(unit, event, trip, lambda: serialized(message), f"inference.{kind}")

    def _as_request(self, message: Any) -> Any:
        if isinstance(message, self._request):
            return message
        request = self._request(id=message.id, inputs=message.outputs)
        request.raw_input_contents.extend(message.raw_output_contents)
        return request


def check_v2_message(request: Any) -> None:
    """Hold a request against its own shapes and types.

    Raises:
        Failure: INVALID_ARGUMENT, naming the input, the field and the value.
    """
    if not request.inputs:
        raise Failure(BAD_REQUEST, "'inputs' must hold at least one tensor")
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise Failure(
            BAD_REQUEST,
            f"raw_input_contents has {len(raw)} entries for {len(request.inputs)} inputs, must have as many",
        )
    for index, tensor in enumerate(request.inputs):
        check_shape(tensor.name, list(tensor.shape))
        check_datatype(tensor.name, tensor.datatype)
        if raw:
            _check_raw(tensor, raw[index])
        else:
            _check_contents(tensor)
    check_id(request.id or None)


def _check_raw(tensor: Any, content: bytes) -> None:
    size = SIZES.get(tensor.datatype)
    if size is None:
        _check_lengths(tensor, content)
        return
    if len(content) % size:
        raise refused(tensor.name, f"{len(content)} raw bytes, must be a multiple of {size}")
    check_count(tensor.name, list(tensor.shape), len(content) // size)


def _check_lengths(tensor: Any, content: bytes) -> None:
    """Elements of datatype BYTES have a length of four bytes each before them."""
    least = 4 * math.prod(tensor.shape)
    if len(content) < least:
        raise refused(
            tensor.name, f"shape {shown(tensor.shape)} needs at least {least} bytes, there are {len(content)}"
        )


def _check_contents(tensor: Any) -> None:
    field = CONTENTS.get(tensor.datatype)
    if field is None:
        raise refused(tensor.name, f"{tensor.datatype} must come in raw_input_contents")
    others = [found.name for found, _ in tensor.contents.ListFields() if found.name != field]
    if others:
        raise refused(tensor.name, f"datatype {tensor.datatype} takes contents.{field}, not {others[0]}")
    elements = getattr(tensor.contents, field)
    check_count(tensor.name, list(tensor.shape), len(elements))
    check_range(tensor.name, tensor.datatype, elements)
