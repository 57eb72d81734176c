"""What clients ask over gRPC: the methods of the deployment's protocol."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
import grpc.aio
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from seldon_infra.runtime.messages import message as message_class
from seldon_infra.runtime.orchestrator.admission import begin, is_true
from seldon_infra.runtime.orchestrator.config import READY_SECONDS, Config, Unit
from seldon_infra.runtime.orchestrator.failures import BAD_REQUEST, NOT_FOUND, Failure, brief, shortened
from seldon_infra.runtime.orchestrator.grpc_nodes import OPTIONS, GrpcNodes
from seldon_infra.runtime.orchestrator.metrics import UNARY
from seldon_infra.runtime.orchestrator.seldon_grpc import SeldonGrpc, check_seldon_message
from seldon_infra.runtime.orchestrator.shared import Shared
from seldon_infra.runtime.orchestrator.tracing import HEADERS as TRACE
from seldon_infra.runtime.orchestrator.tracing import Carried, carried
from seldon_infra.runtime.orchestrator.v2_grpc import V2Grpc, check_v2_message
from seldon_infra.runtime.orchestrator.walk import Trip, predict, send_feedback

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.experiments import Visit

Method: TypeAlias = Callable[[bytes, Any], Awaitable[Any]]


class GrpcFront(grpc.GenericRpcHandler):
    """The gRPC handlers of one orchestrator. They parse messages, so that a malformed one is the client's error."""

    def __init__(self, shared: Shared, nodes: GrpcNodes) -> None:
        self._config, self._nodes, self._admission = shared.config, nodes, shared.admission
        self._told, self._experiments = shared.told, shared.experiments
        self._seldon, self._v2 = SeldonGrpc(nodes, shared.log), V2Grpc(nodes, shared.log)
        methods = {"seldon": self._seldon_methods, "v2": self._v2_methods}[shared.config.protocol]()
        self._handlers = {f"/{name}": _handler(method) for name, method in methods.items()}

    def service(self, handler_call_details: Any) -> Any:
        """Find a method's handler; gRPC answers UNIMPLEMENTED where there is none."""
        return self._handlers.get(handler_call_details.method)

    def _seldon_methods(self) -> dict[str, Method]:
        return {
            "seldon.protos.Seldon/Predict": self._predict_seldon,
            "seldon.protos.Seldon/SendFeedback": self._feedback,
        }

    def _v2_methods(self) -> dict[str, Method]:
        service = "inference.GRPCInferenceService"
        return {
            f"{service}/ModelInfer": self._predict_v2,
            f"{service}/ModelReady": self._model_ready,
            f"{service}/ModelMetadata": self._model_metadata,
            f"{service}/ServerReady": self._server_ready,
            f"{service}/ServerLive": self._server_live,
        }

    async def _predict_seldon(self, wire: bytes, context: Any) -> Any:
        trace = _carried(context)
        with self._admission.admit("/seldon.protos.Seldon/Predict", UNARY, trace):
            message = _parsed("seldon.protos.SeldonMessage", wire)
            check_seldon_message(message)
            trip = self._begin(context, message.meta.puid, trace)
            trip.tags.update(message.meta.tags)
            trip.visit = self._visit(context, message)
            answer = await predict(self._config.graph, message, self._seldon, trip)
            return self._seldon.answer_of(answer, trip)

    async def _feedback(self, wire: bytes, context: Any) -> Any:
        trace = _carried(context)
        with self._admission.admit("/seldon.protos.Seldon/SendFeedback", UNARY, trace):
            feedback = _parsed("seldon.protos.Feedback", wire)
            meta = feedback.response.meta
            trip = self._begin(context, meta.puid, trace)
            metadata, routing = dict(context.invocation_metadata() or ()), dict(meta.routing)
            given = trip.puid if trip.puid in (metadata.get("seldon-puid"), meta.puid) else None
            once = self._told.of(given, feedback.SerializeToString(deterministic=True))
            await send_feedback(self._config.graph, feedback, routing, self._seldon, trip, once)
            visit = self._visit(context, feedback.request)
            if self._experiments is not None and visit is not None:
                self._experiments.reward(visit, routing, feedback.reward)
            return message_class("seldon.protos.SeldonMessage")(meta={"puid": trip.puid})

    async def _predict_v2(self, wire: bytes, context: Any) -> Any:
        trace = _carried(context)
        with self._admission.admit("/inference.GRPCInferenceService/ModelInfer", UNARY, trace):
            request = _parsed("inference.ModelInferRequest", wire)
            self._require_model(request.model_name)
            check_v2_message(request)
            trip = self._begin(context, request.id, trace)
            trip.requested_outputs = list(request.outputs) or None
            trip.visit = self._visit(context, request)
            return await predict(self._config.graph, request, self._v2, trip)

    def _visit(self, context: Any, message: Any) -> Visit | None:
        if self._experiments is None:
            return None
        metadata = dict(context.invocation_metadata() or ())
        return self._experiments.visit(metadata.get, lambda: _as_json(message))

    async def _model_ready(self, wire: bytes, context: Any) -> Any:
        self._require_model(_parsed("inference.ModelReadyRequest", wire).name)
        return message_class("inference.ModelReadyResponse")(ready=await self._all_ready())

    async def _server_ready(self, wire: bytes, context: Any) -> Any:
        return message_class("inference.ServerReadyResponse")(ready=await self._all_ready())

    async def _server_live(self, wire: bytes, context: Any) -> Any:
        return message_class("inference.ServerLiveResponse")(live=True)

    async def _model_metadata(self, wire: bytes, context: Any) -> Any:
        """A node's own metadata, or the first node's inputs and the last one's outputs for the graph as a whole."""
        name = _parsed("inference.ModelMetadataRequest", wire).name
        self._require_model(name)
        graph, trip = self._config.graph, self._begin(context, None)
        served = {unit.name: unit for unit in graph.served()}
        if name in served:
            return await self._metadata(served[name], trip)
        known = {unit.name: await self._metadata(unit, trip) for unit in served.values()}
        answer = message_class("inference.ModelMetadataResponse")(name=name, platform="seldon")
        answer.inputs.extend(next((found.inputs for found in known.values()), ()))
        last = graph.answering().name
        answer.outputs.extend(known[last].outputs if last in known else ())
        return answer

    async def _metadata(self, unit: Unit, trip: Trip) -> Any:
        request = message_class("inference.ModelMetadataRequest")(name=unit.model)
        answer = message_class("inference.ModelMetadataResponse")
        return await self._nodes.ask(unit, "inference.GRPCInferenceService/ModelMetadata", request, answer, trip)

    async def _all_ready(self) -> bool:
        trip = begin(None, READY_SECONDS)
        return all(await asyncio.gather(*(self._is_ready(unit, trip) for unit in self._config.graph.served())))

    async def _is_ready(self, unit: Unit, trip: Trip) -> bool:
        request = message_class("inference.ModelReadyRequest")(name=unit.model)
        answer = message_class("inference.ModelReadyResponse")
        try:
            found = await self._nodes.ask(unit, "inference.GRPCInferenceService/ModelReady", request, answer, trip)
        except Failure:
            return False
        return bool(found.ready)

    def _require_model(self, name: str) -> None:
        if name not in self._config.models:
            raise Failure(NOT_FOUND, f"no model '{brief(name)}'; there are {', '.join(self._config.models)}")

    def _begin(self, context: Any, puid: str | None, trace: Carried = ()) -> Trip:
        given = dict(context.invocation_metadata() or ())
        left = context.time_remaining()
        seconds = self._config.grpc_seconds if left is None else min(left, self._config.grpc_seconds)
        trip = begin(given.get("seldon-puid") or puid, seconds, trace)
        trip.skip_logging = is_true(given.get("seldon-skip-logging"))
        return trip


def _as_json(message: Any) -> Any:
    """What a message is in JSON; None where that has no word for it, such as NaN in an ndarray."""
    try:
        return json_format.MessageToDict(message, preserving_proto_field_name=True)
    except (ValueError, json_format.Error):
        return None


async def start(config: Config, front: GrpcFront) -> grpc.aio.Server:
    """Listen on the configured loopback port."""
    server = grpc.aio.server(options=(*OPTIONS, ("grpc.so_reuseport", 0)))
    server.add_generic_rpc_handlers((front,))
    server.add_insecure_port(f"127.0.0.1:{config.grpc_port}")
    await server.start()
    return server


def _handler(method: Method) -> Any:
    async def answer(wire: bytes, context: Any) -> bytes:
        try:
            return bytes((await method(wire, context)).SerializeToString())
        except Failure as failure:
            await context.abort(failure.code, failure.text)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            traceback.print_exc()
            await context.abort(grpc.StatusCode.INTERNAL, f"the orchestrator failed: {type(error).__name__}")
        raise AssertionError("abort always raises")

    return grpc.unary_unary_rpc_method_handler(answer)


def _carried(context: Any) -> Carried:
    return carried({key: value for key, value in context.invocation_metadata() or () if key in TRACE}.get)


def _parsed(name: str, wire: bytes) -> Any:
    try:
        return message_class(name).FromString(wire)
    except DecodeError as error:
        raise Failure(BAD_REQUEST, f"not a {name.rpartition('.')[2]}: {shortened(str(error))}") from None
