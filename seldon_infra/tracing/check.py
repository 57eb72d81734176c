"""Rules about traces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seldon_infra.core.problems import ARROW, Problem

if TYPE_CHECKING:
    from seldon_infra.tracing.spec import Tracing

_HEADER = re.compile(r"[a-z0-9_.-]+\Z", re.ASCII)
"""Names of headers as gRPC takes them."""


def check_here(tracing: Tracing | None) -> Iterator[Problem]:
    """Find what is wrong with tracing on this machine."""
    if tracing is None:
        return
    yield from _goes_to_an_address("Local", tracing)
    yield from _triton_s_is_whole("Local", tracing)
    for name in tracing.headers:
        if not _HEADER.match(name) or name.startswith("grpc-"):
            want = "must be the name of a header of gRPC's: a-z, 0-9, '-', '_' and '.'"
            fix = f"write {name.lower()!r}" if _HEADER.match(name.lower()) else "write another"
            yield Problem(f"Local{ARROW}tracing{ARROW}headers", repr(name), want, fix)


def check_on_cluster(tracing: Tracing | None) -> Iterator[Problem]:
    """Find what is wrong with tracing on a cluster."""
    if tracing is None:
        return
    yield from _goes_to_an_address("Kubernetes", tracing)
    yield from _triton_s_is_whole("Kubernetes", tracing)
    if tracing.headers:
        got = f"{', '.join(map(repr, tracing.headers))}, which would stand in the text of every pod"
        fix = "remove them, and let a collector in the cluster add them on the way out"
        yield Problem(f"Kubernetes{ARROW}tracing{ARROW}headers", got, "must be empty on a cluster", fix)
    if tracing.jaeger_endpoint is not None and not _is_address(tracing.jaeger_endpoint):
        want = "must be an address with http:// or https://"
        fix = "write 'http://otel-collector.observability:14268/api/traces'"
        yield Problem(f"Kubernetes{ARROW}tracing{ARROW}jaeger_endpoint", repr(tracing.jaeger_endpoint), want, fix)


def _goes_to_an_address(target: str, tracing: Tracing) -> Iterator[Problem]:
    if _is_address(tracing.otlp_endpoint) and _has_no_path(tracing.otlp_endpoint):
        return
    want = "must be http:// or https://, a host and a port: OTLP over gRPC has no path"
    fix = "write 'http://127.0.0.1:4317'"
    yield Problem(f"{target}{ARROW}tracing{ARROW}otlp_endpoint", repr(tracing.otlp_endpoint), want, fix)


def _triton_s_is_whole(target: str, tracing: Tracing) -> Iterator[Problem]:
    """Triton posts to the address as it stands."""
    address = tracing.triton_endpoint
    if address is None or (_is_address(address) and not _has_no_path(address)):
        return
    want = "must be http:// or https://, a host, a port and the path: OTLP over HTTP has one"
    fix = "write 'http://127.0.0.1:4318/v1/traces'"
    yield Problem(f"{target}{ARROW}tracing{ARROW}triton_endpoint", repr(address), want, fix)


def _has_no_path(text: str) -> bool:
    address = urlsplit(text)
    return address.path in ("", "/") and not address.query and not address.fragment


def _is_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        there = address.port is not None and address.port > 0 and bool(address.hostname)
    except ValueError:
        return False
    return (
        address.scheme in ("http", "https") and there and address.username is None and not set(text) & set(" \"'<>\\")
    )
