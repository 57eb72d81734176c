"""Looks whether model URIs lead somewhere, all at once and only for a few seconds.

Pods fetch models with credentials of their own, so what this machine does not see may be there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

from seldon_infra.artifacts.listing import SCHEMES
from seldon_infra.artifacts.listings import Listings, has_login
from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.artifacts.source import Listed, Settings
from seldon_infra.clusters.facts import Skipped
from seldon_infra.clusters.in_time import in_time
from seldon_infra.clusters.rules.finding import Finding, warning
from seldon_infra.core.errors import ModelNotFound
from seldon_infra.core.model import has_later, known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import nodes_in, predictors
from seldon_infra.graph.spec import SeldonDeployment

SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class Model:
    """A model that a definition names."""

    path: str
    deployment: str
    uri: str
    settings: Settings | None = None
    """Of its store, where this machine's credentials are what reads it."""


@dataclass(frozen=True)
class Seen:
    """What was found out about some models."""

    there: dict[Model, Listed]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def look_up(models: Sequence[Model], listings: Listings | None = None) -> Seen:
    """Look at every model's URI; each of them names a store."""
    asked = listings or Listings()
    answers = in_time({it: partial(asked.of, it.uri, it.settings) for it in models}, SECONDS)
    there, findings, skipped = {}, [], dict[Skipped, None]()
    for model in models:
        answer = answers[model]
        if isinstance(answer, Listed):
            there[model] = answer
        elif isinstance(answer, ModelNotFound):
            findings.append(_missing(model))
        else:
            why = f"no answer within {SECONDS:g} s" if isinstance(answer, TimeoutError) else str(answer)
            skipped[Skipped("models", why)] = None
    return Seen(there, tuple(findings), tuple(skipped))


def models_of(deployment: SeldonDeployment) -> Iterator[Model]:
    """Give the models whose URI is known and names a store that is read with this machine's credentials."""
    stores = [store_settings(each) for each in deployment.storage]
    for at in predictors(deployment):
        uris = [(inner.path, known(inner.node.model_uri)) for inner in nodes_in(at)]
        if at.predictor.explainer:
            uris.append((f"{at.path} → explainer", known(at.predictor.explainer.model_uri)))
        for path, uri in uris:
            yield from seen_from_here(path, deployment.name, uri, stores)


def seen_from_here(path: str, deployment: str, uri: str | None, stores: Sequence[Settings]) -> Iterator[Model]:
    """Give the model under a URI, where it names a store that is read with this machine's credentials."""
    settings = settings_for(uri, stores) if names_store(uri) else None
    if names_store(uri) and not has_login(settings):
        yield Model(path, deployment, uri, None if has_later(settings) else settings)


def names_store(uri: str | None) -> TypeGuard[str]:
    """Whether a URI names a store that can be looked into from here."""
    return uri is not None and "://" in uri and uri.partition("://")[0] in SCHEMES


def in_words(model: Model, listing: Listed) -> str:
    """Say what is under a model's URI."""
    files = "1 file" if len(listing.items) == 1 else f"{len(listing.items)} files"
    return f"{model.path}: '{model.uri}' is {files}, {listing.size:,} bytes, listed as {listing.digest[:19]}"


def _missing(model: Model) -> Finding:
    got, want = f"model_uri '{model.uri}' holds nothing, by the credentials of this machine", "must lead to a model"
    return warning(Problem(model.path, got, want, "upload the model, or correct the URI"), model.deployment)
