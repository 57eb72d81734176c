"""Models of a registry on a cluster: pods fetch from stores alone, so a preview asks which version it is and where.

What the registry said last is kept with what was seen of the files, and counts wherever the registry cannot be asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.mlflow_registry import Registered, Version
from seldon_infra.artifacts.source import scheme_of
from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from seldon_infra.artifacts.source import Settings
    from seldon_infra.targets.wanted_models import WantedModel

SCHEME = "models"
_OPEN = frozenset({"gs", "https", "http"})
"""Schemes that Seldon's image fetches from without being told how."""


def ask(uri: str, settings: Settings | None) -> Registered:
    """Ask a registry; raises what a listing does."""
    return Version(uri, settings or {}).registered()


def unfetched(model: WantedModel, uri: str, found: Registered, stores: Sequence[Settings]) -> list[Problem]:
    """Give the problem of a version whose files no pod can fetch."""
    scheme = scheme_of(found.place)
    mlflow = next((each for each in stores if each["scheme"] == SCHEME), {})
    known = {each["scheme"] for each in stores} | {(mlflow.get("artifacts") or {}).get("scheme")} | _OPEN
    if scheme in known - {SCHEME, None}:
        return []
    got = f"model_uri '{uri}' is version {found.version}, whose files are at {shown(found.place)}"
    if scheme in ("s3", "gs", "azure"):
        fix = f"write MlflowStorage(artifacts={'Gcs' if scheme == 'gs' else 'S3'}Storage(…))"
        return [Problem(model.path, got, "must be in a store that pods have credentials for", fix)]
    want = "must be in a store that pods fetch from"
    return [Problem(model.path, got, want, "keep the registry's artifacts in S3 or Google's store")]


def come_late(model: WantedModel, uri: str) -> list[Problem]:
    """Give the problem of a URI of a registry that only another resource has told: a manifest was written by then."""
    if scheme_of(uri) != SCHEME:
        return []
    want, fix = "must be known when the program begins", "write it as text, or as a setting of the stack"
    return [Problem(model.path, f"model_uri '{uri}' comes from another resource", want, fix)]


def replaced(value: Any, places: Mapping[str, pulumi.Output[str]]) -> Any:
    """Give a part of a manifest with the places of files where it says URIs of a registry."""
    if isinstance(value, str):
        return places.get(value, value)
    if isinstance(value, Mapping):
        return {key: replaced(item, places) for key, item in value.items()}
    return [replaced(item, places) for item in value] if isinstance(value, list | tuple) else value


def place_of(path: str, uri: str, seen: Mapping[str, Any] | None) -> Any:
    """Give where files are, as it is known; in a preview it may be unknown, and an `up` must know it."""
    if seen and seen.get("source"):
        return seen["source"]
    if pulumi.runtime.is_dry_run():
        return pulumi.output.UNKNOWN
    problem = Problem(
        path, f"model_uri '{uri}' is at no known place", "must be asked of its registry once", "run it where it answers"
    )
    raise pulumi.RunError(str(problem))
