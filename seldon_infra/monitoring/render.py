"""What the Prometheus operator reads of a deployment: whom to ask for metrics, and what to make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seldon_infra.graph.expand.chart import PROMETHEUS_PATH
from seldon_infra.graph.expand.pods import EXECUTOR
from seldon_infra.graph.render_objects import own_pods
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.walk import nodes
from seldon_infra.monitoring.rules import on_cluster
from seldon_infra.monitoring.spec import Monitoring
from seldon_infra.monitoring.workloads import workloads
from seldon_infra.servers.spec import Server

_API = "monitoring.coreos.com/v1"
_PORT = "metrics"
"""Name of the port of metrics that the operator gives each of its containers. Source: executor.metricsPortName of the
operator's chart, 1.17.1."""
_POD = "__meta_kubernetes_pod_"
_CONTAINER, _APP = f"{_POD}container_name", f"{_POD}label_app"
_TRITON_PORT, _TRITON_PATH = 8002, "/metrics"
"""Where Triton answers, whatever port the operator names. Source: Triton's docs/user_guide/metrics.md."""


def objects(monitoring: Monitoring, deployment: SeldonDeployment) -> dict[str, Manifest]:
    """Give a deployment's objects by their kinds."""
    return {
        "PodMonitor": pod_monitor(monitoring, deployment),
        "PrometheusRule": prometheus_rule(monitoring, deployment),
    }


def pod_monitor(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    """Ask the deployment's orchestrators, which count requests by predictor and node, and its model servers."""
    servers = _server_endpoints(monitoring, deployment)
    return {
        "apiVersion": _API,
        "kind": "PodMonitor",
        "metadata": _metadata(monitoring, deployment),
        "spec": {
            "selector": own_pods(deployment),
            "podMetricsEndpoints": [_endpoint(monitoring, [EXECUTOR], PROMETHEUS_PATH), *servers],
        },
    }


def istio_gateway(monitoring: Monitoring, namespace: str, selector: Mapping[str, str]) -> Manifest:
    """Ask Istio's gateway, which counts requests by Service. Source: Istio's gateway-injection-template.yaml, 1.30."""
    return _shared(monitoring, "istio-gateway", namespace, selector, "http-envoy-prom", "/stats/prometheus")


def gpu_exporter(monitoring: Monitoring, namespace: str, selector: Mapping[str, str]) -> Manifest:
    """Ask the DCGM exporter, which says by itself whose pod has a GPU."""
    return _shared(monitoring, "dcgm-exporter", namespace, selector, "metrics", "/metrics")


def _shared(
    monitoring: Monitoring, name: str, namespace: str, selector: Mapping[str, str], port: str, path: str
) -> Manifest:
    """Ask pods that serve all deployments."""
    endpoint = {"port": port, "path": path, "interval": monitoring.interval, "honorLabels": True}
    return {
        "apiVersion": _API,
        "kind": "PodMonitor",
        "metadata": {"name": f"seldon-{name}", "namespace": namespace, "labels": dict(monitoring.labels)},
        "spec": {"selector": {"matchLabels": dict(selector)}, "podMetricsEndpoints": [endpoint]},
    }


def prometheus_rule(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    """Record what everybody wants to see of it, hold it to its objectives, and tell of trouble."""
    return {
        "apiVersion": _API,
        "kind": "PrometheusRule",
        "metadata": _metadata(monitoring, deployment),
        "spec": {"groups": on_cluster(deployment)},
    }


def _server_endpoints(monitoring: Monitoring, deployment: SeldonDeployment) -> list[Manifest]:
    """Ask the servers that have metrics; those of a container of the user's own are theirs to announce.

    Seldon's wrapper and MLServer answer at the executor's path, since the operator tells them so (MLSERVER_METRICS_PORT
    of its mlserver.go, PREDICTIVE_UNIT_METRICS_ENDPOINT of its seldondeployment_controller.go, 1.17.1).
    """
    found: dict[bool, list[str]] = {}
    for node in (node for each in deployment.predictors for node in nodes(each.graph)):
        if isinstance(node.server, Server) and node.server.catalogue not in (None, "tensorflow"):
            found.setdefault(node.server.catalogue == "triton", []).append(node.name)
    named = _names(deployment)
    told = [_endpoint(monitoring, found[False], PROMETHEUS_PATH, named)] if False in found else []
    at_own_port = {
        "sourceLabels": ["__address__"],
        "regex": r"(.+):\d+",
        "targetLabel": "__address__",
        "replacement": f"$1:{_TRITON_PORT}",
    }
    triton = [_endpoint(monitoring, found[True], _TRITON_PATH, [*named, at_own_port])] if True in found else []
    return [*told, *triton]


def _endpoint(monitoring: Monitoring, containers: Sequence[str], path: str, more: Sequence[Manifest] = ()) -> Manifest:
    """Ask some containers of each pod: all of the operator's name their port alike."""
    only = {"sourceLabels": [_CONTAINER], "regex": "|".join(dict.fromkeys(containers)), "action": "keep"}
    # What a server knows by itself of deployment and node is true of it, and no "exported_" label.
    own = {"honorLabels": True} if more else {}
    return {"port": _PORT, "path": path, "interval": monitoring.interval, **own, "relabelings": [only, *more]}


def _names(deployment: SeldonDeployment) -> list[Manifest]:
    """Labels that the executor's metrics have and a server's have not."""
    predictors = [
        {
            "sourceLabels": [_APP],
            "regex": "|".join(workloads(deployment, each)),
            "targetLabel": "predictor_name",
            "replacement": each.name,
        }
        for each in deployment.predictors
    ]
    return [
        {"targetLabel": "deployment_name", "replacement": deployment.name},
        *predictors,
        {"sourceLabels": [_CONTAINER], "targetLabel": "model_name"},
    ]


def _metadata(monitoring: Monitoring, deployment: SeldonDeployment) -> Manifest:
    return {"name": deployment.name, "namespace": deployment.namespace, "labels": dict(monitoring.labels)}
