"""A typed value as the Python text that makes it: what ``seldon-infra import`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seldon_infra.core.model import Spec

WIDTH = 120
_FIRST = ("name", "server")
_INDENT = "    "


def source(value: object, indent: str = "", taken: int = 0) -> str:
    """Write a value as an expression; fields that have their default are left out.

    Args:
        value: a ``Spec``, or plain data inside one.
        indent: what stands before the line that the expression begins on.
        taken: characters of that line that are used already.
    """
    flat = _flat(value)
    if len(indent) + taken + len(flat) <= WIDTH - 1:
        return flat
    match value:
        case Spec():
            inner = indent + _INDENT
            fields = [f"{inner}{name}={source(item, inner, len(name) + 1)}," for name, item in _fields(value)]
            return "\n".join([f"{type(value).__name__}(", *fields, f"{indent})"])
        case Mapping() if value:
            inner = indent + _INDENT
            plain = _as_lists(value).items()
            items = [f"{inner}{_text(key)}: {source(item, inner, len(_text(key)) + 2)}," for key, item in plain]
            return "\n".join(["{", *items, f"{indent}}}"])
        case tuple() | list() if value:
            inner, (opening, closing) = indent + _INDENT, _brackets(value)
            return "\n".join([opening, *(f"{inner}{source(item, inner)}," for item in value), f"{indent}{closing}"])
    return flat


def names_in(value: object) -> set[str]:
    """Find the types whose names the text has."""
    inner: Iterator[object] = iter(())
    match value:
        case Spec():
            inner = (item for _, item in _fields(value))
        case Mapping():
            inner = iter(value.values())
        case tuple() | list():
            inner = iter(value)
    own = {type(value).__name__} if isinstance(value, Spec) else set()
    return own.union(*map(names_in, inner))


def _flat(value: object) -> str:
    """Write a value on one line."""
    match value:
        case Spec():
            fields = (f"{name}={_flat(item)}" for name, item in _fields(value))
            return f"{type(value).__name__}({', '.join(fields)})"
        case Mapping():
            return "{" + ", ".join(f"{_text(key)}: {_flat(item)}" for key, item in _as_lists(value).items()) + "}"
        case tuple() | list():
            opening, closing = _brackets(value)
            lone = isinstance(value, tuple) and len(value) == 1
            return f"{opening}{', '.join(map(_flat, value))}{',' if lone else ''}{closing}"
        case str():
            return _text(value)
    return repr(value)


def _text(value: object) -> str:
    """Write a string in double quotes, as formatters do."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text and "\\'" not in text:
        return f'"{text[1:-1]}"'
    return text


def _brackets(value: tuple[object, ...] | list[object]) -> tuple[str, str]:
    return ("[", "]") if isinstance(value, list) else ("(", ")")


def _as_lists(value: Any) -> Any:
    """Write sequences inside plain data as lists, as YAML and JSON have them; a typed value's are tuples."""
    match value:
        case Mapping():
            return {key: _as_lists(item) for key, item in value.items()}
        case tuple() | list():
            return [_as_lists(item) for item in value]
    return value


def _fields(value: Spec) -> Iterator[tuple[str, object]]:
    """Fields that were given and say something, in the type's order after those that a reader looks for first."""
    for name, info in sorted(type(value).model_fields.items(), key=lambda field: field[0] not in _FIRST):
        item = getattr(value, name)
        if name in value.model_fields_set and item != info.get_default():
            yield name, item
