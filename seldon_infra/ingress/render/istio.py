"""Istio's objects: the gateway that Seldon's operator binds deployments to, and the rules around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seldon_infra.charts.spec import Chart
from seldon_infra.core.quantity import parse_duration
from seldon_infra.experiments.rollout import NEXT
from seldon_infra.graph.render_values import given, mapped
from seldon_infra.ingress.render.objects import certificate, named

if TYPE_CHECKING:
    from seldon_infra.graph.spec import Predictor, SeldonDeployment
    from seldon_infra.ingress.spec import Istio, Tls

REPOSITORY = "https://istio-release.storage.googleapis.com/charts"
NETWORKING = "networking.istio.io/v1beta1"
"""Served by every Istio that Seldon 1.17 goes with, 1.16 to today's."""
DEFINITIONS = (
    "extensions.istio.io",
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
)
"""Groups of the CRDs that the chart `base` brings, which it marks so that Helm keeps them."""


def charts(istio: Istio) -> dict[str, Chart]:
    """Charts by release, in the order of their installation. Source: Istio's guide for Helm."""
    names = zip(istio.releases, ("base", "istiod", "gateway"), strict=True)
    own = {release: Chart(name=name, repository=REPOSITORY, version=istio.version) for release, name in names}
    return {**own, **istio.charts}


def values(istio: Istio) -> dict[str, dict[str, Any]]:
    """Values of the charts. Source: manifests/charts of istio/istio 1.30.3."""
    home = {"global": {"istioNamespace": istio.namespace}}
    gateway = {"name": istio.service, "labels": dict(istio.selector)}
    return dict(zip(istio.releases, (home, home, gateway), strict=True))


def operator_values(istio: Istio) -> dict[str, Any]:
    """What Seldon's operator is told."""
    at = f"{istio.namespace}/{istio.gateway}"
    return {"istio": given({"enabled": True, "gateway": at, "tlsMode": istio.tls_to_pods})}


def objects(istio: Istio) -> list[dict[str, Any]]:
    """Every object but the charts' and those of deployments, in the order in which they can be made."""
    return [
        *([certificate(istio.tls, istio.namespace, istio.hosts)] if istio.tls and istio.tls.issuer else ()),
        gateway(istio),
        *(peer_authentication(namespace) for namespace in istio.mtls),
        *([envoy_filter(istio)] if istio.timeouts and istio.timeouts.request else ()),
    ]


def gateway(istio: Istio) -> dict[str, Any]:
    """The Gateway: ports, hosts and the certificate."""
    return {
        "apiVersion": NETWORKING,
        "kind": "Gateway",
        "metadata": named(istio.gateway, istio.namespace),
        "spec": {"selector": dict(istio.selector), "servers": _servers(istio)},
    }


def peer_authentication(namespace: str) -> dict[str, Any]:
    """Mutual TLS for every pod of a namespace."""
    return {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "PeerAuthentication",
        "metadata": named("seldon-mtls", namespace),
        "spec": {"mtls": {"mode": "STRICT"}},
    }


def envoy_filter(istio: Istio) -> dict[str, Any]:
    """How long a request may take: Seldon's operator writes no timeout into its VirtualServices."""
    seconds = parse_duration((istio.timeouts.request if istio.timeouts else None) or "") or 0
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": named("seldon-request-timeout", istio.namespace),
        "spec": {
            "workloadSelector": {"labels": dict(istio.selector)},
            "configPatches": [
                {
                    "applyTo": "HTTP_ROUTE",
                    "match": {"context": "GATEWAY", "routeConfiguration": {"vhost": {"route": {"action": "ROUTE"}}}},
                    "patch": {"operation": "MERGE", "value": {"route": {"timeout": f"{seconds}s"}}},
                }
            ],
        },
    }


def destination_rules(istio: Istio, deployment: SeldonDeployment) -> dict[str, dict[str, Any]]:
    """A DestinationRule per predictor, by its name, where bounds are declared.

    With a rollout there is one as well for the name that a changed predictor has on the way; it is there before the
    first request goes that way, and binds nobody as long as no Service has that name.
    """
    policy = traffic_policy(istio)
    predictors = deployment.predictors if policy else ()
    return {
        each.name: destination_rule(istio, deployment, each, policy)
        for predictor in predictors
        for each in (predictor, *_on_its_way(deployment, predictor))
    }


def destination_rule(
    istio: Istio, deployment: SeldonDeployment, predictor: Predictor, policy: Mapping[str, Any]
) -> dict[str, Any]:
    """Bounds of what the gateway sends to a predictor.

    Seldon's operator writes a rule of its own per predictor, with a policy of its own, into the deployment's
    namespace. A rule in the gateway's namespace that is exported to nobody else goes before it, for the gateway alone;
    it has to name the operator's subset too. Source: ``destinationRule`` in pilot/pkg/model/push_context.go of
    istio/istio 1.30.3, ``createIstioResources`` of SeldonIO/seldon-core 1.17.1.
    """
    service = f"{deployment.name}-{predictor.name}" if predictor.service_name is None else predictor.service_name
    host = mapped(service, lambda name: mapped(deployment.namespace, lambda place: f"{name}.{place}.svc.cluster.local"))
    name = mapped(deployment.namespace, lambda place: f"{place}.{deployment.name}.{predictor.name}")
    version = predictor.labels.get("version", predictor.name)
    return {
        "apiVersion": NETWORKING,
        "kind": "DestinationRule",
        "metadata": named(name, istio.namespace),
        "spec": {
            "host": host,
            "exportTo": ["."],
            "subsets": [{"name": predictor.name, "labels": {"version": version}}],
            "trafficPolicy": dict(policy),
        },
    }


def _on_its_way(deployment: SeldonDeployment, predictor: Predictor) -> list[Predictor]:
    """The predictor as it stands beside its old version, which keeps the Service's own name."""
    if deployment.rollout is None or predictor.shadow:
        return []
    return [predictor.model_copy(update={"name": f"{predictor.name}{NEXT}", "service_name": None})]


def traffic_policy(istio: Istio) -> dict[str, Any]:
    """Bounds, waits and ejection; nothing where none is declared."""
    bounds, waits, ejection = istio.circuit_breakers, istio.timeouts, istio.ejection
    tcp = {
        "maxConnections": bounds.max_connections if bounds else None,
        "connectTimeout": seconds(waits.connect) if waits else None,
    }
    http = {
        "http2MaxRequests": bounds.max_requests if bounds else None,
        "http1MaxPendingRequests": bounds.max_pending_requests if bounds else None,
        "maxRetries": bounds.max_retries if bounds else None,
        "idleTimeout": seconds(waits.idle) if waits else None,
    }
    outliers = ejection and {
        "consecutive5xxErrors": ejection.after_errors,
        "baseEjectionTime": f"{ejection.seconds}s",
        "maxEjectionPercent": ejection.most_percent,
    }
    pool = given({"tcp": given(tcp), "http": given(http)})
    found = given({"connectionPool": pool, "outlierDetection": outliers})
    return {**found, "tls": {"mode": istio.tls_to_pods}} if found and istio.tls_to_pods else found


def seconds(duration: str | None) -> str | None:
    """Write a duration as Istio takes it."""
    found = parse_duration(duration or "")
    return None if found is None else f"{found.normalize():f}s"


def _servers(istio: Istio) -> list[dict[str, Any]]:
    hosts, tls = list(istio.hosts), istio.tls
    plain = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    if tls is None:
        return [plain]
    redirect = {"tls": {"httpsRedirect": True}} if tls.redirect else {}
    return [{**plain, **redirect}, _secure(tls, hosts)]


def _secure(tls: Tls, hosts: list[str]) -> dict[str, Any]:
    return {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": hosts,
        "tls": {"mode": "SIMPLE", "credentialName": tls.secret},
    }
