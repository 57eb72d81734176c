"""Rules about what containers use: amounts as Kubernetes writes them, and limits that leave room for requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import is_later, known
from seldon_infra.core.names import is_qualified_name
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import InPredictor, resources_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from seldon_infra.graph.spec import Amounts, Resources

_FIELDS = {
    "cpu": "cpu",
    "memory": "memory",
    "ephemeral-storage": "ephemeral_storage",
    "nvidia.com/gpu": "gpu",
}
_WHOLE = {
    "cpu": "must be whole thousandths of a core",
    "memory": "must be whole bytes",
    "ephemeral_storage": "must be whole bytes",
}
_NVIDIA = "nvidia.com/"
_OF_NODES = "resources"
"""The field that :func:`resources_in` names for nodes of the graph."""
_EXAMPLES = {"cpu": "'500m'", "memory": "'1Gi'", "ephemeral_storage": "'2Gi'", "gpu": "1"}


def amounts_are_quantities(at: InPredictor) -> Iterator[Problem]:
    """An amount is a number with a suffix that Kubernetes knows, and not negative."""
    for path, field, resources in resources_in(at):
        for kind, amounts in (("requests", resources.requests), ("limits", resources.limits)):
            for name, value in _known_amounts(amounts):
                yield from _quantity(path, f"{field}.{kind}.{name}", name, value)


def limits_leave_room(at: InPredictor) -> Iterator[Problem]:
    """The API server refuses a limit below its request."""
    for path, field, resources in resources_in(at):
        limits = dict(_known_amounts(resources.limits))
        for name, request in _known_amounts(resources.requests):
            asked, most = parse_quantity(request), parse_quantity(limits.get(name, "x"))
            if name in _WHOLE and asked is not None and most is not None and asked > most:
                got = f"{field}.requests.{name} {_plain(request)} over {field}.limits.{name} {_plain(limits[name])}"
                yield Problem(path, got, "must be at most the limit", f"write {name}={limits[name]!r} in requests")


def extended_resources_are_limits(at: InPredictor) -> Iterator[Problem]:
    """Kubernetes hands out whole GPUs and the like by their limit; a request must equal it."""
    for path, field, resources in resources_in(at):
        limits = dict(_known_amounts(resources.limits))
        for name, asked in _known_amounts(resources.requests):
            if name in _WHOLE or name in _awaited(resources.limits):
                continue
            if name in limits and parse_quantity(asked) == parse_quantity(limits[name]):
                continue
            limit = _plain(limits[name]) if name in limits else "not set"
            got = f"{field}.requests.{name} {_plain(asked)} with {field}.limits.{name} {limit}"
            fix = f"write {name}={asked!r} in limits and remove it from requests"
            yield Problem(path, got, "must be equal", fix)


def other_resources_are_names(at: InPredictor) -> Iterator[Problem]:
    """Resources that the library does not know have qualified names; those that it knows have fields."""
    for path, field, resources in resources_in(at):
        for kind, amounts in (("requests", resources.requests), ("limits", resources.limits)):
            for name in amounts.others if amounts else ():
                got = f"{field}.{kind}.others['{name}']"
                if name in _FIELDS:
                    yield Problem(path, got, "must be given by its field", f"write {_FIELDS[name]}=…")
                elif not _is_resource(name):
                    want = "must be the name of a Kubernetes resource"
                    yield Problem(path, got, want, "write it as 'vendor.com/name'")


def gpu_memory_goes_with_gpus(at: InPredictor) -> Iterator[Problem]:
    """Memory of GPUs is an amount, asked for where GPUs are, in pods that the library writes."""
    for path, field, resources in resources_in(at):
        if resources.gpu_memory is None:
            continue
        if field != _OF_NODES:
            want = "must be on a node of the graph, whose pod it chooses the place of"
            yield Problem(path, f"{field}.gpu_memory is set", want, "remove it")
        elif not _has_gpus(resources):
            want = "must go with GPUs, whose memory it is"
            yield Problem(path, f"{field}.gpu_memory is set", want, "write limits=Amounts(gpu=1)")
        memory = resources.gpu_memory
        if isinstance(memory, str | int) and (parse_quantity(memory) or 0) <= 0:
            want = "must be a quantity of Kubernetes, more than 0"
            yield Problem(path, f"{field}.gpu_memory {_plain(memory)}", want, "write gpu_memory='16Gi'")


def _has_gpus(resources: Resources) -> bool:
    """Whether there are GPUs, whole ones or devices of MIG; an amount of later may be any."""
    limits = resources.limits
    return limits is not None and (limits.gpu is not None or any(it.startswith(_NVIDIA) for it in limits.others))


def _awaited(amounts: Amounts | None) -> set[str]:
    """Names of extended resources whose amount comes later."""
    if amounts is None:
        return set()
    others = {f"others['{name}']" for name, amount in amounts.others.items() if is_later(amount)}
    return others | ({"gpu"} if is_later(amounts.gpu) else set())


def _is_resource(name: str) -> bool:
    domain, slash, _ = name.partition("/")
    known_domain = bool(slash) and not domain.endswith("kubernetes.io") and not domain.startswith("requests.")
    return is_qualified_name(name) and (known_domain or name.startswith("hugepages-"))


def _known_amounts(amounts: Amounts | None) -> Iterator[tuple[str, str | int | float]]:
    if amounts is None:
        return
    for name in _EXAMPLES:
        value = known(getattr(amounts, name))
        if value is not None:
            yield name, value
    for name, other in amounts.others.items():
        if isinstance(other, str | int):
            yield f"others['{name}']", other


def _quantity(path: str, field: str, name: str, value: str | int | float) -> Iterator[Problem]:
    amount = parse_quantity(value)
    example = _EXAMPLES.get(name, "1")
    if amount is None:
        want = "must be a quantity of Kubernetes"
        yield Problem(path, f"{field} {_plain(value)}", want, f"write {name}={example}")
    elif amount < 0:
        yield Problem(path, f"{field} {_plain(value)}", "must not be negative", f"write {name}={example}")
    elif not _is_whole(amount * 1000 if name == "cpu" else amount):
        yield Problem(
            path, f"{field} {_plain(value)}", _WHOLE.get(name, "must be a whole number"), f"write {name}={example}"
        )


def _is_whole(amount: Decimal) -> bool:
    return amount == amount.to_integral_value()


def _plain(value: str | int | float) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


PREDICTOR_RULES = (
    amounts_are_quantities,
    limits_leave_room,
    extended_resources_are_limits,
    other_resources_are_names,
    gpu_memory_goes_with_gpus,
)
