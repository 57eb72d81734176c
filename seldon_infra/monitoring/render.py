"""What the Prometheus operator reads of a deployment: whom to ask for metrics, and what to make of them."""

from __future__ import annotations

from seldon_infra.graph.expand.chart import PROMETHEUS_PATH
from seldon_infra.graph.expand.pods import EXECUTOR
from seldon_infra.graph.render_objects import own_pods
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.monitoring import detection
from seldon_infra.monitoring.objectives import groups
from seldon_infra.monitoring.spec import Monitoring

_API = "monitoring.coreos.com/v1"
_PORT = "metrics"
"""Name of the orchestrator's port of metrics. Source: executor.metricsPortName of the operator's chart, 1.17.1."""
_CONTAINER = "__meta_kubernetes_pod_container_name"


def objects(monitoring: Monitoring, deployment: SeldonDeployment) -> dict[str, Manifest]:
    """Give a deployment's objects by their kinds."""
    made = {"PodMonitor": pod_monitor(monitoring, deployment)}
    return made | ({"PrometheusRule": prometheus_rule(monitoring, deployment)} if deployment.slo else {})


def pod_monitor(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    """Ask the deployment's orchestrators, which count requests by deployment, predictor and node."""
    return {
        "apiVersion": _API,
        "kind": "PodMonitor",
        "metadata": _metadata(monitoring, deployment),
        "spec": {
            "selector": own_pods(deployment),
            "podMetricsEndpoints": [
                {
                    "port": _PORT,
                    "path": PROMETHEUS_PATH,
                    "interval": monitoring.interval,
                    # Model servers name their port alike, and answer at paths of their own.
                    "relabelings": [{"sourceLabels": [_CONTAINER], "regex": EXECUTOR, "action": "keep"}],
                }
            ],
        },
    }


def prometheus_rule(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    """Hold it to its objectives."""
    return {
        "apiVersion": _API,
        "kind": "PrometheusRule",
        "metadata": _metadata(monitoring, deployment),
        "spec": {"groups": [*groups(deployment), *detection.groups(deployment)]},
    }


def _metadata(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    return {"name": deployment.name, "namespace": deployment.namespace, "labels": dict(monitoring.labels)}
