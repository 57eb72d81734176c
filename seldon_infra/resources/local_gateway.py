"""``seldon:local:Gateway``: the stack's Envoy."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceModel, ResourceType


class GatewayLimits(ResourceModel):
    """Bounds that keep one client from hurting the others."""

    max_body_bytes: int = Field(default=64 * 1024 * 1024, gt=0, description="Largest request body; more gets 413.")
    headers_seconds: float = Field(default=10.0, gt=0, description="Seconds to send a request's headers; then 408.")
    request_seconds: float = Field(default=60.0, gt=0, description="Seconds to send a whole request; then 408.")
    idle_seconds: float = Field(default=300.0, gt=0, description="Seconds that a stream may be silent.")
    max_connections: int = Field(default=1000, gt=0, description="Open client connections.")
    max_heap_bytes: int = Field(default=2 * 1024**3, gt=0, description="Memory from which on no request is taken.")


class GatewayTracing(ResourceModel):
    """Where its spans go."""

    endpoint: str = Field(description="Address of a collector that takes OTLP over gRPC: http://HOST:PORT.")
    sample: float = Field(default=1.0, ge=0, le=1, description="Share of the traces that begin here and are kept.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers that the collector wants.")


class GatewayInputs(Inputs):
    """Where it listens, and its limits."""

    stack_dir: str = Field(description="Absolute path of the stack's folder.")
    port: int | None = Field(default=None, ge=1024, le=65535, description="Its port; None takes a free one from 8003.")
    limits: GatewayLimits = Field(default_factory=GatewayLimits, description="Bounds for every client.")
    tracing: GatewayTracing | None = Field(default=None, description="Where its spans go; None makes none.")
    in_force: bool = Field(
        default=True, description="Whether what it is started with is unedited; a refresh finds out."
    )
    running: bool = Field(default=True, description="Whether it is up; a refresh finds out.")


class GatewayOutputs(GatewayInputs, Outputs):
    """Its address."""

    address: str = Field(description="127.0.0.1:PORT, for REST and gRPC alike.")


GATEWAY = ResourceType("seldon:local:Gateway", GatewayInputs, GatewayOutputs)
