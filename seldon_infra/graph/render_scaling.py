"""Autoscaling and disruption budgets of a componentSpec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.graph.render_values import Manifest, as_text, given, plain
from seldon_infra.graph.spec import (
    ContainerMetric,
    ExternalMetric,
    Hpa,
    Keda,
    KedaFallback,
    KedaTrigger,
    MetricTarget,
    ObjectMetric,
    Pdb,
    PodsMetric,
    QueueTime,
    ResourceMetric,
)


def hpa(spec: Hpa | None) -> Manifest:
    """A HorizontalPodAutoscaler, with metrics in the form of autoscaling/v2."""
    if spec is None:
        return {}
    return given(
        {
            "minReplicas": spec.min_replicas,
            "maxReplicas": spec.max_replicas,
            "metricsv2": [metric(each) for each in spec.metrics],
        }
    )


def metric(spec: ResourceMetric | ContainerMetric | PodsMetric | ObjectMetric | ExternalMetric) -> Manifest:
    """MetricSpec of autoscaling/v2: what decides, and what to aim for."""
    target = metric_target(spec.target)
    match spec:
        case ResourceMetric():
            return {"type": "Resource", "resource": {"name": spec.name, "target": target}}
        case ContainerMetric():
            source = {"name": spec.name, "container": spec.container, "target": target}
            return {"type": "ContainerResource", "containerResource": source}
        case PodsMetric():
            return {"type": "Pods", "pods": {"metric": _identifier(spec.name, spec.selector), "target": target}}
        case ObjectMetric():
            described = {"apiVersion": spec.api_version, "kind": spec.kind, "name": spec.object_name}
            measured = {"metric": _identifier(spec.name, spec.selector), "target": target}
            return {"type": "Object", "object": {"describedObject": described, **measured}}
        case ExternalMetric():
            return {"type": "External", "external": {"metric": _identifier(spec.name, spec.selector), "target": target}}


def metric_target(spec: MetricTarget) -> Manifest:
    """MetricTarget of autoscaling/v2; its type follows from which value is given."""
    if spec.average_utilization is not None:
        return {"type": "Utilization", "averageUtilization": spec.average_utilization}
    if spec.average_value is not None:
        return {"type": "AverageValue", "averageValue": as_text(spec.average_value)}
    return given({"type": "Value", "value": as_text(spec.value)})


def keda(spec: Keda | None) -> Manifest:
    """A KEDA ScaledObject."""
    if spec is None:
        return {}
    return given(
        {
            "pollingInterval": spec.polling_interval,
            "cooldownPeriod": spec.cooldown_period,
            "minReplicaCount": spec.min_replica_count,
            "maxReplicaCount": spec.max_replica_count,
            "idleReplicaCount": spec.idle_replica_count,
            "triggers": [
                *(keda_trigger(each) for each in spec.triggers),
                *([queue_time(spec.queue_time)] if spec.queue_time else []),
            ],
            "advanced": plain(spec.advanced),
            "fallback": keda_fallback(spec.fallback),
        }
    )


def keda_trigger(spec: KedaTrigger) -> Manifest:
    """An event source of a ScaledObject."""
    return given(
        {
            "type": spec.type,
            "name": spec.name,
            "metadata": dict(spec.metadata),
            "authenticationRef": given({"name": spec.authentication_ref}),
            "metricType": spec.metric_type,
        }
    )


def queue_time(spec: QueueTime) -> Manifest:
    """The event source that asks Prometheus how many milliseconds a request waits, on average; 0 where none came."""
    chosen = ",".join(f'{name}="{value}"' for name, value in spec.labels.items())
    waited, answered = (
        f"sum(rate({metric}{{{chosen}}}[{spec.window}]))"
        for metric in ("nv_inference_queue_duration_us", "nv_inference_request_success")
    )
    query = f"{waited} / 1000 / clamp_min({answered}, 0.001)"
    threshold = str(spec.milliseconds)
    return given(
        {
            "type": "prometheus",
            "metadata": {"serverAddress": spec.prometheus, "query": query, "threshold": threshold},
            "authenticationRef": given({"name": spec.authentication_ref}),
            "metricType": "Value",
        }
    )


def keda_fallback(spec: KedaFallback | None) -> Manifest:
    """Pods to run while a source cannot be read."""
    return {} if spec is None else {"failureThreshold": spec.failure_threshold, "replicas": spec.replicas}


def pdb(spec: Pdb | None) -> Manifest:
    """A PodDisruptionBudget."""
    return {} if spec is None else given({"minAvailable": spec.min_available, "maxUnavailable": spec.max_unavailable})


def _identifier(name: Any, selector: Mapping[str, Any]) -> Manifest:
    """MetricIdentifier: a metric's name and the labels that narrow it."""
    return given({"name": name, "selector": given({"matchLabels": dict(selector)})})
