"""What is wrong with a manifest, in its own paths: unknown fields with the nearest known one, wrong types, gaps."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from seldon_infra.core.problems import Problem, shown, wanted
from seldon_infra.graph import manifest as wire

PLACES: Mapping[str, type[BaseModel]] = {
    "metadata": wire.DeploymentMeta,
    "spec": wire.SeldonDeploymentSpec,
    "spec.predictors[]": wire.PredictorSpec,
    "spec.predictors[].graph": wire.PredictiveUnit,
    "spec.predictors[].componentSpecs[]": wire.SeldonPodSpec,
    "spec.predictors[].explainer": wire.Explainer,
}
"""Where fields of a manifest are, for one that stands elsewhere."""


def from_manifest_error(error: ValidationError, document: Mapping[str, Any]) -> list[Problem]:
    """Word every failure of a manifest's validation."""
    found = error.errors(include_url=False)
    return [_problem(detail, document) for detail in found]


def path_text(location: tuple[int | str, ...]) -> str:
    """Write a location as a path: ``spec.predictors[0].graph.name``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _problem(detail: Any, document: Mapping[str, Any]) -> Problem:
    location = tuple(part for part in detail["loc"] if part not in ("int", "str"))
    path = path_text(location)
    if detail["type"] == "missing":
        return Problem(path, "is not set", "must be given", _where_it_may_be(str(location[-1]), location, document))
    if detail["type"] == "extra_forbidden":
        fix = _where_it_belongs(location, document)
        return Problem(path, "is no field there", "must be one that Seldon's API has", fix)
    want = "a mapping" if detail["type"] == "model_type" else wanted(detail)
    return Problem(path, shown(detail["input"]), f"must be {want}", f"change {location[-1]}")


def _where_it_belongs(location: tuple[int | str, ...], document: Mapping[str, Any]) -> str:
    name, known = str(location[-1]), _fields_at(location[:-1])
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    if near:
        return f"write {near[0]}"
    places = [place for place, model in PLACES.items() if name in _aliases(model)]
    lacking = [place for place in places if name in _required(PLACES[place]) and _lacks(document, place, name)]
    if places:
        return f"write it under {' or '.join(lacking or places)}"
    return f"remove it; fields there are: {', '.join(known)}"


def _required(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items() if info.is_required()]


def _lacks(document: object, place: str, name: str) -> bool:
    """Tell whether a field is missing at a place, or at one of its elements."""
    found = [document]
    for part in place.split("."):
        key, listed = part.removesuffix("[]"), part.endswith("[]")
        inner = [it.get(key) for it in found if isinstance(it, Mapping)]
        found = [one for it in inner if isinstance(it, list) for one in it] if listed else inner
    return any(not isinstance(it, Mapping) or name not in it for it in found)


def _where_it_may_be(name: str, location: tuple[int | str, ...], document: Mapping[str, Any]) -> str:
    """Look for a missing field among its parents' neighbours: a common slip of indentation."""
    for depth in range(len(location) - 1):
        above = _at(document, location[:depth])
        if isinstance(above, Mapping) and name in above and name not in _fields_at(location[:depth]):
            place = path_text((*location[:depth], name))
            return f"move {place} there: indent it below {path_text(location[:-1])}"
    return f"write {name}: …"


def _at(document: object, location: tuple[int | str, ...]) -> object:
    for part in location:
        try:
            document = document[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] | None = wire.SeldonDeploymentManifest
    for part in location:
        if isinstance(part, str) and model is not None:
            model = next((_model_in(info.annotation) for info in _matching(model, part)), None)
    return _aliases(model) if model else []


def _matching(model: type[BaseModel], alias: str) -> Iterator[Any]:
    return (info for name, info in model.model_fields.items() if (info.alias or name) == alias)


def _aliases(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the manifest's type inside an annotation such as ``tuple[PredictorSpec, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in typing.get_args(annotation) if (model := _model_in(inner))), None)
