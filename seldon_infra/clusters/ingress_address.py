"""The address of a cluster's ingress, where nobody has said it: that of its load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.errors import NotFound, NotPermitted

if TYPE_CHECKING:
    from seldon_infra.clusters.live import Cluster
    from seldon_infra.clusters.rollout import Tree

USUAL = (
    ("istio-system", "istio-ingressgateway"),
    ("istio-ingress", "istio-ingressgateway"),
    ("istio-ingress", "istio-ingress"),
    ("emissary", "emissary-ingress"),
    ("ambassador", "ambassador"),
)
"""Where charts of Istio and Emissary put their Services: namespace and name."""
_HTTPS = 443


def find_ingress(cluster: Cluster) -> str | None:
    """Give the address of the first usual ingress that has a load balancer: ``http://203.0.113.7``.

    Raises:
        ClusterNotReached: there was no answer.
    """
    for namespace, name in USUAL:
        try:
            service = cluster.get(f"/api/v1/namespaces/{namespace}/services/{name}", f"Service '{name}'")
        except (NotFound, NotPermitted):
            continue
        if address := address_of(service):
            return address
    return None


def address_of(service: Tree) -> str | None:
    """Read the address of a Service's load balancer; plain HTTP where it has both."""
    balancers = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    host = next((each.get("hostname") or each.get("ip") for each in balancers), None)
    if not host:
        return None
    ports = {each["port"] for each in service["spec"].get("ports", ())}
    scheme = "https" if _HTTPS in ports and 80 not in ports else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}"
