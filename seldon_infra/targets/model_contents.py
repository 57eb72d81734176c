"""Changed contents under an unchanged URI: what was seen of them is kept in the state, and is an annotation of pods.

Whoever can look says what is there; whoever cannot says nothing, and the state's stays. So other contents are a change
of the pods, and a store that gives no answer is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.artifacts.render import store_settings
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import has_later
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.render_pods import DIGEST_MARK, pod_nodes
from seldon_infra.model_server.check import CONTAINER
from seldon_infra.resources.cluster_model_contents import MODEL_CONTENTS
from seldon_infra.targets.model_files import is_registered, looked_at
from seldon_infra.targets.platform_check import unverified
from seldon_infra.targets.registered_models import place_of, replaced
from seldon_infra.targets.wanted_models import models_of, models_of_server

if TYPE_CHECKING:
    from seldon_infra.graph.spec import Predictor, SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.later import Gate
    from seldon_infra.targets.model_files import Looked, Place
    from seldon_infra.targets.subject import UrnOf

Manifest = Mapping[str, Any]
Seen = Mapping[str, Mapping[str, Any]]
"""What was seen of the models of a deployment or a model server, by their places."""
VERSION_MARK = "model-version.seldon-infra"
"""Prefix of the annotations that hold versions of a registry."""
NAME = "models"
"""The resource's name: a stack has one for all its models."""


class Contents:
    """What is known of the contents of a stack's models."""

    def __init__(self, looks: Mapping[str, Looked], kept: Mapping[str, pulumi.Output[Seen]]) -> None:
        self._looks, self._kept = looks, kept

    def judged(self, name: str) -> Gate | None:
        """Give what comes once the models of a deployment or a model server have been looked at."""
        return self._looks[name].judged

    def of_deployment(self, deployment: SeldonDeployment, manifest: Manifest) -> Manifest:
        """Give a SeldonDeployment's manifest with the digests of contents at its pods, and files where they are.

        The operator's own pods, where it decides about them, have no place for a digest; nor has an explainer's.
        """
        looked, seen, spec = self._looks[deployment.name], self._kept.get(deployment.name), manifest["spec"]
        if seen is None:
            return manifest
        made = [
            self._placed(looked, declared.name, self._rolled(deployment, declared, each, seen), seen)
            for each, declared in zip(spec["predictors"], deployment.predictors, strict=True)
        ]
        return {**manifest, "spec": {**spec, "predictors": made}}

    def _rolled(
        self,
        deployment: SeldonDeployment,
        declared: Predictor,
        predictor: Manifest,
        seen: pulumi.Output[Seen],
    ) -> Manifest:
        """Give a predictor whose pods have what was seen of their models."""
        watched = self._looks[deployment.name].watched
        pods = predictor.get("componentSpecs", ())
        if deployment.pod_defaults == "operator" or not pods:
            return predictor
        made = []
        for pod, inside in zip(pods, pod_nodes(declared), strict=True):
            places = {node.name: f"{declared.name}/{node.name}" for node in inside}
            known = {name: place for name, place in places.items() if place in watched}
            metadata = self._metadata(deployment.name, pod.get("metadata"), known, seen)
            made.append({**pod, "metadata": metadata} if known else pod)
        return {**predictor, "componentSpecs": made}

    def _placed(self, looked: Looked, name: str, predictor: Manifest, seen: pulumi.Output[Seen]) -> Manifest:
        """Give a predictor that says where files are, instead of what a registry calls them."""
        own = {place: it for place, it in looked.watched.items() if place.startswith((f"{name}/", f"{name},"))}
        places = {
            str(it.uri): seen.apply(partial(_place_in, it.path, str(it.uri), place))
            for place, it in own.items()
            if is_registered(it)
        }
        placed: Manifest = replaced(predictor, places) if places else predictor
        return placed

    def of_server(self, name: str, objects: Mapping[str, Manifest]) -> Mapping[str, Manifest]:
        """Give a model server's objects with the digest of its contents at its pods."""
        seen = self._kept.get(name)
        if seen is None or CONTAINER not in self._looks[name].rolled:
            return objects
        deployment = objects["Deployment"]
        spec = deployment["spec"]
        metadata = self._metadata(name, spec["template"].get("metadata"), {CONTAINER: CONTAINER}, seen)
        template = {**spec["template"], "metadata": metadata}
        return {**objects, "Deployment": {**deployment, "spec": {**spec, "template": template}}}

    def _metadata(
        self, name: str, said: Any, places: Mapping[str, str], seen: pulumi.Output[Seen]
    ) -> pulumi.Output[Manifest | None]:
        """Give a pod's metadata with the digests and versions of its models."""
        looked = self._looks[name]
        rolled = {node: place for node, place in places.items() if place in looked.rolled}
        marks = {f"{DIGEST_MARK}/{node}": (place, "digest") for node, place in rolled.items()}
        named = {node: place for node, place in places.items() if is_registered(looked.watched[place])}
        marks |= {f"{VERSION_MARK}/{node}": (place, "version") for node, place in named.items()}
        if has_later(said):
            return pulumi.Output.all(said, seen).apply(lambda come: _annotated(come[0], marks, come[1]))
        return seen.apply(lambda contents: _annotated(said, marks, contents))


def watch(
    deployments: Sequence[SeldonDeployment],
    model_servers: Sequence[ModelServer],
    place: Place,
    urn_of: UrnOf,
    opts: pulumi.ResourceOptions | None,
) -> Contents:
    """Look at all models, and declare what keeps the contents of those that are not pinned.

    Raises:
        InvalidSpec: a model server's files must be signed, and nobody looks.
    """
    unseen = [*unverified(place.target, (it for each in model_servers for it in models_of_server(each)))]
    if unseen:
        raise InvalidSpec(unseen)
    looks = {it.name: looked_at(it.name, [*models_of(it)], it.storage, place, urn_of) for it in deployments}
    looks |= {it.name: looked_at(it.name, [*models_of_server(it)], it.storage, place, urn_of) for it in model_servers}
    kept = {name: looked for name, looked in looks.items() if looked.watched}
    if not kept:
        return Contents(looks, {})
    storage = {it.name: it.storage for it in deployments} | {it.name: it.storage for it in model_servers}
    stores = {name: [*map(store_settings, storage[name])] for name in kept if storage[name]}
    made = MODEL_CONTENTS.register(
        NAME,
        opts,
        models={name: looked.contents for name, looked in kept.items()},
        stores=pulumi.Output.secret(stores),
        most=int(parse_quantity(place.target.judged_up_to) or 0),
    )
    return Contents(looks, {name: made.models.apply(itemgetter(name)) for name in kept})


def _place_in(path: str, uri: str, place: str, seen: Seen) -> Any:
    return place_of(path, uri, seen.get(place))


def _annotated(said: Any, marks: Mapping[str, tuple[str, str]], contents: Seen) -> Manifest | None:
    """Give a pod's metadata with what was seen; where there is nothing to say it is absent, as it is without it."""
    found = {mark: (contents.get(place) or {}).get(what) for mark, (place, what) in marks.items()}
    known = {mark: value for mark, value in found.items() if value}
    whole: Manifest = said or {}
    if not known:
        return said or None
    return {**whole, "annotations": {**whole.get("annotations", {}), **known}}
