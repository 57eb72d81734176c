"""Two manifests that mean the same, brought to the same form; and where two do not.

What the API server or the operator would fill in is filled in, what they ignore is left out, and amounts are text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seldon_infra.graph.render import API_VERSION
from seldon_infra.graph.render_values import Manifest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SERVER_OWNED = ("status", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_PREPACKAGED_TYPES = {"SIMPLE_ROUTER": "ROUTER", "RANDOM_ABTEST": "ROUTER", "AVERAGE_COMBINER": "COMBINER"}
_OLD_TARGETS = {"targetAverageUtilization": "averageUtilization", "targetAverageValue": "averageValue"}


def normal(manifest: Mapping[str, Any]) -> Manifest:
    """Bring a whole manifest to the form in which two that mean the same are equal."""
    metadata = _without(manifest.get("metadata", {}), _SERVER_OWNED)
    annotations = _without(metadata.get("annotations") or {}, (LAST_APPLIED,))
    whole: Manifest = _given(
        {
            "apiVersion": API_VERSION,
            "kind": manifest.get("kind"),
            "metadata": {"namespace": "default", **_given(metadata), "annotations": annotations},
            "spec": _spec(manifest.get("spec", {})),
        }
    )
    return whole


def kind_of(unit: Mapping[str, Any]) -> str | None:
    """Say what a node is: its type, or what its implementation makes of it."""
    implementation = unit.get("implementation")
    if unit.get("type") in (None, "UNKNOWN_TYPE") and implementation not in (None, "UNKNOWN_IMPLEMENTATION"):
        return _PREPACKAGED_TYPES.get(str(implementation), "MODEL")
    return unit.get("type")


def metrics_v2(hpa: Mapping[str, Any]) -> list[Manifest]:
    """Give an autoscaler's metrics in the form of autoscaling/v2; that of v2beta1 has the same words elsewhere."""
    return [*(_metric_v2(metric) for metric in hpa.get("metrics") or ()), *(hpa.get("metricsv2") or ())]


def differences(wanted: object, found: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Give every path at which two values differ, with both; None where there is nothing."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*wanted, *found]):
            yield from differences(wanted.get(key), found.get(key), f"{path}.{key}".removeprefix("."))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, pair in enumerate(zip(wanted, found, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield path, wanted, found


def _spec(spec: Mapping[str, Any]) -> Manifest:
    # The operator has read no name here since v1: the object's own counts.
    kept = _without(spec, ("name",))
    protocol = "v2" if spec.get("protocol") == "kfserving" else spec.get("protocol") or "seldon"
    predictors = [_predictor(predictor) for predictor in spec.get("predictors", ())]
    return {**kept, "protocol": protocol, "serverType": spec.get("serverType") or "rpc", "predictors": predictors}


def _predictor(predictor: Mapping[str, Any]) -> Manifest:
    found = predictor.get("componentSpecs") or ()
    names = {unit["name"] for unit in units(predictor["graph"]) if unit.get("implementation")}
    pods = [_pod(pod, names if len(found) == 1 else set()) for pod in found]
    explainer = predictor.get("explainer") or {}
    told: Manifest = _given(
        {
            **predictor,
            "graph": _unit(predictor["graph"]),
            "engineResources": _resources(predictor.get("engineResources")),
            "svcOrchSpec": _with_resources(predictor.get("svcOrchSpec")),
            "shadow": predictor.get("shadow") or None,
            "explainer": {**explainer, "containerSpec": _explainer_container(explainer.get("containerSpec"))},
            "componentSpecs": [pod for pod in pods if pod],
        }
    )
    return told


def units(unit: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give a node and all below it."""
    yield unit
    for child in unit.get("children") or ():
        yield from units(child)


def _unit(unit: Mapping[str, Any]) -> Manifest:
    implementation = unit.get("implementation")
    known = None if implementation == "UNKNOWN_IMPLEMENTATION" else implementation
    children = [_unit(child) for child in unit.get("children") or ()]
    told = sorted(unit.get("parameters") or (), key=lambda parameter: str(parameter.get("name")))
    return {**unit, "type": kind_of(unit), "implementation": known, "parameters": told, "children": children}


def _pod(pod: Mapping[str, Any], prepackaged: set[str]) -> Manifest:
    spec = pod.get("spec") or {}
    containers = [_with_resources(container) for container in spec.get("containers") or ()]
    # The operator puts a container for each prepackaged server into the first pod; there a name alone adds nothing.
    told = [one for one in containers if set(_given(one)) != {"name"} or one["name"] not in prepackaged]
    whole: Manifest = _given(
        {
            **pod,
            "spec": {**spec, "containers": sorted(told, key=lambda container: str(container.get("name")))},
            "hpaSpec": _hpa(pod.get("hpaSpec")),
        }
    )
    return whole


def _hpa(hpa: Mapping[str, Any] | None) -> Manifest:
    return {**_without(hpa, ("metrics",)), "metricsv2": metrics_v2(hpa)} if hpa else {}


def _metric_v2(metric: Mapping[str, Any]) -> Manifest:
    resource = metric.get("resource")
    if metric.get("type") != "Resource" or not isinstance(resource, Mapping):
        return dict(metric)
    for old, new in _OLD_TARGETS.items():
        if old in resource:
            kind = "Utilization" if new == "averageUtilization" else "AverageValue"
            target = {"type": kind, new: resource[old]}
            return {"type": "Resource", "resource": {**_without(resource, (old,)), "target": target}}
    return dict(metric)


def _explainer_container(container: Mapping[str, Any] | None) -> Manifest:
    found = _given(_with_resources(container))
    return {} if found == {"name": "explainer"} else found


def _with_resources(holder: Mapping[str, Any] | None) -> Manifest:
    return {**holder, "resources": _resources(holder.get("resources"))} if holder else {}


def _resources(resources: Mapping[str, Any] | None) -> Manifest:
    return {
        kind: {name: str(amount) for name, amount in amounts.items()} if isinstance(amounts, Mapping) else amounts
        for kind, amounts in (resources or {}).items()
    }


def _without(mapping: Mapping[str, Any], keys: tuple[str, ...]) -> Manifest:
    return {key: value for key, value in mapping.items() if key not in keys}


def _given(value: Any) -> Any:
    """Leave out, at every depth, what says nothing: None and empty mappings and lists."""
    match value:
        case Mapping():
            inner = {key: _given(item) for key, item in value.items()}
            return {key: item for key, item in inner.items() if item is not None and item != {} and item != []}
        case list() | tuple():
            return [_given(item) for item in value]
    return value
