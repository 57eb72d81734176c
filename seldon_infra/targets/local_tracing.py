"""Spans on this machine: what gateway, orchestrators and servers are told of the collector."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pulumi

from seldon_infra.core.errors import PartNotFound
from seldon_infra.tracing import render
from seldon_infra.tracing.spec import Tracing

Told = Mapping[str, pulumi.Input[str]]
TRITON, TRITON_TRACING = "triton", "TRITON_TRACING"
"""The catalogue's Triton, and the variable that its start.sh takes arguments from."""


def of_gateway(tracing: Tracing | None) -> Mapping[str, Any] | None:
    """What the gateway is started with.

    Raises:
        PartNotFound: orchestrators could make no spans here.
    """
    if tracing is None:
        return None
    if find_spec("opentelemetry.sdk") is None:
        raise PartNotFound("OpenTelemetry", "install seldon-infra with the extra 'tracing'")
    return {"endpoint": tracing.otlp_endpoint, "sample": tracing.sample, "headers": dict(tracing.headers)}


def of_orchestrator(tracing: Tracing | None) -> Told:
    """Variables of an orchestrator."""
    return {} if tracing is None else {**render.of_orchestrator(tracing), **_headers(tracing)}


def of_server(tracing: Tracing | None, server: str | None) -> Told:
    """Variables of a model server of the catalogue, where it makes spans by itself."""
    if tracing is None or server is None:
        return {}
    if render.runs_mlserver(server):
        return {**render.of_mlserver(tracing), **_headers(tracing)}
    words = render.of_triton(tracing, server) if server == TRITON else []
    return {TRITON_TRACING: " ".join(words)} if words else {}


def told(environment: Any, more: Told) -> Any:
    """Give a process's variables with further ones; those that it has already stay."""
    return pulumi.Output.all(environment, more).apply(lambda it: {**it[1], **it[0]}) if more else environment


def _headers(tracing: Tracing) -> Told:
    if not tracing.headers:
        return {}
    return {render.HEADERS: pulumi.Output.all(**tracing.headers).apply(render.header_list)}
