"""What the stores of a stack's models hold now, where they say it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.contents import contents_of
from seldon_infra.artifacts.fetch import listed
from seldon_infra.artifacts.render import settings_for
from seldon_infra.clusters.in_time import in_time
from seldon_infra.core.paths import cache_dir
from seldon_infra.provider.cluster.model_contents import later
from seldon_infra.provider.lifecycle import describe

if TYPE_CHECKING:
    from seldon_infra.artifacts.source import Listed
    from seldon_infra.provider.framework import Context
    from seldon_infra.resources.cluster_model_contents import ModelContent, ModelContentsInputs

SECONDS = 20.0
"""How long stores may take to list all models."""


def seen_now(inputs: ModelContentsInputs, context: Context) -> dict[str, dict[str, ModelContent]]:
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
        return later(last, last.model_copy(update=seen))
    except TimeoutError:
        why = f"'{shown(last.uri)}' gave no answer within {SECONDS:g} s"
    except Exception as error:
        # Whatever a store does, it is no change of the stack, and no reason to tell nothing of all the others.
        why = describe(error)
    context.warn(f"model '{name}': {why}; it counts as unchanged")
    return last
