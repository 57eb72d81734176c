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


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], replace_on: Iterable[str] | None, sets: Iterable[str] = ()
) -> list[Difference]:
    """Every property that differs, the deepest that can be named.

    Args:
        old: the inputs in the state.
        new: those that a program declares.
        replace_on: inputs whose change needs a new object, by Python names, dotted for a nested field; None is any.
        sets: lists, named so too, in which what both sides have is no difference, wherever it stands.
    """
    roots = None if replace_on is None else list(map(_wire, replace_on))
    found = _walk((), old, new, frozenset(map(_wire, sets)))
    return [Difference(path, kind, _replaces(path, roots)) for path, kind in found]


def _wire(name: str) -> tuple[str, ...]:
    return tuple(map(to_camel, name.split(".")))


def _replaces(path: Path, roots: list[tuple[str, ...]] | None) -> bool:
    if roots is None:
        return True
    named = _named(path)
    return any(root[: len(named)] == named[: len(root)] for root in roots)


def _named(path: Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))


def _walk(path: Path, old: Any, new: Any, sets: frozenset[tuple[str, ...]]) -> Iterator[tuple[Path, Kind]]:
    if old is _ABSENT:
        yield path, Kind.ADD
    elif new is _ABSENT:
        yield path, Kind.DELETE
    elif _both(old, new, Mapping) or _both(old, new, (list, tuple)):
        before, after = dict(children(old)), dict(children(new))
        if _named(path) in sets and isinstance(old, (list, tuple)):
            _leave_out_same(before, after)
        for step in dict.fromkeys([*before, *after]):
            yield from _walk((*path, step), before.get(step, _ABSENT), after.get(step, _ABSENT), sets)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, Kind.UPDATE


def _leave_out_same(before: dict[str | int, Any], after: dict[str | int, Any]) -> None:
    """Take out the items that both have."""
    for place, item in list(before.items()):
        same = next((it for it, other in after.items() if other == item), None)
        if same is not None:
            del before[place], after[same]


def _both(old: Any, new: Any, kinds: Any) -> bool:
    return isinstance(old, kinds) and isinstance(new, kinds)
