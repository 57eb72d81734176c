"""Models whose contents are others than when their stack was applied, as the plugin's record of them tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seldon_infra.core.changes import Change, JsonValue
from seldon_infra.drift.events import Step
from seldon_infra.drift.objects import Subject
from seldon_infra.graph.render_pods import DIGEST_MARK

TYPE = "seldon:cluster:ModelContents"


def changed_models(step: Step) -> Iterator[tuple[Subject, str, Change]]:
    """Give each model of a record whose contents differ, what of it, and how."""
    olds, news = dict(_models(step.old)), dict(_models(step.new))
    for name, old in olds.items():
        new = news.get(name, {})
        if old.get("uri") == new.get("uri") and old.get("digest") != new.get("digest"):
            change = Change(("content",), old.get("digest"), new.get("digest"))
            yield Subject("Model", name, urn=step.urn), f"content of {old.get('uri')}", change


def is_digest_of(change: Change, digests: frozenset[JsonValue]) -> bool:
    """Tell whether a change is that of a pod's annotation to one of some digests."""
    return str(change.path[-1]).startswith(f"{DIGEST_MARK}/") and isinstance(change.new, str) and change.new in digests


def _models(inputs: Mapping[str, JsonValue]) -> Iterator[tuple[str, Mapping[str, JsonValue]]]:
    groups = inputs.get("models")
    for group, models in groups.items() if isinstance(groups, Mapping) else ():
        for place, content in models.items() if isinstance(models, Mapping) else ():
            if isinstance(content, Mapping):
                yield f"{group}/{place}", content
