"""Rules about what containers use: amounts as Kubernetes writes them, and limits that leave room for requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import is_known, known
from seldon_infra.core.names import is_qualified_name
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import InPredictor, resources_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from seldon_infra.graph.spec import Amounts

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
            if asked is not None and most is not None and asked > most:
                got = f"{field}.requests.{name} {_plain(request)} over {field}.limits.{name} {_plain(limits[name])}"
                yield Problem(path, got, "must be at most the limit", f"write {name}={limits[name]!r} in requests")


def gpus_are_limits(at: InPredictor) -> Iterator[Problem]:
    """Kubernetes hands out whole GPUs by their limit; a request must equal it."""
    for path, field, resources in resources_in(at):
        asked = resources.requests.gpu if resources.requests else None
        most = resources.limits.gpu if resources.limits else None
        if is_known(asked) and (most is None or (is_known(most) and asked != most)):
            got = f"{field}.requests.gpu {asked} with {field}.limits.gpu {'not set' if most is None else most}"
            yield Problem(path, got, "must be equal", f"write gpu={asked} in limits and remove it from requests")


def other_resources_are_names(at: InPredictor) -> Iterator[Problem]:
    """Resources that the library does not know have qualified names."""
    for path, field, resources in resources_in(at):
        for kind, amounts in (("requests", resources.requests), ("limits", resources.limits)):
            for name in amounts.others if amounts else ():
                if not is_qualified_name(name):
                    want = "must be the name of a Kubernetes resource"
                    yield Problem(path, f"{field}.{kind}.others['{name}']", want, "write it as 'vendor.com/name'")


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
    elif name == "cpu" and _finer_than_milli(amount):
        want = "must be whole thousandths of a core"
        yield Problem(path, f"{field} {_plain(value)}", want, f"write cpu={example}")


def _finer_than_milli(cores: Decimal) -> bool:
    milli = cores * 1000
    return milli != milli.to_integral_value()


def _plain(value: str | int | float) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


PREDICTOR_RULES = (amounts_are_quantities, limits_leave_room, gpus_are_limits, other_resources_are_names)
