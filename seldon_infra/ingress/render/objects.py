"""Parts that the objects of all ingresses have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seldon_infra.core.model import Later
    from seldon_infra.ingress.spec import Tls


def named(name: Later[str], namespace: str) -> dict[str, Any]:
    """Metadata of an object."""
    return {"name": name, "namespace": namespace}


def certificate(tls: Tls, namespace: str, hosts: Iterable[str]) -> dict[str, Any]:
    """cert-manager's Certificate, which makes the secret that an ingress reads. Source: cert-manager.io/v1."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": named("seldon-ingress", namespace),
        "spec": {
            "secretName": tls.secret,
            "dnsNames": list(hosts),
            "issuerRef": {"name": tls.issuer, "kind": tls.issuer_kind, "group": "cert-manager.io"},
        },
    }
