"""The package's schema for other languages and for `pulumi package get-schema`, made from the pydantic models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from pydantic.alias_generators import to_camel

from seldon_infra.provider.framework import Resource
from seldon_infra.provider.settings import Setting
from seldon_infra.provider.values import Path, children
from seldon_infra.resources.model import ResourceModel

_SCALARS = {"string", "integer", "number", "boolean"}
_PLAIN = (str, int, float, bool, type(None))
_LARGEST_INTEGER = 2**31 - 1


def package_schema(
    package: str,
    version: str,
    resources: Iterable[Resource[Any, Any]],
    settings: Mapping[str, Setting] = MappingProxyType({}),
) -> dict[str, Any]:
    """The schema of a package with these resource types and settings."""
    told = {name: {"type": "string", "description": setting.description} for name, setting in settings.items()}
    types: dict[str, Any] = {}
    specs = {resource.type.token: _resource(resource, types) for resource in resources}
    return {
        "name": package,
        "version": version,
        "meta": {"moduleFormat": "(.*)"},
        "config": {"variables": told} if told else {},
        "provider": {"inputProperties": told} if told else {},
        "types": dict(sorted(types.items())),
        "resources": dict(sorted(specs.items())),
    }


def _resource(resource: Resource[Any, Any], types: dict[str, Any]) -> dict[str, Any]:
    kind = resource.type
    inputs = _object(kind.token, kind.inputs, types)
    outputs = _object(kind.token, kind.outputs, types)
    for name, field in inputs["properties"].items():
        if not resource.updates_in_place() or name in map(to_camel, resource.replace_on):
            field["willReplaceOnChanges"] = True
    return {
        "description": (resource.__doc__ or kind.inputs.__doc__ or "").strip(),
        "properties": outputs["properties"],
        "required": outputs["required"],
        "inputProperties": inputs["properties"],
        "requiredInputs": inputs["required"],
    }


def _object(token: str, model: type[ResourceModel], types: dict[str, Any]) -> dict[str, Any]:
    """One model's properties; the models inside it land in `types`."""
    schema = _json_schema(model)
    for name, nested in schema.get("$defs", {}).items():
        spec = {
            "type": "object",
            "description": nested.get("description", ""),
            "properties": _properties(token, nested),
            "required": sorted(nested.get("required", ())),
        }
        if types.setdefault(_nested(token, name), spec) != spec:
            raise TypeError(f"{token}: another type's inputs have a model {name} with other fields; rename one of them")
    return {"properties": _properties(token, schema), "required": sorted(schema.get("required", ()))}


def _nested(token: str, name: str) -> str:
    """The token of a model inside a resource type's inputs: same package and module."""
    return f"{token.rpartition(':')[0]}:{name}"


def _properties(token: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _property(token, field) for name, field in sorted(schema.get("properties", {}).items())}


def _property(token: str, field: Mapping[str, Any]) -> dict[str, Any]:
    spec = _type(token, field)
    if "description" in field:
        spec["description"] = field["description"]
    if spec.get("type") in _SCALARS and field.get("default") is not None:
        spec["default"] = field["default"]
    if _says_secret(field):
        spec["secret"] = True
    return spec


def _says_secret(field: Mapping[str, Any]) -> bool:
    return bool(field.get("secret")) or any(_says_secret(branch) for branch in field.get("anyOf", ()))


def _type(token: str, field: Mapping[str, Any]) -> dict[str, Any]:
    branches = [branch for branch in field.get("anyOf", field.get("oneOf", ())) if branch.get("type") != "null"]
    if len(branches) == 1:
        return _type(token, branches[0])
    if branches:
        return {"oneOf": [_type(token, branch) for branch in branches]}
    if "$ref" in field:
        return {"type": "object", "$ref": f"#/types/{_nested(token, field['$ref'].rpartition('/')[2])}"}
    match field.get("type"):
        case "array":
            return {"type": "array", "items": _type(token, field.get("items", {}))}
        case "object":
            more = field.get("additionalProperties")
            return {"type": "object", "additionalProperties": _type(token, more if isinstance(more, dict) else {})}
        case "integer" if _is_long(field):
            return {"type": "number"}
        case str(scalar) if scalar in _SCALARS:
            return {"type": scalar}
        case _ if isinstance(field.get("const"), str) or "enum" in field:
            return {"type": "string"}
        case _:
            return {"$ref": "pulumi.json#/Any"}


def _is_long(field: Mapping[str, Any]) -> bool:
    """Whether an integer shows by its default or bounds that it outgrows the 32 bits of Pulumi's."""
    return any(abs(field.get(key) or 0) > _LARGEST_INTEGER for key in ("default", "minimum", "maximum"))


def secret_paths(model: type[ResourceModel], tree: Mapping[str, Any]) -> Iterator[Path]:
    """Where a value of `model` has fields that are declared secret."""
    if not _may_hold_secrets(model):
        return
    schema = _json_schema(model)
    yield from _secrets_below(schema, schema.get("$defs", {}), tree, ())


@cache
def _may_hold_secrets(model: type[ResourceModel]) -> bool:
    """Whether a model's schema is worth making for the secrets in it: that takes far longer than this look does."""
    return _may_be_secret(model, set())


def _may_be_secret(annotation: Any, seen: set[Any]) -> bool:
    """Whether a type is, or holds, what is declared secret; one that is not understood may."""
    if isinstance(annotation, type) and issubclass(annotation, ResourceModel):
        if annotation in seen:
            return False
        seen.add(annotation)
        fields = annotation.model_fields.values()
        return any(_has_own_schema(it.metadata) or _may_be_secret(it.annotation, seen) for it in fields)
    if annotation in _PLAIN or get_origin(annotation) is Literal:
        return False
    inside = get_args(annotation)
    return not inside or any(_may_be_secret(it, seen) for it in inside)


def _has_own_schema(metadata: Iterable[object]) -> bool:
    return any(hasattr(it, "__get_pydantic_json_schema__") for it in metadata)


@cache
def _json_schema(model: type[ResourceModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _secrets_below(field: Mapping[str, Any], nested: Mapping[str, Any], node: Any, path: Path) -> Iterator[Path]:
    if field.get("secret"):
        yield path
        return
    if "$ref" in field:
        field = nested[field["$ref"].rpartition("/")[2]]
    for branch in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _secrets_below(branch, nested, node, path)
    for step, child in children(node):
        below = _below(field, step)
        if below is not None:
            yield from _secrets_below(below, nested, child, (*path, step))


def _below(field: Mapping[str, Any], step: str | int) -> Mapping[str, Any] | None:
    """The schema of what is under a key or an index."""
    if isinstance(step, int):
        below = field.get("items")
    else:
        below = field.get("properties", {}).get(step, field.get("additionalProperties"))
    return below if isinstance(below, Mapping) else None
