"""The base of everything that a user declares: frozen pydantic models whose fields may hold a value of later.

A definition is written before Pulumi knows all values: a bucket's name, a secret. ``Later[T]`` is a field that
takes a ``T`` or a Pulumi ``Output`` of it. The type checker sees the union; at run time anything with an ``apply``
passes, so that no specification has to import Pulumi (which alone costs more than everything here).

Types are checked when an object is made. Rules about values (ranges, sums, names) are functions in each room's
``check``, because only they can see the whole definition and report all that is wrong at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias, TypeGuard, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError, core_schema

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.problems import ARROW, Problem, Problems, from_validation_error

T = TypeVar("T")
S = TypeVar("S", bound="Spec")

if TYPE_CHECKING:
    from typing import dataclass_transform

    from pulumi import Output
    from pydantic._internal._model_construction import ModelMetaclass

    Later: TypeAlias = T | Output[T]
    """A value that is known now, or a Pulumi Output of it."""
    Many: TypeAlias = Sequence[T]
    """Any number of values; a list or a tuple, kept as a tuple."""
    AtMostOne: TypeAlias = tuple[()] | tuple[T]
    """No value, or one in a tuple."""
    AtLeastOne: TypeAlias = tuple[T, *tuple[T, ...]]
    """One value or more in a tuple."""
    AtLeastTwo: TypeAlias = tuple[T, T, *tuple[T, ...]]
    """Two values or more in a tuple."""
    Json: TypeAlias = bool | int | float | str | Output[object] | Sequence["Json"] | Mapping[str, "Json"] | None
    """Plain data as JSON has it, in which any value may be an Output."""
    JsonObject: TypeAlias = Mapping[str, Json]
    """A JSON object."""

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
    class _Frozen(ModelMetaclass):
        """Tells type checkers that fields are keywords and cannot be assigned."""
else:
    _Frozen = type(BaseModel)

    def _or_later(value, validate):
        return value if is_later(value) else validate(value)

    def _whole(value):
        if isinstance(value, (bool, str, bytes)):
            raise PydanticCustomError("int_type", "Input should be a valid integer")
        return value

    def _real(value):
        if isinstance(value, (bool, str, bytes)):
            raise PydanticCustomError("float_type", "Input should be a valid number")
        return value

    def _exact(schema):
        """Make a schema take no value of another type that could be read as one of its own."""
        kind = schema["type"]
        if kind in ("str", "bool"):
            return {**schema, "strict": True}
        if kind in ("int", "float"):
            # Not strict: numbers that Pulumi's engine hands on are all floats.
            return core_schema.no_info_before_validator_function(_whole if kind == "int" else _real, schema)
        return schema if kind == "model" else {key: _exact_part(key, part) for key, part in schema.items()}

    def _exact_part(key, part):
        if key in ("schema", "items_schema", "keys_schema", "values_schema"):
            return [_exact(each) for each in part] if isinstance(part, list) else _exact(part)
        if key == "choices" and isinstance(part, list):
            return [(_exact(each[0]), *each[1:]) if isinstance(each, tuple) else _exact(each) for each in part]
        return {name: _exact(each) for name, each in part.items()} if key == "fields" else part

    def _json(value):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("a finite number")
        if value is None or isinstance(value, (bool, int, float, str)) or is_later(value):
            return value
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {key: _json(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return tuple(_json(item) for item in value)
        raise ValueError("plain data: strings, numbers, booleans, None, lists and mappings with string keys")

    def _json_object(value):
        if not isinstance(value, Mapping):
            raise ValueError("a mapping")
        return _json(value)

    Later = Annotated[T, WrapValidator(_or_later)]
    Many = AtMostOne = AtLeastOne = AtLeastTwo = tuple[T, ...]
    Json = Annotated[object, PlainValidator(_json)]
    JsonObject = Annotated[dict, PlainValidator(_json_object)]


def is_later(value: object) -> bool:
    """Tell whether a value is one of later, such as a Pulumi Output."""
    return hasattr(value, "apply")


def has_later(value: object) -> bool:
    """Tell whether a value is one of later, or holds one at any depth of specifications, mappings and lists."""
    return next(_pending(value, ""), None) is not None


def is_known(value: Later[T] | None) -> TypeGuard[T]:
    """Tell whether a field holds a value already, rather than nothing or an Output."""
    return value is not None and not is_later(value)


def known(value: Later[T] | None) -> T | None:
    """Give a field's value if it is known already, else None."""
    return value if is_known(value) else None


class Spec(BaseModel, metaclass=_Frozen):
    """A frozen value with named, typed fields; a wrong type raises InvalidSpec with all that is wrong with it."""

    # The schema is built on first use, so that importing declares types and no more.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, defer_build=True)

    noun: ClassVar[str] = ""
    """What messages call the object; its type's name by default."""
    alternatives: ClassVar[str] = ""
    """What to use instead, in the words of a message, of a type that only says what its kinds share."""
    written: ClassVar[bool] = True
    """Whether users write it; False of what the library itself puts in the place of something that they wrote."""

    if not TYPE_CHECKING:  # type checkers read the fields instead

        def __init__(self, /, **fields):
            if type(self).__dict__.get("alternatives"):
                place = title_of(type(self), fields)
                raise InvalidSpec(
                    [Problem(place, "it is of no kind", f"must be a {self.alternatives}", "write one of them")]
                )
            try:
                super().__init__(**fields)
            except ValidationError as error:
                raise InvalidSpec(from_validation_error(error, title_of(type(self), fields), type(self))) from None

        @classmethod
        def __get_pydantic_core_schema__(cls, source, handler):
            if cls.__dict__.get("alternatives"):
                return core_schema.is_instance_schema(cls, cls_repr=cls.alternatives)
            made = handler(source)
            return {**made, "schema": _exact(made["schema"])} if made["type"] == "model" else made

        # Pydantic lets anything that can be iterated pass for a list; an object is no list of its fields.
        __iter__ = None

        # Pydantic must not take this for a constructor with a mind of its own: it would call it for nested data.
        __init__.__pydantic_base_init__ = True


def title(spec: Spec) -> str:
    """Name an object as messages do: ``predictor 'canary'``."""
    return title_of(type(spec), spec.__dict__)


def title_of(kind: type[Spec], fields: Mapping[str, object]) -> str:
    """Name an object of which only type and fields are known as messages do."""
    noun, name = kind.noun or kind.__name__, fields.get("name")
    return f"{noun} '{name}'" if isinstance(name, str) else noun


def pending(spec: Spec) -> dict[str, object]:
    """Find every Output inside an object, by its path: ``predictors[0].graph.model_uri``."""
    return dict(_pending(spec, ""))


def resolve(spec: S, values: Mapping[str, object]) -> S:
    """Put values in the place of Outputs, by the paths that :func:`pending` gave, and validate the object anew.

    Raises:
        InvalidSpec: values have a wrong type; all of them at once, each with its object's full path.
    """
    problems = Problems()
    resolved = _resolve(spec, "", title(spec), values, problems)
    problems.raise_if_any()
    return cast("S", resolved)


def _children(value: object, path: str) -> Iterator[tuple[object, str, object]]:
    """Key, path and value of everything directly inside a value."""
    match value:
        case Spec():
            yield from ((name, f"{path}.{name}".removeprefix("."), item) for name, item in value.__dict__.items())
        case Mapping():
            yield from ((key, f"{path}[{key!r}]", item) for key, item in value.items())
        case tuple() | list():
            yield from ((index, f"{path}[{index}]", item) for index, item in enumerate(value))


def _pending(value: object, path: str) -> Iterator[tuple[str, object]]:
    if is_later(value):
        yield path, value
        return
    for _, inner_path, inner in _children(value, path):
        yield from _pending(inner, inner_path)


def _resolve(value: object, path: str, place: str, values: Mapping[str, object], problems: Problems) -> object:
    if is_later(value):
        return values.get(path, value)
    inner = {
        key: _resolve(item, item_path, _place(place, key, item), values, problems)
        for key, item_path, item in _children(value, path)
    }
    if all(inner[key] is item for key, _, item in _children(value, path)):
        return value
    match value:
        case Spec():
            return _rebuilt(value, inner, place, problems)
        case Mapping():
            return inner
    return tuple(inner.values())


def _place(place: str, key: object, item: object) -> str:
    """Name an object inside another one: by its own name, else by the field that holds it."""
    if not isinstance(item, Spec):
        return place
    named = isinstance(item.__dict__.get("name"), str)
    return f"{place}{ARROW}{title(item) if named else key}"


def _rebuilt(spec: Spec, fields: Mapping[object, object], place: str, problems: Problems) -> Spec:
    given = {str(name): value for name, value in fields.items() if name in spec.model_fields_set}
    try:
        return type(spec).model_validate(given)
    except ValidationError as error:
        problems.add(from_validation_error(error, place, type(spec)))
        return spec


__all__ = [
    "AtLeastOne",
    "AtLeastTwo",
    "AtMostOne",
    "Json",
    "JsonObject",
    "Later",
    "Many",
    "Spec",
    "has_later",
    "is_known",
    "is_later",
    "known",
    "pending",
    "resolve",
    "title",
]
