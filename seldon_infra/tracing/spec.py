"""Where a stack's traces go."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from seldon_infra.core.model import Later, Spec


class Tracing(Spec):
    """Spans of gateway, orchestrators and MLServers go to a collector; a request is one trace with a span per node.

    A trace that a client has begun goes on, by its headers ``traceparent`` and ``tracestate``. A collector that is slow
    or gone costs spans and no request.
    """

    noun: ClassVar[str] = "tracing"

    otlp_endpoint: str
    """The collector's address for OTLP over gRPC: ``http://127.0.0.1:4317``, over TLS with ``https://``."""
    sample: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces that begin here and are kept, from 0 to 1; for others their own client has decided. Default:
    all."""
    headers: Mapping[str, Later[str]] = Field(default={}, repr=False)
    """Headers that the collector wants, such as ``{"authorization": secret("otlp")}``. Default: none. On this machine
    alone: on a cluster they would stand in every pod, so let a collector of the cluster add them."""
    jaeger_endpoint: str | None = None
    """Where Seldon's executor sends its spans on a cluster, for it speaks Jaeger's protocol alone: the address of a
    collector's Jaeger receiver, ``http://otel-collector.observability:14268/api/traces``. Default: it sends none."""
    istio_provider: str | None = None
    """Through whom Istio's gateway, and proxies in namespaces of ``Istio(mtls=…)``, send spans of their own on a
    cluster: the name of a tracing provider in the mesh's configuration, ``"otel"``. Default: as the mesh says by
    itself. Source: Telemetry, telemetry.istio.io/v1, of Istio 1.22 and later; extensionProviders of MeshConfig."""
    triton_endpoint: str | None = None
    """Where Triton sends spans of its own, for it speaks OTLP over HTTP alone: the whole address,
    ``http://otel-collector.observability:4318/v1/traces``. On a cluster those of ModelServers. Default: it sends none.
    It sends those of every request that brings ``traceparent``, whether the trace is kept or not; ``sample`` holds for
    traces that begin with it."""
