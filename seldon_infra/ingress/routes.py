"""What a gateway is told: limits for everybody, and one route per deployment.

These values cross from the program to the plugin, so they are plain: every Output has been resolved by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

RouteProtocol: TypeAlias = Literal["seldon", "v2", "tensorflow"]


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one client from hurting the others."""

    max_body_bytes: int = 64 * 1024 * 1024
    """Largest request body; a larger one gets 413."""
    headers_seconds: float = 10.0
    """How long a client may take to send its headers; then 408."""
    request_seconds: float = 60.0
    """How long a client may take to send a whole request; then 408."""
    idle_seconds: float = 300.0
    """How long a stream may be silent."""
    max_connections: int = 1000
    """Open client connections; more are refused."""
    max_heap_bytes: int = 2 * 1024 * 1024 * 1024
    """Memory of the gateway from which on it takes no more requests."""


@dataclass(frozen=True)
class Collector:
    """Where the gateway's spans go, by OTLP over gRPC."""

    endpoint: str
    """``http://HOST:PORT``, over TLS with ``https://``."""
    sample: float
    """Share of the traces that begin here and are kept, from 0 to 1."""
    headers: Mapping[str, str]
    """Headers that it wants."""


@dataclass(frozen=True)
class Backend:
    """One predictor behind a route."""

    name: str
    weight: int
    """Share of the requests that it gets, a shadow as copies, in percent."""
    shadow: bool
    """Gets copies, and its answers go nowhere."""
    rest: str
    """``127.0.0.1:PORT`` for REST."""
    grpc: str
    """``127.0.0.1:PORT`` for gRPC."""


@dataclass(frozen=True)
class Route:
    """One deployment's way through the gateway."""

    namespace: str
    name: str
    protocol: RouteProtocol
    backends: Sequence[Backend]
    models: Sequence[str]
    """Names that a client may use for the model in a path; the first is what the servers are asked for."""
    transports: Sequence[Literal["rest", "grpc"]] = ("rest", "grpc")
    orchestrated: bool = True
    """Whether orchestrators answer; a server asked directly has no page of its own for readiness and metadata."""
    sticky_header: str | None = None
    """Requests with the same value in this header go to the same predictor."""
    rest_seconds: float = 60.0
    """How long a REST answer may take; then 504."""
    grpc_seconds: float = 60.0
    """How long a gRPC answer may take; then DEADLINE_EXCEEDED."""
    max_in_flight: int = 256
    """Requests that a server asked directly gets at once, over each transport; more get 429."""
    page: str = ""
    """The HTML page that describes the deployment's API."""
    openapi: str = ""
    """The same as an OpenAPI document."""
    streams: bool = False
    """Whether clients may open gRPC streams, which the servers themselves answer."""

    @property
    def prefix(self) -> str:
        """Where the deployment's REST paths begin, as on Seldon's ingress."""
        return f"/seldon/{self.namespace}/{self.name}"
