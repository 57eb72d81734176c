"""Objects of Kubernetes' own kinds that the operator makes. Source: seldondeployment_controller.go of 1.17.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_infra.graph.expand import chart
from seldon_infra.graph.expand.names import APP, ID, MANAGED, container_service, service_of, type_labels
from seldon_infra.graph.expand.pods import InDeployment
from seldon_infra.graph.render_values import Manifest, given

GRACE_SECONDS = 20


def deployment_object(
    at: InDeployment,
    namespace: Any,
    name: str,
    pod: Mapping[str, Any],
    spec: Mapping[str, Any],
    labels: Mapping[str, str],
) -> Manifest:
    """A Deployment of one componentSpec."""
    metadata = pod.get("metadata", {})
    said = {**labels, **at.predictor["labels"], **metadata.get("labels", {})}
    annotations = {**at.spec.get("annotations", {}), **at.predictor.get("annotations", {})}
    annotations |= metadata.get("annotations", {})
    scraped = {"prometheus.io/path": chart.PROMETHEUS_PATH, "prometheus.io/scrape": "true"}
    chosen = {ID: at.name, **{key: value for key, value in labels.items() if key.startswith(("seldon-app-svc", ID))}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": given(
            {
                "name": name,
                "namespace": namespace,
                "labels": {"app": name, "fluentd": "true", ID: at.name, **said},
                "annotations": annotations,
            }
        ),
        "spec": given(
            {
                "replicas": replicas(at, pod),
                "selector": {"matchLabels": chosen},
                "template": {
                    "metadata": {
                        "labels": {"app": name, "fluentd": "true", ID: at.name, **said},
                        "annotations": {**scraped, **annotations},
                    },
                    "spec": {
                        "terminationGracePeriodSeconds": GRACE_SECONDS,
                        **spec,
                        "securityContext": spec.get("securityContext") or {"runAsUser": chart.DEFAULT_USER},
                    },
                },
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
                "progressDeadlineSeconds": at.predictor.get("progressDeadlineSeconds"),
            }
        ),
    }


def replicas(at: InDeployment, pod: Mapping[str, Any]) -> Any:
    """How many pods there are, from the nearest that says so; an autoscaler's are its own."""
    if pod.get("hpaSpec") or pod.get("kedaSpec"):
        return None
    said = (pod.get("replicas"), at.predictor.get("replicas"), at.spec.get("replicas"))
    return next((number for number in said if number is not None), None)


def node_service(at: InDeployment, namespace: Any, unit: Mapping[str, Any], ports: tuple[int, int]) -> Manifest:
    """The Service of a node's container."""
    name = container_service(at.name, at.predictor["name"], unit["name"])
    own = {f"seldon-app-svc-{unit['name']}": name}
    labels = {**own, ID: at.name, APP: service_of(at.name, at.predictor), **type_labels(unit, at.predictor)}
    return service(at, namespace, name, labels, own, {"http": ports[0], "grpc": ports[1]})


def predictor_service(at: InDeployment, namespace: Any, deployments: Sequence[Manifest], no_engine: bool) -> Manifest:
    """The Service of a predictor: of its orchestrator, or of its only node."""
    name = service_of(at.name, at.predictor)
    ports = {"http": chart.EXECUTOR_HTTP, "grpc": chart.EXECUTOR_GRPC}
    if no_engine:
        ports = {"http": chart.FIRST_HTTP, "grpc": chart.FIRST_GRPC}
        for made in deployments:
            made["metadata"]["labels"][APP] = name
            made["spec"]["selector"]["matchLabels"][APP] = name
            made["spec"]["template"]["metadata"]["labels"][APP] = name
    return service(at, namespace, name, {APP: name, ID: at.name, **MANAGED}, {APP: name}, ports)


def service(
    at: InDeployment,
    namespace: Any,
    name: str,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    ports: Mapping[str, int],
) -> Manifest:
    """A Service inside the cluster."""
    headless = at.spec.get("annotations", {}).get("seldon.io/headless-svc", "false") != "false"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": given(
            {
                "name": name,
                "namespace": namespace,
                "labels": dict(labels),
                "annotations": dict(at.predictor.get("annotations", {})),
            }
        ),
        "spec": given(
            {
                "clusterIP": "None" if headless else None,
                "ports": [
                    {"name": each, "port": port, "targetPort": port, "protocol": "TCP"} for each, port in ports.items()
                ],
                "selector": dict(selector),
                "sessionAffinity": "None",
                "type": "ClusterIP",
            }
        ),
    }


def autoscaler(namespace: Any, owner: str, name: str, pod: Mapping[str, Any]) -> list[Manifest]:
    """A HorizontalPodAutoscaler, where one is asked for and KEDA is not."""
    said = pod.get("hpaSpec")
    if not said or pod.get("kedaSpec"):
        return []
    spec = {
        "scaleTargetRef": _target(name),
        "minReplicas": said.get("minReplicas"),
        "maxReplicas": said["maxReplicas"],
        "metrics": said.get("metricsv2"),
    }
    return [_owned("autoscaling/v2", "HorizontalPodAutoscaler", namespace, owner, name, given(spec))]


def scaled_object(namespace: Any, owner: str, name: str, pod: Mapping[str, Any]) -> list[Manifest]:
    """KEDA's ScaledObject, where one is asked for."""
    said = pod.get("kedaSpec")
    if not said:
        return []
    return [
        _owned("keda.sh/v1alpha1", "ScaledObject", namespace, owner, name, {**said, "scaleTargetRef": _target(name)})
    ]


def budget(namespace: Any, owner: str, name: str, pod: Mapping[str, Any]) -> list[Manifest]:
    """A PodDisruptionBudget, where one is asked for."""
    said = pod.get("pdbSpec")
    if not said:
        return []
    spec = {**said, "selector": {"matchLabels": {ID: owner}}}
    return [_owned("policy/v1", "PodDisruptionBudget", namespace, owner, name, spec)]


def _target(name: str) -> Manifest:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}


def _owned(api: str, kind: str, namespace: Any, owner: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": {ID: owner}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": dict(spec)}
