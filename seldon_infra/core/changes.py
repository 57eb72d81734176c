"""What differs between two plain objects, field by field, with secrets kept hidden.

Lists of named things, such as containers or predictors, are compared by name, so that one more of them does not make
all the others look changed. Where the engine has hidden a value, nothing that may be that value is shown either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeGuard, TypeVar

from seldon_infra.core.problems import HIDDEN
from seldon_infra.core.quantity import parse_quantity

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""Plain data as the engine's events have it."""

AMOUNTS = frozenset({"limits", "requests"})
"""Mappings of amounts: the API server writes ``0.5`` as ``500m``, which is no change."""


class Action(StrEnum):
    """What happens to an object as a whole."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Missing(StrEnum):
    """Stands where one side has no such field; no value of a field is one."""

    MISSING = "(nothing)"


MISSING = Missing.MISSING


@dataclass(frozen=True)
class Named:
    """A part of a path: the item of that name in a list."""

    name: str


Part: TypeAlias = str | int | Named
Path: TypeAlias = tuple[Part, ...]
P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Change:
    """One field that has another value."""

    path: Path
    old: JsonValue
    new: JsonValue

    @property
    def field(self) -> str:
        """The field as people write it: ``spec.predictors[main].traffic``."""
        return field_text(self.path)


def field_text(path: Path) -> str:
    """Write a path.

    >>> field_text(("metadata", "labels", "a.b/c", Named("main"), 0))
    'metadata.labels["a.b/c"][main][0]'
    """
    return "".join(map(_part_text, path)).removeprefix(".")


def _part_text(part: Part) -> str:
    match part:
        case Named(name=name):
            return f"[{name}]"
        case int():
            return f"[{part}]"
    return f".{part}" if part.replace("_", "").replace("-", "").isalnum() else f"[{json.dumps(part)}]"


def changes(old: JsonValue, new: JsonValue, path: Path = ()) -> Iterator[Change]:
    """Find every field that differs, the deepest that can be named."""
    guarded = _holds_secrets(old) or _holds_secrets(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _among(old, new, path, guarded)
    elif _is_list(old) and _is_list(new):
        yield from _among(_keyed(old, new), _keyed(new, old), path, guarded)
    elif HIDDEN in (old, new) and old != new:
        yield _hidden(Change(path, old, new))
    elif not _is_same(old, new, path):
        yield Change(path, old, new)


def _among(old: Mapping[P, JsonValue], new: Mapping[P, JsonValue], path: Path, guarded: bool) -> Iterator[Change]:
    """Compare items by their keys; among hidden values a new one may be a secret under another name."""
    for key in {**old, **new}:
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        for change in changes(before, after, (*path, key)):
            yield _hidden(change) if guarded and MISSING in (before, after) else change


def _hidden(change: Change) -> Change:
    old, new = (side if side is MISSING else HIDDEN for side in (change.old, change.new))
    return Change(change.path, old, new)


def _is_same(old: JsonValue, new: JsonValue, path: Path) -> bool:
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return True
    if len(path) > 1 and path[-2] in AMOUNTS and isinstance(old, str | int | float) and isinstance(new, str):
        amount = parse_quantity(old)
        return amount is not None and amount == parse_quantity(new)
    return False


def _is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _keyed(items: Sequence[JsonValue], others: Sequence[JsonValue]) -> dict[Part, JsonValue]:
    """Key a list's items by name where all of both lists have one of their own, else by position."""
    names = names_of(items)
    parts: Sequence[Part] = range(len(items)) if names is None or names_of(others) is None else names
    return dict(zip(parts, items, strict=True))


def value_at(value: JsonValue, path: Path) -> JsonValue:
    """Give what is at a path, MISSING where nothing is.

    >>> value_at({"a": [1, {"b": 2}]}, ("a", 1, "b"))
    2
    """
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(str(part), MISSING)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            value = _item(value, part)
        else:
            return MISSING
    return value


def _item(items: Sequence[JsonValue], part: Part) -> JsonValue:
    if isinstance(part, int):
        return items[part] if part < len(items) else MISSING
    return next((it for it in items if isinstance(it, Mapping) and Named(str(it.get("name"))) == part), MISSING)


def names_of(items: Sequence[JsonValue]) -> list[Named] | None:
    """Give the names of a list's items, None where they do not all have one of their own."""
    names = [Named(str(item["name"])) for item in items if isinstance(item, Mapping) and "name" in item]
    return names if len(names) == len(items) == len(set(names)) else None


def _holds_secrets(value: JsonValue) -> bool:
    """Tell whether values right in here are hidden, also those of a list's items."""
    items: Sequence[JsonValue] = (
        list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, Sequence) else ()
    )
    return HIDDEN in items or any(isinstance(item, Mapping) and HIDDEN in item.values() for item in items)
