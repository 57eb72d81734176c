"""Routes before and after: a deployment's predictors with their shares and models, as either target declares them.

On a cluster a route is a SeldonDeployment, on this machine a ``seldon:local:Route`` with the artifacts that its
predictors' servers read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.graph.manifest import GROUP, KIND
from seldon_infra.graph.render import STICKY_HEADER

LOCAL_ROUTE, LOCAL_ARTIFACT = "seldon:local:Route", "seldon:local:Artifact"
KNOWN_LATER = "(known after pulumi up)"
ALL = 100
SHOWN_DIGEST = len("sha256:") + 12


@dataclass(frozen=True)
class ModelVersion:
    """What a node of a graph answers with."""

    node: str
    uri: str = ""
    digest: str = ""
    """Of the model's files, where they have been read."""
    image: str = ""

    def __str__(self) -> str:
        digest = f"@{self.digest[:SHOWN_DIGEST]}" if self.digest else ""
        return " ".join(filter(None, (f"{self.uri}{digest}" if self.uri else "", self.image)))


@dataclass(frozen=True)
class Side:
    """A predictor at one time."""

    share: int | None
    """In percent, of a shadow the share that is copied; None where only an apply tells it."""
    shadow: bool
    models: tuple[ModelVersion, ...]

    def __str__(self) -> str:
        share = "?" if self.share is None else f"{self.share} %"
        return f"shadow of {share}" if self.shadow else share


@dataclass(frozen=True)
class Route:
    """A route at one time."""

    predictors: Mapping[str, Side]
    """In the order in which the ingress has them."""
    sticky: str | None
    """Header that decides who answers."""


def routes_before(steps: Iterable[Step]) -> dict[str, Route]:
    """Give the routes that are there, by NAMESPACE/NAME."""
    inputs = [(step, step.old) for step in steps if step.action is not Action.CREATE]
    return dict(_routes(inputs))


def routes_after(steps: Iterable[Step]) -> dict[str, Route]:
    """Give the routes that are declared, by NAMESPACE/NAME."""
    inputs = [(step, step.new) for step in steps if step.action is not Action.DELETE]
    return dict(_routes(inputs))


def is_seldon_deployment(step: Step) -> bool:
    """Tell whether a step is about a SeldonDeployment of a cluster."""
    return step.type.startswith(f"kubernetes:{GROUP}/") and step.type.endswith(f":{KIND}")


def _routes(inputs: Sequence[tuple[Step, Mapping[str, Any]]]) -> Iterator[tuple[str, Route]]:
    artifacts = {step.name: found for step, found in inputs if step.type == LOCAL_ARTIFACT}
    for step, found in inputs:
        if is_seldon_deployment(step):
            metadata = found.get("metadata") or {}
            yield f"{metadata.get('namespace') or 'default'}/{metadata.get('name')}", of_manifest(found)
        elif step.type == LOCAL_ROUTE:
            yield f"{found.get('namespace')}/{found.get('name')}", of_local(found, artifacts)


def of_manifest(manifest: Mapping[str, Any]) -> Route:
    """Read the route of a SeldonDeployment's manifest."""
    listed = (manifest.get("spec") or {}).get("predictors") or ()
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    predictors = {str(each.get("name")): _side(each, listed) for each in listed}
    return Route(predictors, annotations.get(STICKY_HEADER))


def of_local(route: Mapping[str, Any], artifacts: Mapping[str, Mapping[str, Any]]) -> Route:
    """Read a route of this machine.

    Args:
        route: the inputs of ``seldon:local:Route``.
        artifacts: inputs of all artifacts by name, DEPLOYMENT.PREDICTOR.NODE.WHAT.
    """
    predictors = {
        str(each["name"]): Side(
            _percent(each.get("weight")),
            each.get("shadow") is True,
            tuple(_of_artifacts(f"{route.get('name')}.{each['name']}.", artifacts)),
        )
        for each in route.get("predictors") or ()
    }
    return Route(predictors, route.get("stickyHeader"))


def _of_artifacts(prefix: str, artifacts: Mapping[str, Mapping[str, Any]]) -> Iterator[ModelVersion]:
    for name in sorted(artifacts):
        if name.startswith(prefix):
            node, _, _ = name.removeprefix(prefix).rpartition(".")
            found = artifacts[name]
            yield ModelVersion(node, _text(found.get("uri")), _text(found.get("digest")))


def _side(predictor: Mapping[str, Any], all_: Sequence[Mapping[str, Any]]) -> Side:
    shadow = predictor.get("shadow") is True
    others = (each for each in all_ if each is not predictor)
    alone = shadow or all(each.get("shadow") is True for each in others)
    share = predictor.get("traffic")
    return Side(_percent((ALL if alone else 0) if share is None else share), shadow, tuple(_of_graph(predictor)))


def _of_graph(predictor: Mapping[str, Any]) -> Iterator[ModelVersion]:
    images = _images(predictor)
    for unit in _units(predictor.get("graph") or {}):
        node = str(unit.get("name"))
        uri, image = _text(unit.get("modelUri")), images.get(node, "")
        if uri or image:
            yield ModelVersion(node, uri, image=image)
    explainer = predictor.get("explainer") or {}
    if uri := _text(explainer.get("modelUri")):
        yield ModelVersion("explainer", uri)


def _images(predictor: Mapping[str, Any]) -> dict[str, str]:
    specs = (each.get("spec") or {} for each in predictor.get("componentSpecs") or ())
    return {str(it.get("name")): _text(it.get("image")) for spec in specs for it in spec.get("containers") or ()}


def _units(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [root]
    while waiting:
        unit = waiting.pop()
        yield unit
        waiting.extend(reversed(unit.get("children") or ()))


def _percent(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return KNOWN_LATER if value == UNKNOWN else str(value or "")
