"""Asks registries for the platforms of the images that deployments name, all at once and only for a few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from seldon_infra.artifacts.registry import platforms
from seldon_infra.clusters.facts import Skipped
from seldon_infra.clusters.in_time import in_time
from seldon_infra.core.errors import NotFound

SECONDS = 5.0


def look_up(images: Iterable[str]) -> tuple[dict[str, frozenset[str]], tuple[Skipped, ...]]:
    """Give each image's platforms, none where its registry does not have it, and what could not be asked."""
    answers = in_time({name: partial(platforms, name) for name in dict.fromkeys(images)}, SECONDS)
    known: dict[str, frozenset[str]] = {}
    skipped = []
    for name, answer in answers.items():
        if isinstance(answer, frozenset):
            known[name] = answer
        elif isinstance(answer, NotFound):
            known[name] = frozenset()
        else:
            late = f"no answer within {SECONDS:g} s"
            skipped.append(
                Skipped(f"platform of image '{name}'", late if isinstance(answer, TimeoutError) else str(answer))
            )
    return known, tuple(skipped)
