"""``seldon:cluster:ModelContents``: what stores held of a stack's models, kept until somebody sees other contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.provider.framework import Context, Created, Failed, Instance, Resource
from seldon_infra.resources.cluster_model_contents import (
    MODEL_CONTENTS,
    ModelContent,
    ModelContentsInputs,
    ModelContentsOutputs,
)
from seldon_infra.resources.model import UNKNOWN


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
        # Only a refresh looks, and every preview waits until this module is loaded.
        from seldon_infra.provider.cluster.stores_now import seen_now

        models = seen_now(last.inputs, context)
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
        place: content if content is UNKNOWN else later(last.get(place), content) for place, content in found.items()
    }


def later(last: ModelContent | None, found: ModelContent) -> ModelContent:
    """Give what is known of a model: the same files are the same contents, however their digest was made."""
    if last is None or last.uri != found.uri:
        return found
    if found.source is not None and found.source != last.source:
        return found
    same = found.listing == last.listing or found.digest == last.digest
    return last if found.listing is None or (last.digest is not None and same) else found
