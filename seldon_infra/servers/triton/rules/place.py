"""Where a rule looks: a model or an ensemble, and how messages name it and its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from seldon_infra.core.bounds import below
from seldon_infra.core.problems import Problem
from seldon_infra.servers.triton.spec import TritonEnsemble, TritonModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

M = TypeVar("M", bound=TritonModel | TritonEnsemble)
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
"""A name that leads nowhere else."""


def meant(name: str, there: Sequence[str]) -> str:
    """Say what to write instead of a name that nothing has: the nearest one that there is, else all of them."""
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(name, there, n=1)
    if near:
        return f"write {near[0]}"
    return f"there are: {', '.join(there)}" if there else "there is none yet"


@dataclass(frozen=True)
class At(Generic[M]):
    """A model or an ensemble, inside an object of the user's."""

    path: str
    """The object in the user's words."""
    field: str
    """The object's field that holds it, with a dot, or nothing where ``path`` names it."""
    model: M

    def wrong(self, got: str, want: str, fix: str) -> Problem:
        """Word a problem with one of its fields, by which ``got`` begins."""
        return Problem(self.path, f"{self.field}{got}", want, fix)

    def below(self, name: str, value: int | float, least: int) -> Iterator[Problem]:
        """Refuse a number below the least that makes sense."""
        return below(self.path, f"{self.field}{name}", value, least)

    def batch_sizes(self, name: str, sizes: Sequence[int]) -> Iterator[Problem]:
        """Refuse batch sizes that the model cannot have."""
        most = self.model.max_batch_size
        wrong = [size for size in sizes if not 1 <= size <= most]
        if wrong:
            want, fix = f"must be from 1 to max_batch_size {most}", f"remove {wrong[0]} or raise max_batch_size"
            yield self.wrong(f"{name} {list(sizes)}", want, fix)
