"""Changed contents under an unchanged URI: what was seen of them is kept in the state, and is an annotation of pods.

Whoever can look says what is there; whoever cannot says nothing, and the state's stays. So other contents are a change
of the pods, and a store that gives no answer is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from seldon_infra.targets.model_files import looked_at
from seldon_infra.targets.platform_check import unverified
from seldon_infra.targets.wanted_models import models_of, models_of_server

if TYPE_CHECKING:
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.later import Gate
    from seldon_infra.targets.model_files import Looked, Place
    from seldon_infra.targets.subject import UrnOf

Manifest = Mapping[str, Any]
NAME = "models"
"""The resource's name: a stack has one for all its models."""


class Contents:
    """What is known of the contents of a stack's models."""

    def __init__(self, looks: Mapping[str, Looked], made: Any = None) -> None:
        self._looks, self._made = looks, made

    def judged(self, name: str) -> Gate | None:
        """Give what comes once the models of a deployment or a model server have been looked at."""
        return self._looks[name].judged

    def of_deployment(self, deployment: SeldonDeployment, manifest: Manifest) -> Manifest:
        """Give a SeldonDeployment's manifest with the digests of contents at its pods.

        The operator's own pods, where it decides about them, have no place for it; nor has an explainer's.
        """
        watched = self._looks[deployment.name].watched
        if self._made is None or deployment.pod_defaults == "operator" or not watched:
            return manifest
        seen, spec = self._of(deployment.name), manifest["spec"]
        made = []
        for predictor, declared in zip(spec["predictors"], deployment.predictors, strict=True):
            pods = []
            for pod, inside in zip(predictor.get("componentSpecs", ()), pod_nodes(declared), strict=True):
                places = {node.name: f"{declared.name}/{node.name}" for node in inside}
                known = {name: place for name, place in places.items() if place in watched}
                pods.append({**pod, "metadata": _metadata(pod.get("metadata"), known, seen)} if known else pod)
            made.append({**predictor, "componentSpecs": pods} if pods else predictor)
        return {**manifest, "spec": {**spec, "predictors": made}}

    def of_server(self, name: str, objects: Mapping[str, Manifest]) -> Mapping[str, Manifest]:
        """Give a model server's objects with the digest of its contents at its pods."""
        if self._made is None or CONTAINER not in self._looks[name].watched:
            return objects
        deployment = objects["Deployment"]
        spec = deployment["spec"]
        metadata = _metadata(spec["template"].get("metadata"), {CONTAINER: CONTAINER}, self._of(name))
        template = {**spec["template"], "metadata": metadata}
        return {**objects, "Deployment": {**deployment, "spec": {**spec, "template": template}}}

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
    watched = [name for name, looked in looks.items() if looked.watched]
    if place.target.changed_models == "ignore" or not watched:
        return Contents(looks)
    stores = {it.name: [*map(store_settings, it.storage)] for it in deployments if it.name in watched and it.storage}
    made = MODEL_CONTENTS.register(
        NAME,
        opts,
        models={name: looks[name].contents for name in watched},
        stores=pulumi.Output.secret(stores),
        most=int(parse_quantity(place.target.judged_up_to) or 0),
    )
    return Contents(looks, made)


def _metadata(
    said: Any, places: Mapping[str, str], seen: pulumi.Output[Mapping[str, Any]]
) -> pulumi.Output[Manifest | None]:
    """Give a pod's metadata with digests; where there is nothing to say it is absent, as it is without them."""
    if _has_later(said):
        return pulumi.Output.all(said, seen).apply(lambda come: _annotated(come[0], places, come[1]))
    return seen.apply(lambda contents: _annotated(said, places, contents))


def _annotated(said: Any, places: Mapping[str, str], contents: Mapping[str, Any]) -> Manifest | None:
    found = {f"{DIGEST_MARK}/{name}": (contents.get(place) or {}).get("digest") for name, place in places.items()}
    digests = {mark: digest for mark, digest in found.items() if digest}
    whole: Manifest = said or {}
    if not digests:
        return said or None
    return {**whole, "annotations": {**whole.get("annotations", {}), **digests}}


def _has_later(value: Any) -> bool:
    return is_later(value) or (isinstance(value, Mapping) and any(map(_has_later, value.values())))
