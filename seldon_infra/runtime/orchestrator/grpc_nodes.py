"""Calls to model servers over gRPC, with the deadline, the count and the words of a failure."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio

from seldon_infra.runtime.orchestrator.config import Unit
from seldon_infra.runtime.orchestrator.failures import TIMED_OUT, Failure, shortened, status_of
from seldon_infra.runtime.orchestrator.metrics import UNARY, Metrics
from seldon_infra.runtime.orchestrator.tracing import Untraced
from seldon_infra.runtime.orchestrator.walk import Trip

LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024
OPTIONS = (
    ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
    # A server that was restarted is asked again at once, not after the usual minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
    # Proxies of the environment have no business between two loopback ports.
    ("grpc.enable_http_proxy", 0),
)


class GrpcNodes:
    """The model servers of one graph; channels are made with the first call, inside the event loop."""

    def __init__(self, graph: Unit, metrics: Metrics, tracing: Untraced) -> None:
        self._ports = {unit.name: unit.grpc_port for unit in graph.walk()}
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[tuple[str, str], Any] = {}
        self._metrics, self._tracing = metrics, tracing

    async def ask(self, unit: Unit, method: str, request: Any, answer: type[Any], trip: Trip) -> Any:
        """Call a node's server.

        Raises:
            Failure: the server refused, failed, is gone or too slow; it names the node.
        """
        call = self._calls.get((unit.name, method)) or self._make_call(unit, method, answer)
        left = trip.deadline - asyncio.get_running_loop().time()
        with self._metrics.asking(unit, f"/{method}", UNARY), self._tracing.call(unit, f"/{method}"):
            told = (("seldon-puid", trip.puid), *self._tracing.onward(trip.carried))
            try:
                return await call(request, timeout=max(left, 0.001), metadata=told)
            except grpc.aio.AioRpcError as error:
                raise _failure(unit, error) from None

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            await channel.close()

    def _make_call(self, unit: Unit, method: str, answer: type[Any]) -> Any:
        channel = self._channels.get(unit.name)
        if channel is None:
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{self._ports[unit.name]}", options=OPTIONS)
            self._channels[unit.name] = channel
        call = channel.unary_unary(f"/{method}", request_serializer=serialized, response_deserializer=answer.FromString)
        self._calls[unit.name, method] = call
        return call


def serialized(message: Any) -> bytes:
    """A message as it goes over the wire."""
    return bytes(message.SerializeToString())


def _failure(unit: Unit, error: grpc.aio.AioRpcError) -> Failure:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Failure(TIMED_OUT, "gave no answer before the deployment's timeout", unit.name)
    if code is grpc.StatusCode.UNAVAILABLE:
        return Failure(status_of(code), f"does not answer: {shortened(error.details() or '')}", unit.name)
    return Failure(status_of(code), f"answered {code.name}: {shortened(error.details() or 'no words')}", unit.name)
