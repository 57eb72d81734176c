"""A collector: a real gRPC server that takes OTLP, as OpenTelemetry's own protocol definition has it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    go: threading.Event = field(default_factory=threading.Event)
    """While it is not set, who sends something gets no answer."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set by whoever sends something."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, wire: bytes, context: Any) -> bytes:
        self.asked.set()
        self.go.wait(600)
        sent = service.ExportTraceServiceRequest.FromString(wire)
        with self._lock:
            self.headers.append(dict(context.invocation_metadata()))
            for group in sent.resource_spans:
                named = {it.key: it.value.string_value for it in group.resource.attributes}.get("service.name", "")
                spans = [span for scope in group.scope_spans for span in scope.spans]
                self.spans += [_span(named, span) for span in spans]
        return bytes(service.ExportTraceServiceResponse().SerializeToString())

    def take_json(self, sent: Any) -> None:
        with self._lock:
            for group in sent["resourceSpans"]:
                named = {it["key"]: it["value"].get("stringValue", "") for it in group["resource"]["attributes"]}
                for raw in (span for scope in group["scopeSpans"] for span in scope["spans"]):
                    ids = (raw["traceId"], raw["spanId"], raw.get("parentSpanId", ""))
                    self.spans.append(Span(named.get("service.name", ""), raw["name"], *ids, failed=False))

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
    made.go.set()
    handler = grpc.method_handlers_generic_handler(
        EXPORT.split("/")[1], {"Export": grpc.unary_unary_rpc_method_handler(made.take)}
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    made.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    made.go.set()
    server.stop(None)


@contextmanager
def collecting_over_http() -> Iterator[Collector]:
    """The same for OTLP over HTTP in JSON, as Triton's exporter writes it."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            made.take_json(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
