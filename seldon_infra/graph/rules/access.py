"""Rules about what pods may do on a cluster: names that exist there, ports that do."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from seldon_infra.core.model import known, title
from seldon_infra.core.names import is_dns_label, is_subdomain
from seldon_infra.core.problems import ARROW, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment

_PORTS = range(1, 65536)


def account(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A service account has a name of Kubernetes'; one that somebody else makes is named, and not annotated here."""
    it = deployment.service_account
    if it is None:
        return
    if deployment.pod_defaults == "operator" and "service_account" in deployment.model_fields_set:
        got, fix = "service_account and pod_defaults 'operator'", "write service_account_name on its nodes"
        yield Problem(title(deployment), got, "must not be given together", fix)
    path, name = f"{title(deployment)}{ARROW}service account", known(it.name)
    if name is not None and not is_subdomain(name):
        yield Problem(path, f"name '{name}'", "must be the name of a Kubernetes object", "change name")
    if it.existing and it.name is None:
        yield Problem(path, "name is not set", "must be given for an existing one", "write name='…'")
    if it.existing and it.annotations:
        yield Problem(path, "annotations of an existing one", "must be left to who makes it", "remove annotations")


def policy(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Namespaces are DNS labels, ports are ports."""
    it = deployment.network_policy
    if it is None:
        return
    path = f"{title(deployment)}{ARROW}network policy"
    for field in ("ingress_namespaces", "monitoring_namespaces", "egress_namespaces"):
        for name in filter(None, map(known, getattr(it, field))):
            if not is_dns_label(name):
                yield Problem(path, f"{field} '{name}'", "must be the name of a namespace", f"change {field}")
    for cidr in filter(None, map(known, it.ingress_cidrs)):
        if not _is_network(cidr):
            yield Problem(path, f"ingress_cidrs '{cidr}'", "must be a range of addresses", "write '10.0.0.0/16'")
    for port in it.egress_ports:
        if port not in _PORTS:
            yield Problem(path, f"egress_ports {port}", "must be a port, 1 to 65535", "change egress_ports")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


DEPLOYMENT_RULES = (account, policy)
