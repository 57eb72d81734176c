"""Objects of Emissary, as Ambassador is called today.

Source: getambassador.io/v3alpha1 of emissary-ingress/emissary 3.9.1 and 4.1.0.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from seldon_infra.charts.spec import Chart
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.render_values import given
from seldon_infra.ingress.render.objects import certificate, named

if TYPE_CHECKING:
    from seldon_infra.graph.spec import CircuitBreakers
    from seldon_infra.ingress.spec import Ambassador, ExternalAuth, RateLimit

REGISTRY = "oci://ghcr.io/emissary-ingress"
VERSION = "getambassador.io/v3alpha1"
MAPPINGS = "v2"
"""What Seldon's operator writes, in its chart's words: Mappings of getambassador.io/v2."""
HTTP_PORT, HTTPS_PORT = 8080, 8443
"""Ports of Emissary's pods, behind 80 and 443 of its Service. Source: service.ports of its chart."""


def charts(ambassador: Ambassador) -> dict[str, Chart]:
    """Charts by release, in the order of their installation. Source: CHANGELOG.md of emissary 4.0.1."""
    own = {
        "emissary-crds": Chart(name=f"{REGISTRY}/emissary-crds-chart", version=ambassador.version),
        ambassador.service: Chart(name=f"{REGISTRY}/emissary-ingress", version=ambassador.version),
    }
    return {**own, **ambassador.charts}


def values(ambassador: Ambassador) -> dict[str, dict[str, Any]]:
    """Values of the charts. Source: charts/ of emissary 4.1.0.

    Seldon's operator writes Mappings of v2, which CRDs serve only together with the conversion webhook.
    """
    waits = {"enabled": True, "deploymentNamespace": ambassador.namespace}
    env = {} if ambassador.id is None else {"env": {"AMBASSADOR_ID": ambassador.id}}
    return {
        "emissary-crds": {"enableLegacyVersions": True, "emissary": {"namespace": ambassador.namespace}},
        ambassador.service: {
            "fullnameOverride": ambassador.service,
            "waitForApiext": waits,
            "module": {"enabled": False},
            **env,
        },
    }


def operator_values(ambassador: Ambassador) -> dict[str, Any]:
    """What Seldon's operator is told."""
    return {
        "ambassador": {"enabled": True, "version": MAPPINGS, "singleNamespace": ambassador.single_namespace},
    }


def objects(ambassador: Ambassador) -> list[dict[str, Any]]:
    """Every object but the charts', in the order in which they can be made."""
    made = ambassador.tls is not None and ambassador.tls.issuer is not None
    return [
        *([certificate(ambassador.tls, ambassador.namespace, ambassador.hosts)] if made and ambassador.tls else ()),
        listener(ambassador, "seldon-http", HTTP_PORT, "HTTP"),
        *([listener(ambassador, "seldon-https", HTTPS_PORT, "HTTPS")] if ambassador.tls else ()),
        *(host(ambassador, index, name) for index, name in enumerate(ambassador.hosts)),
        *([module(ambassador)] if module_config(ambassador) else ()),
        *([auth_service(ambassador, ambassador.auth)] if ambassador.auth else ()),
        *([rate_limit_service(ambassador, ambassador.rate_limit)] if ambassador.rate_limit else ()),
    ]


def listener(ambassador: Ambassador, name: str, port: int, protocol: str) -> dict[str, Any]:
    """A port that is listened on, for the Hosts of all namespaces."""
    spec = {
        "port": port,
        "protocol": protocol,
        "securityModel": "XFP",
        "hostBinding": {"namespace": {"from": "ALL"}},
    }
    return _object(ambassador, "Listener", name, spec)


def host(ambassador: Ambassador, index: int, hostname: str) -> dict[str, Any]:
    """A host name that is answered, with its certificate."""
    tls = ambassador.tls
    action = "Redirect" if tls and tls.redirect else "Route"
    secret = {"tlsSecret": {"name": tls.secret}} if tls else {}
    spec = {"hostname": hostname, **secret, "requestPolicy": {"insecure": {"action": action}}}
    return _object(ambassador, "Host", "seldon" if index == 0 else f"seldon-{index}", spec)


def module(ambassador: Ambassador) -> dict[str, Any]:
    """Settings of all routes; Emissary reads the one of this name."""
    return _object(ambassador, "Module", "ambassador", {"config": module_config(ambassador)})


def module_config(ambassador: Ambassador) -> dict[str, Any]:
    """Bounds, retries and waits that hold where a Mapping says nothing of its own."""
    waits, retries, breakers = ambassador.timeouts, ambassador.retries, ambassador.circuit_breakers
    return given(
        {
            "cluster_idle_timeout_ms": milliseconds(waits.idle) if waits else None,
            "retry_policy": retries
            and given(
                {
                    "retry_on": "gateway-error",
                    "num_retries": retries.attempts,
                    "per_try_timeout": retries.per_try,
                }
            ),
            "circuit_breakers": [bounds(breakers)] if breakers else None,
        }
    )


def bounds(breakers: CircuitBreakers) -> dict[str, Any]:
    """Bounds of what is sent to a Mapping's service at once."""
    return given(
        {
            "max_connections": breakers.max_connections,
            "max_requests": breakers.max_requests,
            "max_pending_requests": breakers.max_pending_requests,
            "max_retries": breakers.max_retries,
        }
    )


def auth_service(ambassador: Ambassador, auth: ExternalAuth) -> dict[str, Any]:
    """The service that is asked about each request."""
    spec = given(
        {
            "auth_service": auth.service,
            "proto": auth.proto,
            "protocol_version": "v3" if auth.proto == "grpc" else None,
            "path_prefix": auth.path_prefix,
            "timeout_ms": milliseconds(auth.timeout),
            "allowed_request_headers": list(auth.request_headers),
            "allowed_authorization_headers": list(auth.answer_headers),
            "failure_mode_allow": True if auth.when_down == "allow" else None,
        }
    )
    return _object(ambassador, "AuthService", "seldon", spec)


def rate_limit_service(ambassador: Ambassador, limit: RateLimit) -> dict[str, Any]:
    """The service that counts requests."""
    spec = {
        "service": limit.service,
        "domain": limit.domain,
        "protocol_version": "v3",
        "timeout_ms": milliseconds(limit.timeout),
    }
    return _object(ambassador, "RateLimitService", "seldon", spec)


def milliseconds(duration: str | None) -> int | None:
    """Write a duration as Emissary takes it."""
    found = parse_duration(duration or "")
    return None if found is None else ceil(found * 1000)


def _object(ambassador: Ambassador, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    identity = {} if ambassador.id is None else {"ambassador_id": [ambassador.id]}
    metadata = named(name, ambassador.namespace)
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": {**identity, **spec}}
