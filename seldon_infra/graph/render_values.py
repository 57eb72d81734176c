"""Small parts of a manifest, and how absence and values of later are written.

A field that is not set leaves no key. A value of later (a Pulumi Output) stays where it is; one that has to be
written in another form, such as a number as text, is changed when it comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil
from typing import Any, TypeAlias

from seldon_infra.core.model import Later, is_later
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.logged import address_of
from seldon_infra.graph.spec import (
    Amounts,
    ConfigMapKey,
    ContainerAmount,
    Endpoint,
    EnvVar,
    Logger,
    Parameter,
    PodField,
    Resources,
    SecretKey,
    parameter_text,
)

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes object or a part of one, as its YAML has it."""


def given(fields: Mapping[str, Any]) -> Manifest:
    """Keep the fields that are set: not None, and no empty mapping or list."""
    return {name: value for name, value in fields.items() if value is not None and not _is_empty(value)}


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Apply a function to a value, now or when it comes; nothing stays nothing."""
    if is_later(value):
        return value.apply(function)
    return None if value is None else function(value)


def as_text(value: Later[Any] | None) -> Any:
    """Write a number or a truth value as the text that Kubernetes wants."""
    return mapped(value, parameter_text)


def milliseconds(duration: Later[str] | None) -> Any:
    """Write a duration as a whole number of milliseconds, rounded up, in text."""
    return mapped(duration, lambda text: _in_units(text, 1000))


def seconds(duration: Later[str] | None) -> Any:
    """Write a duration as a whole number of seconds, rounded up, in text."""
    return mapped(duration, lambda text: _in_units(text, 1))


def json_text(value: Mapping[str, Any] | None) -> Any:
    """Write plain data as JSON text, once all values of later in it have come."""
    return None if value is None else _once_come(list(_laters(value)), lambda come: _dumped(value, come))


def merged(rendered: Mapping[str, Any], override: Mapping[str, Any]) -> Manifest:
    """Merge Kubernetes' own words into what was rendered.

    Mappings are merged key by key, lists of named things by name, everything else replaces; None removes.
    """
    result = dict(rendered)
    for key, value in override.items():
        result[key] = _merged_value(result.get(key), value)
    return {key: value for key, value in result.items() if not (key in override and value is None)}


def plain(value: Any) -> Any:
    """Copy plain data as the lists and dicts that YAML and Pulumi know; a key without a value is left out."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def metadata(labels: Mapping[str, Any], annotations: Mapping[str, Any]) -> Manifest:
    """Labels and annotations of a pod."""
    return given({"labels": dict(labels), "annotations": dict(annotations)})


def resources(spec: Resources | None) -> Manifest:
    """ResourceRequirements of a container."""
    if spec is None:
        return {}
    return given({"limits": amounts(spec.limits), "requests": amounts(spec.requests)})


def amounts(spec: Amounts | None) -> Manifest:
    """Amounts by their Kubernetes names, as text, so that they read back as they were written."""
    if spec is None:
        return {}
    return given(
        {
            "cpu": as_text(spec.cpu),
            "memory": as_text(spec.memory),
            "ephemeral-storage": as_text(spec.ephemeral_storage),
            "nvidia.com/gpu": as_text(spec.gpu),
            **{name: as_text(amount) for name, amount in spec.others.items()},
        }
    )


def env(variables: Iterable[EnvVar]) -> list[Manifest]:
    """Environment of a container."""
    return [
        given({"name": variable.name, "value": variable.value, "valueFrom": value_from(variable.value_from)})
        for variable in variables
    ]


def value_from(source: SecretKey | ConfigMapKey | PodField | ContainerAmount | None) -> Manifest:
    """EnvVarSource: where a variable's value comes from."""
    match source:
        case SecretKey():
            return {"secretKeyRef": _key(source.secret, source.key, source.optional)}
        case ConfigMapKey():
            return {"configMapKeyRef": _key(source.config_map, source.key, source.optional)}
        case PodField():
            return {"fieldRef": {"fieldPath": source.path}}
        case ContainerAmount():
            return {"resourceFieldRef": given({"resource": source.resource, "divisor": source.divisor})}
    return {}


def parameters(specs: Iterable[Parameter]) -> list[Manifest]:
    """Parameters of a node; the value is text, the type says what it means."""
    return [{"name": each.name, "value": as_text(each.value), "type": each.wire_type} for each in specs]


def endpoint(spec: Endpoint | None) -> Manifest:
    """Where a node listens."""
    if spec is None:
        return {}
    return given(
        {
            "service_host": spec.service_host,
            "service_port": spec.service_port,
            "httpPort": spec.http_port,
            "grpcPort": spec.grpc_port,
            "type": spec.type,
        }
    )


def logger(spec: Logger | None) -> Manifest:
    """Where payloads are sent."""
    return {} if spec is None else given({"url": address_of(spec), "mode": spec.mode})


def _is_empty(value: object) -> bool:
    return isinstance(value, (Mapping, list, tuple)) and not value


def _key(name: Later[str], key: Later[str], optional: bool) -> Manifest:
    return given({"name": name, "key": key, "optional": optional or None})


def _in_units(text: str, per_second: int) -> str:
    duration = parse_duration(text)
    # What is no duration stays as it is: the check names it, in the user's words.
    return text if duration is None else str(ceil(duration * per_second))


def _merged_value(rendered: Any, value: Any) -> Any:
    if isinstance(rendered, Mapping) and isinstance(value, Mapping):
        return merged(rendered, value)
    if is_named(rendered) and is_named(value):
        return _merged_by_name(rendered, value)
    return plain(value)


def is_named(value: Any) -> bool:
    """Tell whether a value is a list of named things, which are merged by name."""
    items = value if isinstance(value, (list, tuple)) else (None,)
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    return all(isinstance(name, str) or is_later(name) for name in names)


def _merged_by_name(rendered: Iterable[Mapping[str, Any]], override: Iterable[Mapping[str, Any]]) -> list[Manifest]:
    result = {item["name"]: dict(item) for item in rendered}
    for item in override:
        result[item["name"]] = merged(result.get(item["name"], {}), item)
    return list(result.values())


def _laters(value: Any) -> Iterator[Any]:
    if is_later(value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _laters(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _laters(item)


def _once_come(laters: list[Any], then: Callable[[dict[int, Any]], Any]) -> Any:
    """Call ``then`` with every value of later by its identity, at once where there are none."""
    if not laters:
        return then({})
    first, *others = laters
    return first.apply(lambda value: _once_come(others, lambda come: then({**come, id(first): value})))


def _dumped(value: Any, come: Mapping[int, Any]) -> str:
    return json.dumps(value, default=lambda later: come[id(later)])
