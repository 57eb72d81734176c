"""What the price list's answers say: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from seldon_infra.eks.cost.products import Listing, Product, per_hour

OLD_AFTER_DAYS = 7
SPOT_OLD_AFTER_DAYS = 1


@dataclass(frozen=True)
class Price:
    """What an hour costs, and when AWS said so."""

    hourly: Decimal
    currency: str
    asked: date

    def is_old(self, product: Product, today: date) -> bool:
        """Whether it should be asked for again."""
        most = SPOT_OLD_AFTER_DAYS if product.kind == "spot" else OLD_AFTER_DAYS
        return (today - self.asked).days >= most


PriceBook = Mapping[Product, Price]


def price_in(entries: Iterable[str], listing: Listing, today: date) -> Price | None:
    """Find a product's price among what GetProducts gave; None where it is not there."""
    for entry in entries:
        found = json.loads(entry)
        if listing.usage.match(str(found["product"].get("attributes", {}).get("usagetype", ""))):
            for amount, currency in _first_tiers(found.get("terms", {}).get("OnDemand", {})):
                return Price(per_hour(amount, listing.period), currency, today)
    return None


def _first_tiers(terms: Mapping[str, Any]) -> Iterator[tuple[Decimal, str]]:
    """Prices of the first piece: later ones are cheaper at amounts that no stack of ours comes to."""
    for term in terms.values():
        for dimension in term.get("priceDimensions", {}).values():
            if dimension.get("beginRange", "0") == "0":
                yield from _amounts(dimension["pricePerUnit"])


def _amounts(price: Mapping[str, str]) -> Iterator[tuple[Decimal, str]]:
    for currency, text in price.items():
        try:
            amount = Decimal(text)
        except InvalidOperation:
            continue
        # What costs nothing is a reservation's part or a free tier, never what an hour costs.
        if amount.is_finite() and amount > 0:
            yield amount, currency


def spot_prices(answers: Iterable[Mapping[str, Any]], region: str, today: date) -> dict[Product, Price]:
    """The latest spot prices, of DescribeSpotPriceHistory: the dearest zone's, for nobody knows where a node starts."""
    latest: dict[tuple[str, str], tuple[Any, Decimal]] = {}
    for answer in answers:
        for it in answer["SpotPriceHistory"]:
            key = it["InstanceType"], it["AvailabilityZone"]
            if key not in latest or it["Timestamp"] > latest[key][0]:
                latest[key] = it["Timestamp"], Decimal(it["SpotPrice"])
    dearest: dict[str, Decimal] = {}
    for (kind, _), (_, amount) in latest.items():
        dearest[kind] = max(amount, dearest.get(kind, Decimal(0)))
    return {Product(region, "spot", kind): Price(amount, "USD", today) for kind, amount in dearest.items()}
