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
from seldon_infra.core.model import is_later
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
VERSION_MARK = "model-version.seldon-infra"
"""Prefix of the annotations that hold versions of a registry."""
NAME = "models"
"""The resource's name: a stack has one for all its models."""


class Contents:
    """What is known of the contents of a stack's models."""

    def __init__(self, looks: Mapping[str, Looked], rolls: bool, made: Any = None) -> None:
        self._looks, self._rolls, self._made = looks, rolls, made

    def judged(self, name: str) -> Gate | None:
        """Give what comes once the models of a deployment or a model server have been looked at."""
        return self._looks[name].judged

    def of_deployment(self, deployment: SeldonDeployment, manifest: Manifest) -> Manifest:
        """Give a SeldonDeployment's manifest with the digests of contents at its pods, and files where they are.

        The operator's own pods, where it decides about them, have no place for a digest; nor has an explainer's.
        """
        looked = self._looks[deployment.name]
        if self._made is None or not looked.watched:
            return manifest
        seen, spec = self._of(deployment.name), manifest["spec"]
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
        seen: pulumi.Output[Mapping[str, Any]],
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

    def _placed(
        self, looked: Looked, name: str, predictor: Manifest, seen: pulumi.Output[Mapping[str, Any]]
    ) -> Manifest:
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
        if self._made is None or CONTAINER not in self._looks[name].rolled:
            return objects
        deployment = objects["Deployment"]
        spec = deployment["spec"]
        metadata = self._metadata(name, spec["template"].get("metadata"), {CONTAINER: CONTAINER}, self._of(name))
        template = {**spec["template"], "metadata": metadata}
        return {**objects, "Deployment": {**deployment, "spec": {**spec, "template": template}}}

    def _metadata(
        self, name: str, said: Any, places: Mapping[str, str], seen: pulumi.Output[Mapping[str, Any]]
    ) -> pulumi.Output[Manifest | None]:
        """Give a pod's metadata with the digests and versions of its models."""
        looked = self._looks[name]
        rolled = {node: place for node, place in places.items() if place in looked.rolled and self._rolls}
        marks = {f"{DIGEST_MARK}/{node}": (place, "digest") for node, place in rolled.items()}
        named = {node: place for node, place in places.items() if is_registered(looked.watched[place])}
        marks |= {f"{VERSION_MARK}/{node}": (place, "version") for node, place in named.items()}
        if _has_later(said):
            return pulumi.Output.all(said, seen).apply(lambda come: _annotated(come[0], marks, come[1]))
        return seen.apply(lambda contents: _annotated(said, marks, contents))

    def _of(self, name: str) -> pulumi.Output[Mapping[str, Any]]:
        found: pulumi.Output[Mapping[str, Any]] = self._made.models.apply(itemgetter(name))
        return found


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
    looks |= {it.name: looked_at(it.name, [*models_of_server(it)], (), place, urn_of) for it in model_servers}
    rolls = place.target.changed_models == "roll"
    watched = {name: looked for name, looked in looks.items() if _is_kept(looked, rolls)}
    if not watched:
        return Contents(looks, rolls)
    stores = {it.name: [*map(store_settings, it.storage)] for it in deployments if it.name in watched and it.storage}
    made = MODEL_CONTENTS.register(
        NAME,
        opts,
        models={name: looked.contents for name, looked in watched.items()},
        stores=pulumi.Output.secret(stores),
        most=int(parse_quantity(place.target.judged_up_to) or 0),
    )
    return Contents(looks, rolls, made)


def _is_kept(looked: Looked, rolls: bool) -> bool:
    """Whether anything of what a look gives is kept: contents that roll pods, and what a registry has said."""
    return bool(looked.rolled) if rolls else any(map(is_registered, looked.watched.values()))


def _place_in(path: str, uri: str, place: str, seen: Mapping[str, Any]) -> Any:
    return place_of(path, uri, seen.get(place))


def _annotated(said: Any, marks: Mapping[str, tuple[str, str]], contents: Mapping[str, Any]) -> Manifest | None:
    """Give a pod's metadata with what was seen; where there is nothing to say it is absent, as it is without it."""
    found = {mark: (contents.get(place) or {}).get(what) for mark, (place, what) in marks.items()}
    known = {mark: value for mark, value in found.items() if value}
    whole: Manifest = said or {}
    if not known:
        return said or None
    return {**whole, "annotations": {**whole.get("annotations", {}), **known}}


def _has_later(value: Any) -> bool:
    return is_later(value) or (isinstance(value, Mapping) and any(map(_has_later, value.values())))
