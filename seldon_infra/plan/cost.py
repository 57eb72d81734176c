"""What a preview does to the bill of AWS: by the hour and the month, before and after.

Pure: it takes the engine's steps, and prices that are handed in; what has none says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from seldon_infra.core.changes import Action
from seldon_infra.drift.events import Step
from seldon_infra.eks.cost.bill import Bill, Costed, Line, Thing, bill, lines, monthly
from seldon_infra.eks.cost.price_list import PriceBook

AWS = "seldon:aws:"
_RECORDS = frozenset({"update", "remote_access", "launch_template", "auto_mode", "remote_networks", "outpost"})
"""Inputs that are one record; lists hold records as well, and every other mapping is the user's own."""
Hourly: TypeAlias = tuple[Decimal, Decimal] | None
"""With the fewest nodes and with the most; None where there is nothing, or no price."""


@dataclass(frozen=True)
class Wanted:
    """What is paid for before and after."""

    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Row:
    """What one object of the user's costs."""

    name: str
    before: Hourly
    after: Hourly
    is_priced: bool = True


@dataclass(frozen=True)
class Cost:
    """The bill before and after, and what is to be said about its prices."""

    before: Bill
    after: Bill
    notes: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.after.currency

    @property
    def rows(self) -> tuple[Row, ...]:
        """By the object's name, in the bill's order."""
        names = dict.fromkeys(it.line.name for it in (*self.before.lines, *self.after.lines))
        return tuple(self._row(name) for name in names)

    def _row(self, name: str) -> Row:
        old = [it for it in self.before.lines if it.line.name == name]
        new = [it for it in self.after.lines if it.line.name == name]
        return Row(name, _sum(old), _sum(new), all(it.least is not None for it in (*old, *new)))


def clusters(steps: Iterable[Step]) -> tuple[str, ...]:
    """Regions that the stack has a cluster in."""
    found = [step.new or step.old for step in steps if step.type == f"{AWS}EksCluster"]
    return tuple(dict.fromkeys(str(inputs["region"]) for inputs in found))


def wanted(steps: Iterable[Step], extended: Collection[str] | None = None) -> Wanted:
    """What a preview's objects are paid for.

    Args:
        steps: of the preview, also those of objects that stay as they are.
        extended: Kubernetes versions that have extended support alone; None takes the library's own calendar.
    """
    there = [step for step in steps if step.type.startswith(AWS)]
    before = [_thing(it, it.old) for it in there if it.action is not Action.CREATE and it.old]
    after = [_thing(it, it.new) for it in there if it.action is not Action.DELETE and it.new]
    return Wanted(lines(before, extended), lines(after, extended))


def cost(of: Wanted, prices: PriceBook, notes: Iterable[str] = ()) -> Cost | None:
    """Put prices to what is paid for; None where nothing is."""
    if not of.before and not of.after:
        return None
    return Cost(bill(of.before, prices), bill(of.after, prices), tuple(notes))


def amount(hourly: Hourly) -> str:
    """Write a price by the hour: ``0.35``, ``0.35 to 4.35``, ``-`` where there is none."""
    return "-" if hourly is None else _range(*(f"{it:.3f}" for it in hourly))


def monthly_amount(hourly: Hourly) -> str:
    """Write what a price by the hour comes to in a month: ``256``, ``256 to 3,176``."""
    return "-" if hourly is None else _range(*(f"{monthly(it):,.0f}" for it in hourly))


def total(of: Bill) -> Hourly:
    """By the hour, with the fewest and the most nodes; None of a bill without lines."""
    return (of.least, of.most) if of.lines else None


def tree(found: Cost) -> dict[str, Any]:
    """The cost as plain data: amounts are text, so that none is rounded."""
    return {
        "currency": found.currency,
        "notes": list(found.notes),
        "before": _bill_tree(found.before),
        "after": _bill_tree(found.after),
    }


def _bill_tree(found: Bill) -> dict[str, Any]:
    least = {"hourly": _text(found.least), "monthly": _text(monthly(found.least))}
    most = {"hourly": _text(found.most), "monthly": _text(monthly(found.most))}
    lines = [
        {
            "name": it.line.name,
            "what": it.line.what,
            "least_hourly": _text(it.least),
            "most_hourly": _text(it.most),
        }
        for it in found.lines
    ]
    return {"least": least, "most": most, "unpriced": list(found.unpriced), "lines": lines}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.6f}"


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _sum(costed: Iterable[Costed]) -> Hourly:
    priced = [(it.least, it.most) for it in costed if it.least is not None and it.most is not None]
    if not priced:
        return None
    return sum((it[0] for it in priced), Decimal(0)), sum((it[1] for it in priced), Decimal(0))


def _thing(step: Step, inputs: Mapping[str, Any]) -> Thing:
    return Thing(step.type.removeprefix(AWS), step.name, python_names(inputs))


def python_names(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by their Python names; keys of mappings that are the user's own, such as tags, stay as they are."""
    return {_snake(key): _records(_snake(key), value) for key, value in inputs.items()}


def _records(name: str, value: Any) -> Any:
    if name in _RECORDS and isinstance(value, Mapping):
        return python_names(value)
    if isinstance(value, list | tuple):
        return [python_names(item) if isinstance(item, Mapping) else item for item in value]
    return value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
