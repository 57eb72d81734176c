"""The difference between the inputs in the state and those that a program now declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic.alias_generators import to_camel

from seldon_infra.provider.values import Path, children

_ABSENT = object()


class Kind(Enum):
    """What happened to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One property that differs, and whether that needs a new object."""

    path: Path
    kind: Kind
    replaces: bool


def differences(old: Mapping[str, Any], new: Mapping[str, Any], replace_on: Iterable[str] | None) -> list[Difference]:
    """Every property that differs, deepest paths first named; `replace_on` None means that any change replaces."""
    roots = None if replace_on is None else [tuple(map(to_camel, name.split("."))) for name in replace_on]
    return [Difference(path, kind, _replaces(path, roots)) for path, kind in _walk((), old, new)]


def _replaces(path: Path, roots: list[tuple[str, ...]] | None) -> bool:
    if roots is None:
        return True
    named = tuple(step for step in path if isinstance(step, str))
    return any(root[: len(named)] == named[: len(root)] for root in roots)


def _walk(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Kind]]:
    if old is _ABSENT:
        yield path, Kind.ADD
    elif new is _ABSENT:
        yield path, Kind.DELETE
    elif _both(old, new, Mapping) or _both(old, new, (list, tuple)):
        before, after = dict(children(old)), dict(children(new))
        for step in dict.fromkeys([*before, *after]):
            yield from _walk((*path, step), before.get(step, _ABSENT), after.get(step, _ABSENT))
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, Kind.UPDATE


def _both(old: Any, new: Any, kinds: Any) -> bool:
    return isinstance(old, kinds) and isinstance(new, kinds)
