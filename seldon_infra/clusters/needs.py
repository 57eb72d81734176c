"""What the pods of a deployment will ask a cluster for: those that Seldon's operator makes of it, with the containers
that it adds.

The operator puts its orchestrator into the first pod of a predictor, and a container that fetches the model before each
server with a ``model_uri``. What they ask for stands in the operator's settings; where these are not known, the chart's
defaults of Seldon Core 1.17.1 are taken. Values that are not known yet count as not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from seldon_infra.clusters.facts import Amounts
from seldon_infra.clusters.read_facts import limits_of, requests, together
from seldon_infra.core.model import is_later, known
from seldon_infra.graph.render import orchestrator_resources
from seldon_infra.graph.render_pods import component_specs, explainer_container, is_fetched
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.rules.place import InPredictor, nodes_in, predictors, server_of
from seldon_infra.graph.spec import SeldonDeployment

_ORCHESTRATOR = "seldon-container-engine"
_CHART = {
    "EXECUTOR_DEFAULT_CPU_REQUEST": "500m",
    "EXECUTOR_DEFAULT_CPU_LIMIT": "500m",
    "EXECUTOR_DEFAULT_MEMORY_REQUEST": "512Mi",
    "EXECUTOR_DEFAULT_MEMORY_LIMIT": "512Mi",
}
_INITIALIZER: Manifest = {
    "name": "model-initializer",
    "resources": {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
}
"""Its amounts stand in a ConfigMap of the operator's; these are the chart's."""


@dataclass(frozen=True)
class Container:
    """One container of a pod."""

    name: str
    requests: Amounts
    limits: Amounts
    image: str | None = None
    """Its image, where the definition says or implies it; Seldon's operator fills in the others."""


@dataclass(frozen=True)
class PodNeed:
    """Pods of one kind: a predictor's shared ones, a node's own, an orchestrator's or an explainer's."""

    path: str
    """Whose pods they are, in the user's words."""
    deployment: str
    namespace: str | None
    replicas: int
    containers: tuple[Container, ...]
    before: tuple[Container, ...]
    """Containers that run before the others, one by one."""
    field: str
    """Where the user writes what else the pod needs."""
    spec: Mapping[str, Any]
    """The pod's own words about where it may run, with what is known."""

    @cached_property
    def requests(self) -> Amounts:
        """What a node sets aside for one of them."""
        return together((it.requests for it in self.containers), (it.requests for it in self.before))

    @cached_property
    def limits(self) -> Amounts:
        """What one of them may use at most."""
        return together((it.limits for it in self.containers), (it.limits for it in self.before))


def pods(deployment: SeldonDeployment, settings: Mapping[str, str]) -> list[PodNeed]:
    """Give the pods of a deployment.

    Args:
        deployment: what is declared.
        settings: the operator's environment; its executor's amounts are read from it.
    """
    return [need for at in predictors(deployment) for need in _of_predictor(at, {**_CHART, **settings})]


def without_later(value: Any) -> Any:
    """Give plain data without what is not known yet."""
    if isinstance(value, Mapping):
        return {key: without_later(item) for key, item in value.items() if not is_later(item)}
    if isinstance(value, list | tuple):
        return [without_later(item) for item in value if not is_later(item)]
    return value


def _of_predictor(at: InPredictor, settings: Mapping[str, str]) -> Iterator[PodNeed]:
    predictor, deployment = at.predictor, at.deployment
    specs = _completed(at, [without_later(it) for it in component_specs(deployment, predictor)])
    engine = None if predictor.no_engine else _orchestrator(at, settings)
    for index, component in enumerate(specs):
        inside = index == 0 and engine is not None and not deployment.engine_separate_pod
        yield _component(at, component, [engine] if inside and engine else [])
    if engine is not None and deployment.engine_separate_pod:
        own = predictor.orchestrator.replicas if predictor.orchestrator else None
        yield _need(at, at.path, {}, [engine], _replicas(at) if own is None else _count(own))
    if predictor.explainer:
        count = min(_replicas(at), 1) * _count(predictor.explainer.replicas)
        container = without_later(explainer_container(deployment, predictor.explainer)) or {"name": "explainer"}
        before = [_INITIALIZER] if predictor.explainer.model_uri else []
        yield _need(at, f"{at.path} → explainer", {}, [container], count, before, "resources")


def _completed(at: InPredictor, components: Sequence[Manifest]) -> list[Manifest]:
    """Name the containers that the operator puts into the first pod: those of which nothing is said."""
    first, *others = components or [{}]
    spec = first.get("spec", {})
    containers = spec.get("containers", [])
    named = {it.get("name") for component in components for it in component.get("spec", {}).get("containers", [])}
    nodes = (inner.node for inner in nodes_in(at) if server_of(inner.node))
    added = [{"name": node.name} for node in nodes if node.name not in named]
    return [{**first, "spec": {**spec, "containers": [*containers, *added]}}, *others]


def _component(at: InPredictor, component: Manifest, added: Sequence[Manifest]) -> PodNeed:
    spec = component.get("spec", {})
    names = {it.get("name") for it in spec.get("containers", [])}
    own = [inner for inner in nodes_in(at) if inner.node.pod is not None and inner.node.name in names]
    fetched = [
        _INITIALIZER
        for inner in nodes_in(at)
        if inner.node.model_uri is not None
        and server_of(inner.node)
        and inner.node.name in names
        and not (at.deployment.pod_defaults == "restricted" and is_fetched(at.deployment, inner.node))
    ]
    before = [*spec.get("initContainers", []), *([] if at.deployment.no_storage_initializer else fetched)]
    where = "pod=Pod(template=PodTemplate(spec={…}))" if own else "pod=PodTemplate(spec={…})"
    containers = [*spec.get("containers", []), *added]
    return _need(at, own[0].path if own else at.path, spec, containers, _scaled(at, component), before, where)


def _need(
    at: InPredictor,
    path: str,
    spec: Manifest,
    containers: Sequence[Manifest],
    replicas: int,
    before: Sequence[Manifest] = (),
    where: str = "pod=PodTemplate(spec={…})",
) -> PodNeed:
    namespace = known(at.deployment.namespace)
    return PodNeed(
        path,
        at.deployment.name,
        namespace,
        replicas,
        containers_of(containers),
        containers_of(before),
        where,
        without_later(spec),
    )


def containers_of(containers: Sequence[Manifest]) -> tuple[Container, ...]:
    """Read what containers ask for."""
    return tuple(Container(it.get("name", ""), requests(it), limits_of(it), it.get("image")) for it in containers)


def _orchestrator(at: InPredictor, settings: Mapping[str, str]) -> Manifest:
    if said := orchestrator_resources(at.deployment, at.predictor):
        return {"name": _ORCHESTRATOR, "resources": without_later(said)}
    amounts = {
        kind: {name.lower(): settings[f"EXECUTOR_DEFAULT_{name}_{word}"] for name in ("CPU", "MEMORY")}
        for kind, word in (("requests", "REQUEST"), ("limits", "LIMIT"))
    }
    return {"name": _ORCHESTRATOR, "resources": amounts}


def _scaled(at: InPredictor, component: Manifest) -> int:
    """How many pods there are at least: what an autoscaler starts from, else what is declared."""
    if "kedaSpec" in component:
        return int(component["kedaSpec"].get("minReplicaCount", 0))
    if "hpaSpec" in component:
        return int(component["hpaSpec"].get("minReplicas", 1))
    return int(component.get("replicas", _replicas(at)))


def _replicas(at: InPredictor) -> int:
    own = at.predictor.replicas
    return _count(at.deployment.replicas if own is None else own)


def _count(replicas: object) -> int:
    return replicas if isinstance(replicas, int) else 1


def surge(need: PodNeed) -> int:
    """How many pods more there are for a moment when they are replaced: a quarter, at least one."""
    return int((Decimal(need.replicas) / 4).to_integral_value(rounding="ROUND_CEILING"))
