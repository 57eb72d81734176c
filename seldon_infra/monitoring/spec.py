"""Who watches deployments on a cluster."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from seldon_infra.core.model import Later, Spec


class Monitoring(Spec):
    """A Prometheus operator that is on the cluster: each deployment gets a PodMonitor, and with ``slo`` its rules.

    Source: PodMonitor and PrometheusRule, monitoring.coreos.com/v1. Deployments let those in who are in the
    ``monitoring_namespaces`` of their network policy.
    """

    noun: ClassVar[str] = "monitoring"

    labels: Mapping[str, Later[str]] = {"release": "kube-prometheus-stack"}
    """Labels by which Prometheus chooses what it reads. Default: those of the chart kube-prometheus-stack under its own
    name. Source: podMonitorSelector and ruleSelector of Prometheus."""
    interval: str = "30s"
    """How often pods are asked for their metrics, as a duration: at most ``"1m"``, for rates over five minutes."""
