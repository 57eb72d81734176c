"""Check: a program's raw values against an Inputs model, every problem at once, each at its property."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from seldon_infra.provider.values import NO_SECRETS, Path, Secrets, children
from seldon_infra.resources.model import UNKNOWN, In, Inputs, ResourceModel

M = TypeVar("M", bound=ResourceModel)
_PHRASES = {
    "missing": "is required",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}
_LONGEST_QUOTE = 60
_HIDDEN = "[secret]"


def validate(
    model: type[In], raw: Mapping[str, Any], secrets: Secrets = NO_SECRETS
) -> tuple[In | None, list[tuple[Path, str]]]:
    """The inputs, or what is wrong with them without a secret in it; `UNKNOWN` parts pass and stay."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        lines = error.errors(include_url=False, include_context=False)
        return None, [(path := data_path(line["loc"], raw), _reason(model, path, line, secrets)) for line in lines]


def data_path(location: Sequence[str | int], raw: Any) -> Path:
    """A validation error's location without the steps that name a union's branch instead of a property."""
    path: list[str | int] = []
    for position, step in enumerate(location):
        below = dict(children(raw))
        if step in below:
            raw = below[step]
            path.append(step)
        elif position == len(location) - 1 and isinstance(raw, Mapping):
            path.append(step)
    return tuple(path)


def _reason(model: type[Inputs], path: Path, line: Any, secrets: Secrets) -> str:
    if line["type"] == "extra_forbidden":
        return _unknown_field(model, path)
    text = line["msg"].removeprefix("Value error, ")
    text = _PHRASES.get(line["type"]) or text.replace("Input should be", "must be")
    text = secrets.mask(text)
    if line["type"] == "missing" or not path:
        return text
    quoted = _HIDDEN if _is_secret(path, secrets) else _quote(line["input"], secrets)
    return f"{text}, got {quoted}"


def _is_secret(path: Path, secrets: Secrets) -> bool:
    """Whether a secret is at a path, above it or below it."""
    return any(path[: len(secret)] == secret[: len(path)] for secret in secrets.paths)


def _quote(value: Any, secrets: Secrets) -> str:
    """A value as it is shown; masked first, for half a secret is one too."""
    text = secrets.mask(repr(value))
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def _unknown_field(model: type[Inputs], path: Path) -> str:
    known = [field.alias or name for name, field in _owner(model, path[:-1]).model_fields.items()]
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f"is not a property here; {f'did you mean {close[0]}?' if close else 'there are ' + ', '.join(known)}"


def _owner(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model class that a path inside `model` leads to."""
    for step in path:
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                model = next(_models(field.annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The model classes that a field's annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def recall(model: type[M], raw: Mapping[str, Any]) -> M:
    """A value from the state, also one that an older version of the library wrote and that is no longer valid."""
    known = without_unknown_fields(model, raw)
    try:
        return model.model_validate(known)
    except ValidationError:
        names = {field.alias or name: name for name, field in model.model_fields.items()}
        return model.model_construct(**{names[key]: value for key, value in known.items() if key in names})


def without_unknown_fields(model: type[ResourceModel], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A value from the state without the fields that the library has dropped since, wherever they are in it."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        dropped = [data_path(it["loc"], raw) for it in error.errors() if it["type"] == "extra_forbidden"]
        return dict(_without(raw, dropped, ()))
    return dict(raw)


def _without(node: Any, dropped: Sequence[Path], path: Path) -> Any:
    """A copy of a tree without what is at some paths."""
    kept = {
        step: _without(child, dropped, at) for step, child in children(node) if (at := (*path, step)) not in dropped
    }
    if isinstance(node, Mapping):
        return kept
    return list(kept.values()) if isinstance(node, (list, tuple)) else node


def awaiting(inputs: In, computed: frozenset[str]) -> In:
    """Inputs whose check must wait: what it would have filled in is unknown as well."""
    absent = {name: UNKNOWN for name in computed if getattr(inputs, name) is None}
    return inputs.model_copy(update=absent)
