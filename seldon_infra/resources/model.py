"""The values that a program and the plugin exchange about one resource type.

A resource type is declared once, here in `resources/`, and used in two processes: the program registers it, the plugin
makes it real. So this module loads neither Pulumi nor gRPC:

    class BucketInputs(Inputs):
        name: str = Field(description="Name of the bucket, 3 to 63 characters.")
        password: Secret[str] | None = None
        size_limit: int = Field(default=10, ge=1)

    class BucketOutputs(BucketInputs, Outputs):
        url: str

    BUCKET = ResourceType("seldon:memory:Bucket", BucketInputs, BucketOutputs)

and in a program `BUCKET.register("photos", name="photos").url` is an Output. Attributes are snake_case in Python and
camelCase on the wire and in other languages; absent and None are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from seldon_infra.resources.unknown import UNKNOWN as UNKNOWN
from seldon_infra.resources.unknown import let_unknown_through

if TYPE_CHECKING:
    import pulumi

T = TypeVar("T")
In = TypeVar("In", bound="Inputs")
Out = TypeVar("Out", bound="Outputs")


class SecretField:
    """Marks a field whose value is always encrypted in the state and never shown; write `Secret[str]`."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "secret": True}


Secret = Annotated[T, SecretField()]


class ResourceModel(BaseModel):
    """A frozen value that knows its wire names; every field also takes `UNKNOWN`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        validate_default=False,
        hide_input_in_errors=True,
        # A program registers resources and validates none of them: what validates is made for the plugin alone.
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", let_unknown_through(handler(source)))

    def wire(self) -> dict[str, Any]:
        """The value as the engine sees it: camelCase names, absent fields left out."""
        fields = type(self).model_fields.items()
        values = ((field.alias or name, getattr(self, name)) for name, field in fields)
        return {name: _plain(value) for name, value in values if value is not None}


def _plain(value: object) -> Any:
    """A field's value as the engine sees it."""
    if isinstance(value, ResourceModel):
        return value.wire()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


class Inputs(ResourceModel):
    """What a program declares about one resource."""


class Outputs(ResourceModel):
    """What a program can read from one resource. Fields named like an input echo it and are known at preview."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class ResourceType(Generic[In, Out]):
    """A resource type by its token `package:module:Name`, what it takes and what it gives."""

    token: str
    inputs: type[In]
    outputs: type[Out]

    def complete(self) -> None:
        """Make ready what validates: ahead of threads, where two would make it at once."""
        self.inputs.model_rebuild()
        self.outputs.model_rebuild()

    def register(self, name: str, opts: pulumi.ResourceOptions | None = None, /, **inputs: object) -> Any:
        """Declare one resource in the running program; outputs are attributes of the answer, by their Python names.

        Inputs go by their Python names too, and any of them, or any part of one, may be an Output. The plugin checks
        the values, so that what is only known later meets the same rules; an unknown name is refused here.
        """
        from seldon_infra.resources.handle import register

        return register(self, name, opts, inputs)

    def wire_inputs(self, inputs: Mapping[str, object]) -> dict[str, object]:
        """A program's keyword arguments under their wire names, absent ones left out."""
        unknown = sorted(set(inputs) - set(self.inputs.model_fields))
        if unknown:
            known = ", ".join(sorted(self.inputs.model_fields))
            raise TypeError(f"{self.token} has no input {unknown[0]!r}; its inputs are {known}")
        return {to_camel(name): wire_value(value) for name, value in inputs.items() if value is not None}


def wire_value(value: object) -> object:
    """A plain value with every model inside it turned into a dict; Outputs stay as they are."""
    if isinstance(value, ResourceModel):
        return value.wire()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python", by_alias=True, exclude_none=True, warnings="none")
    if isinstance(value, Mapping):
        return {key: wire_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire_value(item) for item in value]
    return value
