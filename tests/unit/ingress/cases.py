"""Ingresses that golden files show: the objects beside the charts', and what the charts are told.

``python -m tests.unit.ingress.cases`` writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seldon_infra import (
    Ambassador,
    CircuitBreakers,
    Ejection,
    ExternalAuth,
    IngressTimeouts,
    Istio,
    RateLimit,
    Retries,
    Rollout,
    SeldonDeployment,
    Tls,
)
from seldon_infra.core.yaml import dump
from seldon_infra.ingress.render import ambassador, istio
from tests.unit.graph.cases import digits

GOLDEN = Path(__file__).parent / "golden"
BREAKERS = CircuitBreakers(max_connections=100, max_requests=200, max_pending_requests=50, max_retries=2)
HOSTS = ("models.example.com", "*.ml.example.com")
CASES: dict[str, tuple[str, Istio | Ambassador]] = {
    "istio": ("Istio where a stack says nothing: a gateway for all hosts, without TLS.", Istio()),
    "istio-all-fields": (
        "Everything that Istio can: TLS by cert-manager, mutual TLS, timeouts, bounds and ejection.",
        Istio(
            hosts=HOSTS,
            tls=Tls(secret="seldon-tls", issuer="letsencrypt"),
            mtls=("models", "vision"),
            tls_to_pods="ISTIO_MUTUAL",
            timeouts=IngressTimeouts(request="30s", connect="2s", idle="1m30s"),
            retries=Retries(attempts=2, per_try="2s"),
            circuit_breakers=BREAKERS,
            ejection=Ejection(),
        ),
    ),
    "istio-rollout": (
        "Bounds of a deployment that changes in steps: each predictor has them under its name on the way as well.",
        Istio(tls_to_pods="ISTIO_MUTUAL", circuit_breakers=BREAKERS),
    ),
    "ambassador": ("Ambassador where a stack says nothing: one listener, one Host for all names.", Ambassador()),
    "ambassador-all-fields": (
        "Everything that Ambassador can: TLS, its Module, auth and rate limits.",
        Ambassador(
            id="seldon",
            single_namespace=True,
            hosts=HOSTS,
            tls=Tls(secret="seldon-tls", redirect=False),
            timeouts=IngressTimeouts(request="30s", idle="1m30s"),
            retries=Retries(attempts=2, per_try="2s"),
            circuit_breakers=BREAKERS,
            auth=ExternalAuth(
                service="auth.security:3000",
                proto="grpc",
                request_headers=["x-team"],
                answer_headers=["x-user"],
                when_down="allow",
            ),
            rate_limit=RateLimit(service="limits.security:8081"),
        ),
    ),
}


def objects(name: str) -> list[dict[str, Any]]:
    """Give the objects of a case; those of the deployment `digits` too."""
    _, ingress = CASES[name]
    if isinstance(ingress, Istio):
        return [*istio.objects(ingress), *istio.destination_rules(ingress, deployed(name)).values()]
    return ambassador.objects(ingress)


def deployed(name: str) -> SeldonDeployment:
    """Give what a case's ingress leads to."""
    return digits().model_copy(update={"rollout": Rollout() if name == "istio-rollout" else None})


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    shows, ingress = CASES[name]
    told = istio.values(ingress) if isinstance(ingress, Istio) else ambassador.values(ingress)
    return "---\n".join(
        [f"# {shows}\n", *(dump(each) for each in objects(name)), f"# values of the charts\n{dump(told)}"]
    )


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
