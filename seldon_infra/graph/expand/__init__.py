"""What Seldon's operator makes of a SeldonDeployment: Deployments, Services, autoscalers, budgets.

Scanners know Kubernetes' own kinds alone and pass over pods inside of others, so this shows them those pods, and a
reader sees what will be there. It follows the operator 1.17.1 with its chart's values; routes of an ingress are left
out, for they hold no pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seldon_infra.graph.expand.explainer import explainer_objects
from seldon_infra.graph.expand.names import APP, ID, container_service, deployment_of, service_of, type_labels, units
from seldon_infra.graph.expand.objects import (
    autoscaler,
    budget,
    deployment_object,
    node_service,
    predictor_service,
    scaled_object,
)
from seldon_infra.graph.expand.pods import (
    PODINFO_VOLUME,
    InDeployment,
    Ports,
    executor,
    initializer,
    is_fetched,
    node_container,
    owner_of_model,
    tensorflow_serving,
)
from seldon_infra.graph.render_values import Manifest, given


@dataclass
class _Made:
    """Objects by kind, in the order in which they are shown."""

    deployments: list[Manifest] = field(default_factory=list)
    services: list[Manifest] = field(default_factory=list)
    others: list[Manifest] = field(default_factory=list)


def expanded(manifest: Mapping[str, Any]) -> list[Manifest]:
    """Give the objects that the operator makes of a rendered SeldonDeployment."""
    spec, metadata = manifest["spec"], manifest["metadata"]
    ports, found = Ports(), []
    for predictor in spec["predictors"]:
        labels = {"version": predictor["name"], **predictor.get("labels", {})}
        at = InDeployment(metadata["name"], spec, {**predictor, "labels": labels})
        found += _predictor(at, metadata.get("namespace", "default"), ports)
    return found


def _predictor(at: InDeployment, namespace: Any, ports: Ports) -> list[Manifest]:
    made = _Made()
    graph = list(units(at.predictor["graph"]))
    for index, pod in enumerate(_pods(at, graph)):
        _component(at, namespace, index, pod, graph, ports, made)
    no_engine = at.predictor.get("annotations", {}).get("seldon.io/no-engine") == "true"
    if not no_engine:
        _orchestrator(at, namespace, made)
    made.services.append(predictor_service(at, namespace, made.deployments, no_engine))
    explained = explainer_objects(at, namespace) if at.predictor.get("explainer") else []
    return [*made.deployments, *made.services, *made.others, *explained]


def _pods(at: InDeployment, graph: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the componentSpecs; containers of prepackaged servers that none holds join the first."""
    pods = [dict(each) for each in at.predictor.get("componentSpecs", ())] or [{}]
    there = {one["name"] for pod in pods for one in pod.get("spec", {}).get("containers", ())}
    lacking = [
        {"name": unit["name"]}
        for unit in graph
        if str(unit.get("implementation", "")).endswith("_SERVER") and unit["name"] not in there
    ]
    first = dict(pods[0].get("spec", {}))
    pods[0]["spec"] = {**first, "containers": [*first.get("containers", ()), *lacking]}
    return [pod for pod in pods if pod["spec"].get("containers")]


def _component(
    at: InDeployment,
    namespace: Any,
    index: int,
    pod: Mapping[str, Any],
    graph: Iterable[Mapping[str, Any]],
    ports: Ports,
    made: _Made,
) -> None:
    spec, by_name = dict(pod["spec"]), {unit["name"]: unit for unit in graph}
    name = deployment_of(at.name, at.predictor["name"], index, [each["name"] for each in spec["containers"]])
    inside = [by_name[each["name"]] for each in spec["containers"] if each["name"] in by_name]
    spec["containers"] = [
        node_container(at, by_name[each["name"]], each, ports) if each["name"] in by_name else dict(each)
        for each in spec["containers"]
    ]
    _fetch_models(at, inside, spec)
    spec["volumes"] = [*spec.get("volumes", ()), PODINFO_VOLUME]
    labels = {key: value for unit in inside for key, value in type_labels(unit, at.predictor).items()}
    for unit in inside:
        service = container_service(at.name, at.predictor["name"], unit["name"])
        labels[f"seldon-app-svc-{unit['name']}"] = service
        made.services.append(node_service(at, namespace, unit, ports.of(unit["name"])))
    made.deployments.append(deployment_object(at, namespace, name, pod, spec, labels))
    made.others += [
        *scaled_object(namespace, at.name, name, pod),
        *autoscaler(namespace, at.name, name, pod),
        *budget(namespace, at.name, name, pod),
    ]


def _fetch_models(at: InDeployment, inside: Iterable[Mapping[str, Any]], spec: Manifest) -> None:
    """Add what fetches models, where the pod does not hold it already."""
    for unit in inside:
        if unit.get("serviceAccountName") and unit.get("implementation"):
            spec["serviceAccountName"] = unit["serviceAccountName"]
        if owner_of_model(at, unit) != unit["name"]:
            spec["containers"].append(tensorflow_serving(unit))
        if not is_fetched(at, unit):
            continue
        container = initializer(at, unit)
        if container["name"] not in [each["name"] for each in spec.get("initContainers", ())]:
            spec["initContainers"] = [*spec.get("initContainers", ()), container]
            place = {"name": container["volumeMounts"][0]["name"], "emptyDir": {}}
            spec["volumes"] = [*spec.get("volumes", ()), place]


def _orchestrator(at: InDeployment, namespace: Any, made: _Made) -> None:
    """Add the orchestrator, to the first Deployment or as one of its own."""
    service, container = service_of(at.name, at.predictor), executor(at, namespace)
    if at.spec.get("annotations", {}).get("seldon.io/engine-separate-pod") == "true" or not made.deployments:
        spec = {
            "containers": [container],
            "serviceAccountName": "default",
            "securityContext": {"runAsUser": 8888},
            "volumes": [PODINFO_VOLUME],
        }
        said = at.predictor.get("svcOrchSpec", {})
        name = f"{at.name}-{at.predictor['name']}-svc-orch"
        pod = given({"replicas": said.get("replicas")})
        first = deployment_object(at, namespace, name, pod, spec, {ID: service})
        made.deployments.insert(0, first)
    else:
        first = made.deployments[0]
        first["spec"]["template"]["spec"]["containers"].append(container)
    first["metadata"]["labels"]["seldon-deployment-contains-svcorch"] = "true"
    for labels in (first["metadata"]["labels"], first["spec"]["template"]["metadata"]["labels"]):
        labels[APP] = service
    first["spec"]["selector"]["matchLabels"][APP] = service
