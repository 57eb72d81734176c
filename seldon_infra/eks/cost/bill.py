"""What objects of AWS take by the hour, and what that costs: at the fewest nodes and at the most.

What is used and not declared (traffic, requests, logs, volumes and load balancers that the cluster makes) is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seldon_infra.eks.catalogue import OLDEST_STANDARD_VERSION
from seldon_infra.eks.cost.price_list import PriceBook
from seldon_infra.eks.cost.products import HOURS_PER_MONTH, Product, ProductKind

DISK_DEFAULT_GIB = 20
NODES = "node group"


@dataclass(frozen=True)
class Thing:
    """An object of AWS: its type (``EksNodegroup``), its name in the program, and its inputs by their Python names."""

    kind: str
    name: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """Something that is paid for: how much of it at least and at most."""

    name: str
    """Whose it is, in the user's words: ``node group 'gpu'``."""
    what: str
    """``2 to 4 × g5.xlarge``."""
    products: tuple[Product, ...]
    """One of these, whichever it will be."""
    least: Decimal
    most: Decimal


@dataclass(frozen=True)
class Costed:
    """A line with its price by the hour; None where there is none."""

    line: Line
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True)
class Bill:
    """All that is paid for by the hour."""

    lines: tuple[Costed, ...] = ()
    currency: str = "USD"

    @property
    def least(self) -> Decimal:
        """By the hour, with the fewest nodes, as far as there are prices."""
        return sum((it.least for it in self.lines if it.least is not None), Decimal(0))

    @property
    def most(self) -> Decimal:
        """By the hour, with the most nodes, as far as there are prices."""
        return sum((it.most for it in self.lines if it.most is not None), Decimal(0))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Lines that have no price."""
        return tuple(f"{it.line.name}: {it.line.what}" for it in self.lines if it.least is None)


def monthly(hourly: Decimal) -> Decimal:
    """What an hour's price comes to in a month."""
    return hourly * HOURS_PER_MONTH


def lines(things: Iterable[Thing], extended: Collection[str] | None = None) -> tuple[Line, ...]:
    """What is paid for of these objects, in a bill's order.

    Args:
        things: objects of AWS.
        extended: Kubernetes versions that have extended support alone; None takes the library's own calendar.
    """
    there = list(things)
    found = [line for thing in there if thing.kind in _BILLED for line in _BILLED[thing.kind](thing, there)]
    more = [line for thing in there if thing.kind == "EksCluster" for line in _extended(thing, extended)]
    return (*found, *more)


def products(wanted: Iterable[Line]) -> tuple[Product, ...]:
    """Everything that a bill needs a price of, each once."""
    return tuple(dict.fromkeys(product for line in wanted for product in line.products))


def bill(wanted: Iterable[Line], prices: PriceBook) -> Bill:
    """Put prices to lines."""
    costed = tuple(_costed(line, prices) for line in wanted)
    currencies = [it.currency for it in prices.values()]
    return Bill(costed, currencies[0] if currencies else "USD")


def in_words(of: Bill) -> str:
    """Say a bill in a part of a sentence, with what each node group has in it."""
    hourly = _span(f"{of.least:.2f}", f"{of.most:.2f}")
    by_month = _span(f"{monthly(of.least):,.0f}", f"{monthly(of.most):,.0f}")
    names = dict.fromkeys(it.line.name for it in of.lines if it.line.name.startswith(NODES))
    groups = [f"{name} {_hours([it for it in of.lines if it.line.name == name])}" for name in names]
    rest = f"all else {_hours([it for it in of.lines if it.line.name not in names])}"
    return f"{of.currency} {hourly} an hour, {by_month} a month ({', '.join([*groups, rest])})"


def _hours(costed: Iterable[Costed]) -> str:
    priced = [(it.least, it.most) for it in costed if it.least is not None and it.most is not None]
    least, most = sum((it[0] for it in priced), Decimal(0)), sum((it[1] for it in priced), Decimal(0))
    return _span(f"{least:.2f}", f"{most:.2f}")


def _span(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _costed(line: Line, prices: PriceBook) -> Costed:
    known = [prices[it].hourly for it in line.products if it in prices]
    if not known or len(known) < len(line.products):
        return Costed(line, None, None)
    return Costed(line, line.least * min(known), line.most * max(known))


def _nodes(thing: Thing, there: Sequence[Thing]) -> Iterator[Line]:
    inputs, name = thing.inputs, f"{NODES} '{thing.name}'"
    template = next((it for it in there if it.kind == "LaunchTemplate" and it.name == thing.name), None)
    least, most = Decimal(inputs["min_size"]), Decimal(inputs["max_size"])
    least = max(least, Decimal(inputs.get("desired_size") or 0))
    kinds = list(inputs.get("instance_types") or ())
    if inputs.get("capacity_type") == "CAPACITY_BLOCK":
        kinds = []  # It has been paid for when it was booked.
    elif not kinds and template and template.inputs.get("instance_type"):
        kinds = [template.inputs["instance_type"]]
    spot = inputs.get("capacity_type") == "SPOT"
    if kinds:
        # On demand the first type is taken while there is capacity; at spot prices any may come.
        chosen = kinds if spot else kinds[:1]
        wanted = tuple(Product(inputs["region"], "spot" if spot else "machine", kind) for kind in chosen)
        yield Line(
            name, f"{_range(least, most)} × {' or '.join(chosen)}{' (spot)' if spot else ''}", wanted, least, most
        )
    size = _disk(thing, template)
    yield Line(
        name,
        f"{_range(least, most)} × {size} GiB of disk (gp3)",
        (Product(inputs["region"], "disk"),),
        least * size,
        most * size,
    )


def _disk(thing: Thing, template: Thing | None) -> int:
    disks = (template.inputs.get("disks") if template else None) or ()
    return sum(int(it.get("size_gib") or 0) for it in disks) or int(thing.inputs.get("disk_size") or DISK_DEFAULT_GIB)


def _cluster(thing: Thing, there: Sequence[Thing]) -> Iterator[Line]:
    yield _one(thing, f"cluster '{thing.name}'", "control plane", "cluster")
    if (tier := thing.inputs.get("scaling_tier") or "standard") != "standard":
        product = Product(thing.inputs["region"], "control_plane_tier", tier)
        yield Line(f"cluster '{thing.name}'", f"its {tier}", (product,), Decimal(1), Decimal(1))


def _extended(thing: Thing, versions: Collection[str] | None) -> Iterator[Line]:
    version = str(thing.inputs.get("version"))
    is_old = _minor(version) < _minor(OLDEST_STANDARD_VERSION) if versions is None else version in versions
    if is_old:
        yield _one(thing, f"cluster '{thing.name}'", f"extended support of {version}", "extended_support")


def _minor(version: object) -> int:
    number = str(version).rpartition(".")[2]
    return int(number) if number.isdigit() else 10**6


def _nat(thing: Thing, there: Sequence[Thing]) -> Iterator[Line]:
    yield _one(thing, f"NAT gateway '{thing.name}'", "gateway, without traffic", "nat_gateway")
    yield _one(thing, f"NAT gateway '{thing.name}'", "public address", "address")


def _endpoint(thing: Thing, there: Sequence[Thing]) -> Iterator[Line]:
    if thing.inputs.get("kind") == "Interface":
        count = Decimal(len(thing.inputs.get("subnet_ids") or ()) or 1)
        wanted = (Product(thing.inputs["region"], "endpoint"),)
        yield Line(f"endpoint '{thing.name}'", f"{count} × interface, without traffic", wanted, count, count)


def _key(thing: Thing, there: Sequence[Thing]) -> Iterator[Line]:
    yield _one(thing, f"key '{thing.name}'", "KMS key, without requests", "key")


def _one(thing: Thing, name: str, what: str, kind: ProductKind) -> Line:
    return Line(name, what, (Product(thing.inputs["region"], kind),), Decimal(1), Decimal(1))


def _range(least: Decimal, most: Decimal) -> str:
    return _span(str(least), str(most))


_BILLED: Mapping[str, Callable[[Thing, Sequence[Thing]], Iterator[Line]]] = {
    "EksCluster": _cluster,
    "EksNodegroup": _nodes,
    "NatGateway": _nat,
    "VpcEndpoint": _endpoint,
    "KmsKey": _key,
}
