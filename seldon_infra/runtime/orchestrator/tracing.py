"""Spans of one orchestrator: one for each request of a client, and one below it for each question to a node.

Where a collector takes them and how many is told by OpenTelemetry's own environment variables. Without an endpoint in
them nothing of OpenTelemetry is loaded, and what a client says of its trace is handed on to the nodes as it came.
Spans wait in a bounded queue that a thread empties: a collector that is slow or gone costs spans and no request.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from seldon_infra.runtime.orchestrator.config import Config, Unit
from seldon_infra.runtime.orchestrator.failures import Failure

if TYPE_CHECKING:
    from seldon_infra.runtime.orchestrator.metrics import Metrics

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
HEADERS = ("traceparent", "tracestate")
"""What says which trace a request belongs to. Source: W3C Trace Context."""
CLOSE_SECONDS = 2.0
"""How long the last spans may take when the orchestrator stops."""
_NOTHING: AbstractContextManager[None] = nullcontext()

Carried = tuple[tuple[str, str], ...]
"""Headers that a request brings, or that go on to a node."""


class Untraced:
    """Makes no spans."""

    def request(self, service: str, carried: Carried) -> AbstractContextManager[None]:
        """Begin what a client asked."""
        return _NOTHING

    def call(self, unit: Unit, service: str) -> AbstractContextManager[None]:
        """Begin what a node is asked."""
        return _NOTHING

    def onward(self, carried: Carried) -> Carried:
        """What goes on to a node."""
        return carried

    def close(self) -> None:
        """Send what waits."""


class Traced(Untraced):
    """Makes spans, and tells nodes below which."""

    def __init__(self, config: Config, metrics: Metrics) -> None:
        from opentelemetry import propagate, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        named = {
            "service.name": f"{config.deployment}.{config.predictor}",
            "service.namespace": config.namespace,
            "seldon.deployment": config.deployment,
            "seldon.predictor": config.predictor,
        }
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(_counting(metrics.span_ended))
        self._provider.add_span_processor(BatchSpanProcessor(_exporter(metrics)))
        self._tracer = self._provider.get_tracer("seldon_infra.orchestrator")
        self._propagate, self._trace = propagate, trace

    def request(self, service: str, carried: Carried) -> AbstractContextManager[None]:
        """Begin what a client asked, below what it says is above."""
        above = self._propagate.extract(dict(carried))
        return self._span(service, above, self._trace.SpanKind.SERVER, {})

    def call(self, unit: Unit, service: str) -> AbstractContextManager[None]:
        """Begin what a node is asked for a request; looks whether it is ready belong to none."""
        if not self._trace.get_current_span().get_span_context().is_valid:
            return _NOTHING
        said = {"seldon.node": unit.name, "seldon.node.type": unit.type, "url.path": service}
        return self._span(unit.name, None, self._trace.SpanKind.CLIENT, said)

    @contextmanager
    def _span(self, name: str, above: Any, kind: Any, said: Mapping[str, str]) -> Iterator[None]:
        begun = self._tracer.start_as_current_span(
            name, above, kind, said, record_exception=False, set_status_on_exception=False
        )
        with begun as span, _told(span):
            yield

    def onward(self, carried: Carried) -> Carried:
        """The span that is open now."""
        found: dict[str, str] = {}
        self._propagate.inject(found)
        return tuple(found.items())

    def close(self) -> None:
        """Send what waits, as far as the collector takes it in time."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)


def tracing(config: Config, metrics: Metrics) -> Untraced:
    """Make spans where the environment says where they go."""
    return Traced(config, metrics) if os.environ.get(ENDPOINT) else Untraced()


def carried(get: Callable[[str], str | None]) -> Carried:
    """What a request brings of its trace; ``get`` gives a header by its name."""
    first = get(HEADERS[0])
    if first is None:
        return ()
    second = get(HEADERS[1])
    return ((HEADERS[0], first),) if second is None else ((HEADERS[0], first), (HEADERS[1], second))


def lines(headers: Carried) -> bytes:
    """Write headers as lines of HTTP."""
    if not headers:
        return b""
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)


@contextmanager
def _told(span: Any) -> Iterator[None]:
    """Let a span say why it failed; a client's mistake is no failure of the server's."""
    from opentelemetry.trace import Status, StatusCode

    try:
        yield
    except Failure as failure:
        span.set_attribute("http.response.status_code", failure.status)
        if failure.status >= 500:
            span.set_status(Status(StatusCode.ERROR, failure.text))
        raise
    except Exception as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise


def _counting(ended: Callable[[], None]) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

    class Counting(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            if span.context.trace_flags.sampled:
                ended()

    return Counting()


def _exporter(metrics: Metrics) -> Any:
    """Send spans by OTLP over gRPC, and count what the collector took and what it did not."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Counted(SpanExporter):
        def __init__(self) -> None:
            self._sender = OTLPSpanExporter()

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            try:
                result = self._sender.export(spans)
            except Exception:
                metrics.spans_sent("lost", len(spans))
                raise
            metrics.spans_sent("sent" if result is SpanExportResult.SUCCESS else "lost", len(spans))
            return result

        def shutdown(self) -> None:
            self._sender.shutdown()

    return Counted()
