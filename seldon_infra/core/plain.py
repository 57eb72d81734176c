"""Definitions as plain data, the way YAML and JSON have them: the typed form, field by field, in camelCase.

``Model(name="m", model_uri="models/m", server=SklearnServer())`` is::

    {type: Model, name: m, modelUri: models/m, server: {type: SklearnServer}}

Where a field takes objects of several types, ``type`` names the one that is meant. No field is listed here: the models
themselves say which there are, so what is new in a specification can be written as data at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import UnionType
from typing import Annotated, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Spec, title_of
from seldon_infra.core.problems import ARROW, Problem, Problems, from_validation_error, nearest, shown

S = TypeVar("S", bound=Spec)
TYPE = "type"
"""The key that names an object's type."""


def read(kind: type[S], data: Mapping[str, object]) -> S:
    """Make a typed object of plain data; a value may be an Output wherever the typed form takes one.

    Raises:
        InvalidSpec: unknown keys or types, or values of a wrong type: all of them at once, in the data's own words.
    """
    problems = Problems()
    made = _Reader(problems).make((kind,), data, "", "")
    if problems.found:
        raise InvalidSpec(
            replace(problem, got=as_data(problem.got), want=as_data(problem.want), fix=as_data(problem.fix))
            for problem in problems.found
        )
    return cast("S", made)


def as_data(text: str) -> str:
    """Word a message for a definition that is plain data: ``modelUri: …`` instead of ``model_uri=…``.

    What is quoted is the user's and stays.
    """
    return _WORD.sub(_word, text)


class _Reader:
    """Makes objects from the outside in; where one is broken, it goes on with what its owner can hold."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def make(self, kinds: Sequence[type[Spec]], data: Mapping[str, object], above: str, key: str) -> Spec:
        """Make an object of one of several types, which stands at ``key`` of the object ``above``."""
        kind = self._kind(kinds, data, _inside(above, key))
        if kind is None:
            return kinds[0].model_construct()
        named = isinstance(data.get("name"), str)
        place = _inside(above, title_of(kind, data) if named else key)
        fields = self._fields(kind, data, place)
        try:
            return kind.model_validate(fields)
        except ValidationError as error:
            self._problems.add(from_validation_error(error, place or kind.__name__, kind))
            return kind.model_construct(None, **fields)

    def _kind(self, kinds: Sequence[type[Spec]], data: Mapping[str, object], place: str) -> type[Spec] | None:
        """Choose the type that the data names; it need not where there is but one."""
        if len(kinds) == 1 and (TYPE in kinds[0].model_fields or TYPE not in data):
            return kinds[0]
        names, given = {kind.__name__: kind for kind in kinds}, data.get(TYPE)
        if isinstance(given, str) and given in names:
            return names[given]
        got = f"type {shown(given)}" if TYPE in data else "type is not set"
        self._problem(place, got, f"must be {_listed(sorted(names))}", f"write type: {_like(given, names)}")
        return None

    def _fields(self, kind: type[Spec], data: Mapping[str, object], place: str) -> dict[str, object]:
        """Translate an object's keys; null is as good as nothing, except where it turns a default off."""
        kind.model_rebuild()  # A type that names itself knows its fields' types only then.
        fields = {to_camel(name): name for name in kind.model_fields}
        found: dict[str, object] = {}
        for key, value in data.items():
            if key in fields and value is None:
                found |= {fields[key]: None} if _turns_off(kind.model_fields[fields[key]]) else {}
            elif key in fields:
                annotation = kind.model_fields[fields[key]].annotation
                found[fields[key]] = self._value(annotation, value, place, key)
            elif key != TYPE:
                near = nearest(str(key), sorted(fields))
                self._problem(place, f"key '{key}' is not a field", "must be one that the object has", near)
        return found

    def _value(self, annotation: object, value: object, place: str, key: str) -> object:
        """Make the objects that a field's value stands for; pydantic judges what is no object."""
        named = tuple(_alternatives(annotation))
        kinds = list(dict.fromkeys(kind for each in named for kind in _kinds(each, named)))
        items = [get_args(each)[0] for each in _alternatives(annotation) if get_origin(each) is tuple]
        words = [word for each in _alternatives(annotation) if get_origin(each) is Literal for word in get_args(each)]
        if kinds and isinstance(value, Mapping):
            return self.make(kinds, value, place, key)
        if isinstance(value, Mapping):
            return self._mapping(annotation, value, place, key)
        if kinds and not items and value not in words:
            want = f"must be {_listed([*map(repr, words), 'a mapping'])}"
            self._problem(place, f"{key} {shown(value)}", want, "write its fields below it")
            return kinds[0].model_construct()
        if items and isinstance(value, (list, tuple)):
            return tuple(self._value(items[0], item, place, f"{key}[{index}]") for index, item in enumerate(value))
        return value

    def _mapping(self, annotation: object, value: Mapping[object, object], place: str, key: str) -> object:
        """Make the objects that a mapping holds whose keys are the user's; plain data stays as it is."""
        for each in _alternatives(annotation):
            if get_origin(each) is Mapping:
                of_keys, of_values = get_args(each)
                return {
                    _number(name) if of_keys is int else name: self._value(of_values, item, place, f"{key}[{name!r}]")
                    for name, item in value.items()
                }
        return value

    def _problem(self, place: str, got: str, want: str, fix: str) -> None:
        self._problems.add([Problem(place or "the definition", got, want, fix)])


def _inside(above: str, inner: str) -> str:
    return f"{above}{ARROW}{inner}" if above else inner


def _alternatives(annotation: object) -> Iterator[object]:
    """Give the types that a field takes, without what pydantic adds to them."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    else:
        yield annotation


def _number(key: object) -> object:
    """Read a key that is a number: JSON has only texts there."""
    return int(key) if isinstance(key, str) and key.isascii() and key.isdecimal() else key


def _turns_off(field: FieldInfo) -> bool:
    """Tell whether None means something else than leaving a field out."""
    return isinstance(field.default, Spec) and type(None) in _alternatives(field.annotation)


def _kinds(annotation: object, beside: Sequence[object]) -> list[type[Spec]]:
    """Give the types of objects that can stand where one is asked for.

    A type with subtypes only stands for them, but where a subtype is named beside it: then it means itself.
    """
    if not (isinstance(annotation, type) and issubclass(annotation, Spec)):
        return []
    # What only says what its kinds share is none of them.
    below = [each for each in _below(annotation) if each.written and not each.__dict__.get("alternatives")]
    return [annotation] if not below or any(each in beside for each in below) else below


def _listed(words: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _like(given: object, names: Mapping[str, object]) -> str:
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(str(given), names, n=1) or list(names)
    return near[0] if len(near) == 1 else "…"


_WORD = re.compile(r"(?<!\w)'[^']*'|(?<![\w/-])([A-Za-z]\w*)(=?)(?!/)")
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}


def _word(match: re.Match[str]) -> str:
    word, equals = match.group(1), match.group(2)
    if word in _CONSTANTS:
        return _CONSTANTS[word] + equals
    if word is None or word not in _field_names():
        return match.group()
    return to_camel(word) + (": " if equals else "")


@cache
def _field_names() -> frozenset[str]:
    return frozenset(name for kind in _below(Spec) for name in kind.model_fields)


def _below(kind: type[Spec]) -> Iterator[type[Spec]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


__all__ = ["as_data", "read"]
