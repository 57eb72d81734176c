"""Triton's ``config.pbtxt`` files as the typed Python that writes them again: what `seldon-infra import` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import title
from seldon_infra.core.source import names_in, source
from seldon_infra.servers.triton.check import model_problems, repository_problems
from seldon_infra.servers.triton.repository import TritonRepository
from seldon_infra.servers.triton.spec import TritonModel
from seldon_infra.servers.triton.text import read_config_pbtxt

if TYPE_CHECKING:
    from collections.abc import Callable

    from seldon_infra.core.problems import Problem
    from seldon_infra.servers.triton.spec import TritonEnsemble

SUFFIX = ".pbtxt"


def read_models(files: Sequence[str], read: Callable[[str], str]) -> list[TritonModel | TritonEnsemble]:
    """Read configurations; one without a name is called as its folder, as Triton does.

    Raises:
        InvalidSpec: what is wrong with all of the files.
    """
    found: list[TritonModel | TritonEnsemble] = []
    problems: list[Problem] = []
    for file in files:
        try:
            model = read_config_pbtxt(read(file), file)
        except InvalidSpec as error:
            problems += error.problems
        else:
            found.append(model if model.name else model.model_copy(update={"name": _folder(file)}))
    if problems:
        raise InvalidSpec(problems)
    return found


def module(models: Sequence[TritonModel | TritonEnsemble], variables: Sequence[str]) -> str:
    """Write a module that holds models, and the repository that several of them are."""
    kinds = {"TritonRepository"} if len(models) > 1 else set()
    imports = "\n".join(f"    {name}," for name in sorted(kinds.union(*map(names_in, models))))
    values = "\n\n".join(f"{name} = {source(each)}" for name, each in zip(variables, models, strict=True))
    text = f"from seldon_infra.triton import (\n{imports}\n)\n\n{values}\n"
    return text + (f"\nrepository = TritonRepository(models=({', '.join(variables)}))\n" if len(models) > 1 else "")


def refused(models: Sequence[TritonModel | TritonEnsemble]) -> Iterator[str]:
    """Say which rules a preview would find broken; of an ensemble alone nothing is known."""
    problems: Iterator[Problem] = iter(())
    if len(models) > 1:
        problems = repository_problems("repository", TritonRepository(models=models))
    elif isinstance(models[0], TritonModel):
        problems = model_problems(title(models[0]), models[0])
    yield from (f"a preview will refuse this: {problem}" for problem in problems)


def _folder(file: str) -> str | None:
    return Path(file).resolve().parent.name or None
