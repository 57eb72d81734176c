"""The chart kube-prometheus-stack: where it comes from, and its values.

Source: charts/kube-prometheus-stack of prometheus-community/helm-charts, 88.5.3 (values.yaml, Chart.yaml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.charts.render import over
from seldon_infra.charts.spec import Chart

if TYPE_CHECKING:
    from seldon_infra.monitoring.spec import PrometheusStack

RELEASE = "kube-prometheus-stack"
REPOSITORY = "https://prometheus-community.github.io/helm-charts"
_CHOSEN = ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
"""What Prometheus reads; by default the chart chooses that by a label with its release's name."""


def chart(stack: PrometheusStack) -> Chart:
    """The chart that is installed."""
    return stack.chart or Chart(name=RELEASE, repository=REPOSITORY, version=stack.version)


def values(stack: PrometheusStack) -> dict[str, Any]:
    """Values of the chart: whatever declares monitors and rules is read, in all namespaces."""
    chosen = {f"{kind}SelectorNilUsesHelmValues": False for kind in _CHOSEN}
    return over({"prometheus": {"prometheusSpec": chosen}}, stack.values)
