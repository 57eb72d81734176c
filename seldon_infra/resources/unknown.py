"""`UNKNOWN`, and how it passes through a model's validation wherever a value may stand.

An unknown can take the place of a field, of an item of a list, of a value by name, of a whole model. There it is let
through as it is, and what stands beside it is validated. A validator of an author's own is asked only about what is
known altogether: it meets the rest when that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, final

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

_BELOW = {
    "list": "items_schema",
    "set": "items_schema",
    "dict": "values_schema",
    "nullable": "schema",
    "default": "schema",
}
"""Where the kinds of schemas keep the one for the values inside."""
_VALIDATORS = {"function-before", "function-after", "function-wrap", "function-plain"}
_NO_TAG = {"union_tag_invalid", "union_tag_not_found"}


@final
class Unknown:
    """The type of `UNKNOWN`: a value that only the apply will bring."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""Stands for every value that is not known before the apply. It passes any field's validation, and equals itself."""


def holds_unknown(value: object) -> bool:
    """Whether anything in a value is only known later."""
    if isinstance(value, BaseModel):
        return any(holds_unknown(it) for it in value.__dict__.values())
    if isinstance(value, Mapping):
        return any(holds_unknown(it) for it in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unknown(it) for it in value)
    return value is UNKNOWN


def let_unknown_through(schema: Any) -> Any:
    """A model's schema that takes `UNKNOWN` wherever a value may stand; its nested models do so by themselves."""
    if schema["type"] == "model-fields":
        return {**schema, "fields": {name: _field(field) for name, field in schema["fields"].items()}}
    if schema["type"] in ("model", "definitions"):
        return {**schema, "schema": let_unknown_through(schema["schema"])}
    if schema["type"] in _VALIDATORS:
        return _asked_of_the_known({**schema, "schema": let_unknown_through(schema["schema"])})
    return schema


def _field(field: Any) -> Any:
    inner = field["schema"]
    if inner["type"] == "default":
        return {**field, "schema": {**inner, "schema": _value(inner["schema"])}}
    return {**field, "schema": _value(inner)}


def _value(schema: Any) -> Any:
    """The schema of one value, which may be unknown or hold unknowns."""
    if schema["type"] == "literal" and len(schema["expected"]) == 1:
        return schema  # It tells the models of a union apart, so it is never unknown, and pydantic wants it plain.
    return core_schema.no_info_wrap_validator_function(_pass, _inside(schema))


def _inside(schema: Any) -> Any:
    """The same schema with what is inside it let through; a model inside does that by itself."""
    kind = schema["type"]
    if kind in _VALIDATORS and "schema" in schema:
        return _asked_of_the_known({**schema, "schema": _inside(schema["schema"])})
    if kind in _VALIDATORS:
        return _asked_of_the_known(schema)
    if kind == "tuple":
        return {**schema, "items_schema": [_value(item) for item in schema["items_schema"]]}
    if below := _BELOW.get(kind, ""):
        return {**schema, below: _value(schema[below])} if below in schema else schema
    if kind in ("union", "tagged-union"):
        return core_schema.no_info_wrap_validator_function(_pass_untagged, schema)
    return schema


def _asked_of_the_known(schema: Any) -> Any:
    """A validator of an author's own, spared what is not yet known."""
    function: Callable[..., Any] = schema["function"]["function"]

    def spared(value: Any, *more: Any) -> Any:
        if not holds_unknown(value):
            return function(value, *more)
        return more[0](value) if schema["type"] == "function-wrap" else value

    return {**schema, "function": {**schema["function"], "function": spared}}


def _pass(value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Any:
    """Validate what is known of one value."""
    if value is UNKNOWN:
        return value
    try:
        return handler(value)
    except ValidationError as error:
        wrong = [line for line in error.errors(include_url=False) if line["input"] is not UNKNOWN]
        if not wrong:
            return value
        raise ValidationError.from_exception_data(error.title, [_again(line) for line in wrong]) from None


def _pass_untagged(value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Any:
    """Leave a value as it is as long as nobody knows which of a union's models it is."""
    try:
        return handler(value)
    except ValidationError as error:
        lines = error.errors(include_url=False)
        untold = all(line["type"] in _NO_TAG for line in lines) or any(line["input"] is UNKNOWN for line in lines)
        if untold and isinstance(value, Mapping) and any(it is UNKNOWN for it in value.values()):
            return value
        raise


def _again(line: Any) -> InitErrorDetails:
    """One error of a caught validation, ready to be raised again with its words unchanged."""
    return {"type": PydanticCustomError(line["type"], line["msg"]), "loc": line["loc"], "input": line["input"]}
