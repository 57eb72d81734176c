"""All rules about Triton's models: what Triton says at start, said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.bounds import used_twice
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.servers.triton.rules import batching, ensemble, model, tensors
from seldon_infra.servers.triton.rules.place import FILE_NAME, At
from seldon_infra.servers.triton.spec import TritonEnsemble, TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.servers.triton.repository import TritonRepository


def model_problems(path: str, config: TritonModel, field: str = "") -> Iterator[Problem]:
    """Give what is wrong with a model's configuration.

    Args:
        path: the object in the user's words.
        config: the configuration.
        field: the object's field that holds it, with a dot: ``config.``; nothing where ``path`` names it.
    """
    at = At(path, field, config)
    for rule in (*model.RULES, *batching.RULES):
        yield from rule(at)
    yield from _of_both(at)


def repository_problems(path: str, repository: TritonRepository) -> Iterator[Problem]:
    """Give what is wrong with a repository: with each of its models, and between them."""
    names = [one.name for one in repository.models if one.name]
    if not repository.models:
        yield Problem(path, "repository.models is empty", "must name at least one", "write models=[TritonModel(…)]")
    for name in used_twice(names):
        yield Problem(path, f"repository.models names '{name}' twice", "must be unique", "rename one of them")
    for one in repository.models:
        if not one.name or not FILE_NAME.match(one.name):
            got = f"name {one.name!r} of a model in repository.models"
            yield Problem(path, got, "must be the name of a folder", "write TritonModel(name=…)")
        inner = f"{path}{ARROW}{title(one)}"
        if isinstance(one, TritonModel):
            yield from model_problems(inner, one)
        else:
            at = At(inner, "", one)
            yield from _of_both(at)
            yield from ensemble.ensemble(at, repository)
    yield from _circle(path, repository)


def _of_both(at: At[TritonModel] | At[TritonEnsemble]) -> Iterator[Problem]:
    for rule in (model.numbers, *tensors.RULES):
        yield from rule(at)


def _circle(path: str, repository: TritonRepository) -> Iterator[Problem]:
    """Ensembles may hold ensembles, but none may hold itself."""
    inside = {one.name: {step.model for step in one.steps} for one in _ensembles(repository)}
    while leaves := [name for name, models in inside.items() if not models & inside.keys()]:
        inside = {name: models for name, models in inside.items() if name not in leaves}
    rest = {name: models - {name} for name, models in inside.items()}  # itself as a step is said already
    if any(models & inside.keys() for models in rest.values()):
        got = f"ensembles {', '.join(sorted(inside))} hold each other"
        yield Problem(path, got, "must end in models", "remove a step from one of them")


def _ensembles(repository: TritonRepository) -> list[TritonEnsemble]:
    return [one for one in repository.models if isinstance(one, TritonEnsemble)]
