"""``seldon:cluster:ModelContents``: what stores held of a stack's models, kept until somebody sees other contents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.contents import contents_of
from seldon_infra.artifacts.fetch import listed
from seldon_infra.artifacts.render import settings_for
from seldon_infra.artifacts.source import Listed
from seldon_infra.clusters.in_time import in_time
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.paths import cache_dir
from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.resources.cluster_model_contents import (
    MODEL_CONTENTS,
    ModelContent,
    ModelContentsInputs,
    ModelContentsOutputs,
)
from seldon_infra.resources.model import UNKNOWN

SECONDS = 20.0
"""How long stores may take to list all models."""
_Models = dict[str, dict[str, ModelContent]]


class ModelContents(Resource[ModelContentsInputs, ModelContentsOutputs]):
    """The models of a stack on a cluster whose contents nobody has pinned."""

    type = MODEL_CONTENTS
    reads_first = False
    timeout = 3600.0

    def keep(self, last: ModelContentsInputs, inputs: ModelContentsInputs) -> ModelContentsInputs:
        """Keep what was seen last of each model of which nobody has seen other contents."""
        kept: Any = inputs.models
        if kept is not UNKNOWN:
            kept = {name: _kept(last.models.get(name, {}), found) for name, found in kept.items()}
        return inputs.model_copy(update={"models": kept})

    def create(self, inputs: ModelContentsInputs, context: Context) -> Created[ModelContentsOutputs]:
        """Note what was seen."""
        return Created(context.name, ModelContentsOutputs(models=inputs.models))

    def read(
        self, id: str, last: Instance[ModelContentsInputs, ModelContentsOutputs] | None, context: Context
    ) -> Instance[ModelContentsInputs, ModelContentsOutputs] | None:
        """What the stores hold now."""
        if last is None:
            raise Failed("what stores held cannot be imported; declare the models, and it is noted")
        models = _seen_now(last.inputs, context)
        return Instance(id, last.inputs.model_copy(update={"models": models}), ModelContentsOutputs(models=models))

    def update(
        self,
        id: str,
        last: Instance[ModelContentsInputs, ModelContentsOutputs],
        inputs: ModelContentsInputs,
        context: Context,
    ) -> ModelContentsOutputs:
        """Note what was seen since."""
        return ModelContentsOutputs(models=inputs.models)


def _kept(last: Mapping[str, ModelContent], found: Any) -> Any:
    if found is UNKNOWN:
        return found
    return {
        place: content if content is UNKNOWN else _later(last.get(place), content) for place, content in found.items()
    }


def _later(last: ModelContent | None, found: ModelContent) -> ModelContent:
    """Give what is known of a model: the same files are the same contents, however their digest was made."""
    if last is None or last.uri != found.uri:
        return found
    if found.source is not None and found.source != last.source:
        return found
    same = found.listing == last.listing or found.digest == last.digest
    return last if found.listing is None or (last.digest is not None and same) else found


def _seen_now(inputs: ModelContentsInputs, context: Context) -> _Models:
    """Look at every model that was seen before, and say of which that cannot be done."""
    known = {
        (name, place): content
        for name, contents in inputs.models.items()
        for place, content in contents.items()
        if content.listing is not None
    }
    asked = {
        (name, place): partial(listed, content.uri, settings_for(content.uri, inputs.stores.get(name, [])))
        for (name, place), content in known.items()
    }
    answers = in_time(asked, min(SECONDS, context.remaining()))
    models = {name: dict(contents) for name, contents in inputs.models.items()}
    for (name, place), content in known.items():
        models[name][place] = _now(f"{name}/{place}", content, answers[name, place], inputs.most, context)
    return models


def _now(name: str, last: ModelContent, there: Listed | Exception, most: int, context: Context) -> ModelContent:
    try:
        if isinstance(there, Exception):
            raise there
        if there.digest == last.listing:
            return last
        seen = {"listing": there.digest, "digest": contents_of(there, cache_dir(), most)}
        return _later(last, last.model_copy(update=seen))
    except TimeoutError:
        context.warn(f"model '{name}': '{shown(last.uri)}' gave no answer within {SECONDS:g} s; it counts as unchanged")
    except SeldonInfraError as error:
        context.warn(f"model '{name}': {error}; it counts as unchanged")
    return last
