"""What a deployment's pods may do on a cluster: who they are there, and whom they may talk to."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from seldon_infra.core.model import Later, Many, Spec


class ServiceAccount(Spec):
    """Who a deployment's pods are; one that is made hands out no token for the API server by itself.

    A cloud role's token comes in either case. Source: ServiceAccount, v1, automountServiceAccountToken.
    """

    noun: ClassVar[str] = "service account"

    name: Later[str] | None = None
    """Name. Default: the deployment's."""
    existing: bool = False
    """Whether somebody else makes it; then it is named and no more. Default: False."""
    annotations: Mapping[str, Later[str]] = {}
    """Annotations, such as a cloud role: ``{"eks.amazonaws.com/role-arn": …}``. Default: none."""


class NetworkPolicy(Spec):
    """What the deployment's pods may talk to; all else is denied, both ways, where the cluster's network enforces it.

    Always allowed: the deployment's own pods among each other, DNS, and the ports on which its definition says that
    something is asked: stores, loggers, brokers. Source: NetworkPolicy, networking.k8s.io/v1.
    """

    noun: ClassVar[str] = "network policy"

    ingress_namespaces: Many[Later[str]] = ("istio-system", "istio-ingress", "emissary", "ambassador")
    """Namespaces whose pods may send requests; their port 15012, where Istio's sidecars get their settings, may be
    asked. Default: those of the usual ingresses."""
    monitoring_namespaces: Many[Later[str]] = ("monitoring",)
    """Namespaces whose pods may read metrics. Default: ``monitoring``."""
    ingress_cidrs: Many[Later[str]] = ()
    """Addresses that may send requests and read metrics, such as the API server's, through which gates of a rollout
    ask: ``10.0.0.0/16``. Default: none."""
    egress_ports: Many[int] = (443,)
    """TCP ports that may be asked anywhere: stores of models, mostly. Default: 443."""
    egress_namespaces: Many[Later[str]] = ()
    """Namespaces of which every pod and port may be asked, such as a feature store's. Default: none."""
