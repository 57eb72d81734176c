"""A collector: a real gRPC server that takes OTLP, as OpenTelemetry's own protocol definition has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@dataclass(frozen=True)
class Span:
    """One span, with the service that sent it."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool


@dataclass
class Collector:
    """What it was sent."""

    endpoint: str = ""
    spans: list[Span] = field(default_factory=list)
    headers: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, wire: bytes, context: Any) -> bytes:
        sent = service.ExportTraceServiceRequest.FromString(wire)
        with self._lock:
            self.headers.append(dict(context.invocation_metadata()))
            for group in sent.resource_spans:
                named = {it.key: it.value.string_value for it in group.resource.attributes}.get("service.name", "")
                spans = [span for scope in group.scope_spans for span in scope.spans]
                self.spans += [_span(named, span) for span in spans]
        return bytes(service.ExportTraceServiceResponse().SerializeToString())

    def of(self, trace: str) -> list[Span]:
        """The spans of one trace."""
        with self._lock:
            return [span for span in self.spans if span.trace == trace]


def _span(named: str, raw: Any) -> Span:
    ids = (raw.trace_id.hex(), raw.span_id.hex(), raw.parent_span_id.hex())
    return Span(named, raw.name, *ids, failed=raw.status.code == 2)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen on a loopback port for as long as the block runs."""
    made = Collector()
    handler = grpc.method_handlers_generic_handler(
        EXPORT.split("/")[1], {"Export": grpc.unary_unary_rpc_method_handler(made.take)}
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    made.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None)
