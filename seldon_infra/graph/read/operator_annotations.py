"""Annotations of Seldon's operator as the typed fields that render to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.graph.read.values import given
from seldon_infra.graph.spec import AmbassadorRoute, CircuitBreakers, IstioRoute, RequestLogQueue, Timeouts

PREFIX = "seldon.io/"
_BREAKERS = ("max-connections", "max-requests", "max-pending-requests", "max-retries")
_AMBASSADOR = ("service-name", "config", "header", "regex-header", "id")


def deployment_fields(found: Mapping[str, str] | None) -> dict[str, Any]:
    """Fields of a SeldonDeployment that its annotations stand for; the others stay annotations."""
    left = dict(found or {})
    return given(
        timeouts=_timeouts(left),
        request_log=_request_log(left),
        istio=_istio(left),
        ambassador=_ambassador(left),
        engine_separate_pod=_flag(left, "engine-separate-pod"),
        headless_service=_flag(left, "headless-svc"),
        no_storage_initializer=_flag(left, "no-storage-initializer"),
    ) | given(annotations=left)


def predictor_fields(found: Mapping[str, str] | None) -> dict[str, Any]:
    """The same for a predictor's annotations."""
    left = dict(found or {})
    fields = given(no_engine=_flag(left, "no-engine"), service_name=left.pop(f"{PREFIX}svc-name", None))
    return fields | given(annotations=left)


def _timeouts(left: dict[str, str]) -> Timeouts | None:
    fields = given(rest=_duration(left, "rest-timeout", "ms"), grpc=_duration(left, "grpc-timeout", "ms"))
    return Timeouts(**fields) if fields else None


def _request_log(left: dict[str, str]) -> RequestLogQueue | None:
    size = _number(left, "executor-logger-queue-size")
    fields = given(size=size, write_timeout=_duration(left, "executor-logger-write-timeout-ms", "ms"))
    return RequestLogQueue(**fields) if fields else None


def _istio(left: dict[str, str]) -> IstioRoute | None:
    fields = given(
        gateway=left.pop(f"{PREFIX}istio-gateway", None),
        host=left.pop(f"{PREFIX}istio-host", None),
        retries=_number(left, "istio-retries"),
        retries_timeout=_duration(left, "istio-retries-timeout", "s"),
    )
    return IstioRoute(**fields) if fields else None


def _ambassador(left: dict[str, str]) -> AmbassadorRoute | None:
    texts = {name.replace("-", "_"): left.pop(f"{PREFIX}ambassador-{name}", None) for name in _AMBASSADOR}
    limits = {name.replace("-", "_"): _number(left, f"ambassador-circuit-breakers-{name}") for name in _BREAKERS}
    breakers = CircuitBreakers(**given(**limits)) if given(**limits) else None
    fields = given(**texts, retries=_number(left, "ambassador-retries"), circuit_breakers=breakers)
    return AmbassadorRoute(**fields) if fields else None


def _flag(left: dict[str, str], name: str) -> bool | None:
    """Take an annotation that says yes; one that says anything else stays."""
    return bool(left.pop(PREFIX + name)) if left.get(PREFIX + name) == "true" else None


def _number(left: dict[str, str], name: str) -> int | None:
    text = left.get(PREFIX + name, "")
    return int(left.pop(PREFIX + name)) if text.isdecimal() and str(int(text)) == text else None


def _duration(left: dict[str, str], name: str, unit: str) -> str | None:
    number = _number(left, name)
    if number is None:
        return None
    return f"{number // 1000}s" if unit == "ms" and number % 1000 == 0 and number else f"{number}{unit}"
