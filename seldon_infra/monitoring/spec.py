"""Who watches deployments, and what watching is installed."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from seldon_infra.charts.spec import Chart
from seldon_infra.core.model import JsonObject, Later, Spec


class PrometheusStack(Spec):
    """Prometheus, its operator, Alertmanager, Grafana and kube-state-metrics. Source: chart kube-prometheus-stack.

    Its Prometheus reads monitors and rules of every stack on the cluster, whatever their labels.
    """

    noun: ClassVar[str] = "Prometheus stack"

    version: str = "88.5.3"
    """Version of the chart. Default: 88.5.3, which needs Kubernetes 1.25."""
    namespace: str = "monitoring"
    """Its namespace; deployments let it in by ``monitoring_namespaces``. Default: ``monitoring``."""
    chart: Chart | None = None
    """The chart, where it is not the community's own: a mirror, a folder. Default: the community's."""
    values: JsonObject = {}  # noqa: RUF012 (pydantic copies it)
    """Further values of the chart: where alerts go, how long samples are kept. Default: none."""


class Monitoring(Spec):
    """Each deployment is watched: a PodMonitor asks its pods, a PrometheusRule records and tells.

    Source: PodMonitor and PrometheusRule, monitoring.coreos.com/v1. Deployments let those in who are in the
    ``monitoring_namespaces`` of their network policy.
    """

    noun: ClassVar[str] = "monitoring"

    install: PrometheusStack | None = None
    """What is installed; None where a Prometheus operator is on the cluster already. On this machine it counts not.
    Default: None."""
    dashboards_namespace: str | None = None
    """Where Grafana's dashboards are put as ConfigMaps, for the sidecar of its chart; one stack of a cluster is enough.
    Default: the namespace of ``install``, else nowhere."""
    labels: Mapping[str, Later[str]] = {"release": "kube-prometheus-stack"}
    """Labels by which Prometheus chooses what it reads. Default: those of the chart kube-prometheus-stack under its own
    name. Source: podMonitorSelector and ruleSelector of Prometheus."""
    interval: str = "30s"
    """How often pods are asked for their metrics, as a duration: at most ``"1m"``, for rates over five minutes."""
