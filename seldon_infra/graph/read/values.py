"""Small parts of a manifest as typed values: amounts, environment, parameters, endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from seldon_infra.graph import manifest as wire
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
)

_AMOUNTS = {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "ephemeral_storage", "nvidia.com/gpu": "gpu"}


def given(**fields: object) -> dict[str, Any]:
    """Keep the fields that say something, so that the typed value does not repeat its defaults."""
    return {name: value for name, value in fields.items() if value is not None and value != () and value != {}}


def resources(found: Mapping[str, Any] | None) -> Resources | None:
    """ResourceRequirements, in the part that has typed fields."""
    if not found:
        return None
    return Resources(**given(requests=amounts(found.get("requests")), limits=amounts(found.get("limits"))))


def amounts(found: Mapping[str, Any] | None) -> Amounts | None:
    """Amounts by their typed names."""
    if not found:
        return None
    typed = {_AMOUNTS[name]: _amount(name, value) for name, value in found.items() if name in _AMOUNTS}
    others = {name: value for name, value in found.items() if name not in _AMOUNTS}
    return Amounts(**given(**typed, others=others))


def env(found: Iterable[Mapping[str, Any]] | None) -> tuple[EnvVar, ...]:
    """Environment of a container."""
    return tuple(
        EnvVar(**given(name=variable.get("name"), value=variable.get("value"), value_from=_value_from(variable)))
        for variable in found or ()
    )


def parameters(found: Iterable[wire.Parameter] | None) -> tuple[Parameter, ...]:
    """Parameters of a node, each with the value that its type says."""
    return tuple(_parameter(parameter) for parameter in found or ())


def endpoint(found: wire.Endpoint | None) -> Endpoint | None:
    """Where a node or an explainer listens."""
    if found is None:
        return None
    return Endpoint(
        **given(
            service_host=found.service_host,
            service_port=found.service_port,
            http_port=found.http_port,
            grpc_port=found.grpc_port,
            type=found.type,
        )
    )


def logger(found: wire.Logger | None) -> Logger | None:
    """Where payloads are sent."""
    return None if found is None else Logger(**given(mode=found.mode, url=found.url))


def _amount(name: str, value: object) -> object:
    whole = name == "nvidia.com/gpu" and isinstance(value, str) and value.isdecimal()
    return int(str(value)) if whole else value


def _value_from(variable: Mapping[str, Any]) -> SecretKey | ConfigMapKey | PodField | ContainerAmount | None:
    match variable.get("valueFrom"):
        case {"secretKeyRef": {"name": name, "key": key, **rest}}:
            return SecretKey(secret=name, key=key, **given(optional=rest.get("optional")))
        case {"configMapKeyRef": {"name": name, "key": key, **rest}}:
            return ConfigMapKey(config_map=name, key=key, **given(optional=rest.get("optional")))
        case {"fieldRef": {"fieldPath": path}}:
            return PodField(path=path)
        case {"resourceFieldRef": {"resource": resource, **rest}}:
            return ContainerAmount(resource=resource, **given(divisor=rest.get("divisor")))
    return None


def _parameter(found: wire.Parameter) -> Parameter:
    value = _parameter_value(found)
    typed = Parameter(name=found.name, value=value)
    return typed if typed.wire_type == found.type else Parameter(name=found.name, value=value, type=found.type)


def _parameter_value(found: wire.Parameter) -> bool | int | float | str:
    """The value in its own type, where it is written again as it was."""
    text, lowered = found.value, found.value.lower()
    try:
        match found.type:
            case "INT" if str(int(text)) == text:
                return int(text)
            case "FLOAT" | "DOUBLE" if str(float(text)) == text:
                return float(text)
            case "BOOL" if lowered in ("true", "false") and lowered == text:
                return lowered == "true"
    except ValueError:
        pass
    return text
