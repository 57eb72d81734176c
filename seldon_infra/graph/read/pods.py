"""Pods of a manifest: which node is in which, how many there are, and what the typed fields leave to say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.graph import manifest as wire
from seldon_infra.graph.read.normal import metrics_v2
from seldon_infra.graph.read.values import given
from seldon_infra.graph.render_pods import DIGEST_MARK
from seldon_infra.graph.render_values import is_named
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
    PodTemplate,
    ResourceMetric,
)

Metric = ResourceMetric | ContainerMetric | PodsMetric | ObjectMetric | ExternalMetric
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_TARGETS = ("averageUtilization", "averageValue", "value")
_TARGET_FIELDS = {"averageUtilization": "average_utilization", "averageValue": "average_value", "value": "value"}


@dataclass(frozen=True)
class Layout:
    """Which of a predictor's pods its nodes share, and which belong to one node."""

    shared: wire.SeldonPodSpec | None
    own: Mapping[str, wire.SeldonPodSpec]


def layout(pods: Sequence[wire.SeldonPodSpec], nodes: frozenset[str]) -> Layout:
    """Sort a predictor's pods out: the first is shared, unless it counts its own replicas and holds one node."""
    shared: wire.SeldonPodSpec | None = None
    own: dict[str, wire.SeldonPodSpec] = {}
    for index, pod in enumerate(pods):
        inside = [name for name in container_names(pod) if name in nodes]
        if len(inside) == 1 and (index > 0 or pod.replicas is not None):
            own[inside[0]] = pod
        elif shared is None:
            shared = pod
    return Layout(shared, own)


def containers(pods: Sequence[wire.SeldonPodSpec]) -> dict[str, Mapping[str, Any]]:
    """Containers of all pods by their name."""
    return {str(one.get("name")): one for pod in pods for one in _containers(pod)}


def without_digests(
    found: Sequence[wire.SeldonPodSpec], fetched: frozenset[str]
) -> tuple[tuple[wire.SeldonPodSpec, ...], dict[str, str]]:
    """Give pods without the annotations that are digests of their models, and these digests by the models' nodes.

    Args:
        found: the pods.
        fetched: nodes that have a model.
    """
    digests: dict[str, str] = {}
    pods = []
    for pod in found:
        own = {f"{DIGEST_MARK}/{name}": name for name in container_names(pod) if name in fetched}
        said = (pod.metadata.annotations if pod.metadata else None) or {}
        pinned = {mark: digest for mark, digest in said.items() if mark in own and _DIGEST.match(digest)}
        digests |= {own[mark]: digest for mark, digest in pinned.items()}
        left = {mark: value for mark, value in said.items() if mark not in pinned}
        metadata = pod.metadata.model_copy(update={"annotations": left}) if pod.metadata and pinned else pod.metadata
        pods.append(pod.model_copy(update={"metadata": metadata}))
    return tuple(pods), digests


def container_names(pod: wire.SeldonPodSpec) -> list[str]:
    """Names of a pod's containers."""
    return [str(one.get("name")) for one in _containers(pod)]


def template(pod: wire.SeldonPodSpec | None, spec: Mapping[str, Any]) -> PodTemplate | None:
    """A pod's metadata, and what its typed fields leave to say of its spec."""
    metadata = pod.metadata if pod else None
    labels = (metadata.labels if metadata else None) or {}
    annotations = (metadata.annotations if metadata else None) or {}
    fields = given(labels=labels, annotations=annotations, spec=spec)
    return PodTemplate(**fields) if fields else None


def override(rendered: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Find what merging must add, change or take away (None) so that ``rendered`` becomes ``wanted``."""
    changed = {key: _changed(rendered.get(key), value) for key, value in wanted.items() if rendered.get(key) != value}
    return {**{key: None for key in rendered if key not in wanted}, **changed}


def hpa(found: wire.SeldonHpaSpec | None) -> Hpa | None:
    """A HorizontalPodAutoscaler."""
    if found is None:
        return None
    metrics = tuple(filter(None, map(_metric, metrics_v2(found.model_dump(by_alias=True)))))
    return Hpa(**given(max_replicas=found.max_replicas, min_replicas=found.min_replicas, metrics=metrics))


def keda(found: wire.SeldonScaledObjectSpec | None) -> Keda | None:
    """A KEDA ScaledObject."""
    if found is None:
        return None
    return Keda(
        **given(
            triggers=tuple(map(_trigger, found.triggers)),
            polling_interval=found.polling_interval,
            cooldown_period=found.cooldown_period,
            min_replica_count=found.min_replica_count,
            max_replica_count=found.max_replica_count,
            idle_replica_count=found.idle_replica_count,
            fallback=KedaFallback(**found.fallback.model_dump()) if found.fallback else None,
            advanced=found.advanced,
        )
    )


def pdb(found: wire.SeldonPdbSpec | None) -> Pdb | None:
    """A PodDisruptionBudget."""
    if found is None:
        return None
    return Pdb(**given(min_available=found.min_available, max_unavailable=found.max_unavailable))


def _containers(pod: wire.SeldonPodSpec) -> list[Mapping[str, Any]]:
    found = (pod.spec or {}).get("containers")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, (list, tuple)) else []


def _changed(rendered: object, wanted: object) -> object:
    if isinstance(rendered, Mapping) and isinstance(wanted, Mapping):
        return override(rendered, wanted)
    if is_named(rendered) and is_named(wanted):
        return _changed_by_name(rendered, wanted)
    return wanted


def _changed_by_name(rendered: Any, wanted: Any) -> list[dict[str, Any]]:
    there = {item["name"]: item for item in rendered}
    changes = [(item["name"], override(there.get(item["name"], {}), item)) for item in wanted]
    return [{"name": name, **change} for name, change in changes if change]


def _metric(found: Mapping[str, Any]) -> Metric | None:
    """A metric of autoscaling/v2; one of another shape stays out, and the comparison at the end names it."""
    match found:
        case {"type": "Resource", "resource": {"name": name, "target": target}}:
            return ResourceMetric(name=name, target=_target(target))
        case {
            "type": "ContainerResource",
            "containerResource": {"name": name, "container": container, "target": target},
        }:
            return ContainerMetric(name=name, container=container, target=_target(target))
        case {"type": "Pods", "pods": {"metric": metric, "target": target}}:
            return PodsMetric(**_identifier(metric), target=_target(target))
        case {"type": "Object", "object": {"describedObject": described, "metric": metric, "target": target}}:
            what = {"api_version": described["apiVersion"], "kind": described["kind"], "object_name": described["name"]}
            return ObjectMetric(**_identifier(metric), **what, target=_target(target))
        case {"type": "External", "external": {"metric": metric, "target": target}}:
            return ExternalMetric(**_identifier(metric), target=_target(target))
    return None


def _identifier(metric: Mapping[str, Any]) -> dict[str, Any]:
    return given(name=metric["name"], selector=(metric.get("selector") or {}).get("matchLabels"))


def _target(target: Mapping[str, Any]) -> MetricTarget:
    return MetricTarget(**{_TARGET_FIELDS[name]: target[name] for name in _TARGETS if name in target})


def _trigger(found: wire.ScaleTriggers) -> KedaTrigger:
    return KedaTrigger(
        **given(
            type=found.type,
            metadata=found.metadata,
            name=found.name,
            authentication_ref=found.authentication_ref.name if found.authentication_ref else None,
            metric_type=found.metric_type,
        )
    )
