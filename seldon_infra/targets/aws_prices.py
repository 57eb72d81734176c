"""Prices of AWS, kept in the user's cache by region with the day on which AWS gave each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import cast

from seldon_infra.clusters.in_time import in_time
from seldon_infra.core.atomic import write
from seldon_infra.core.paths import cache_dir
from seldon_infra.eks.aws.read import versions
from seldon_infra.eks.aws.survey import ALL_ANSWERS_SECONDS, Aws, today
from seldon_infra.eks.cost.ask import ask
from seldon_infra.eks.cost.price_list import Price
from seldon_infra.eks.cost.products import Product, ProductKind


@dataclass(frozen=True)
class Prices:
    """What is known of prices, and what is to be said about it."""

    book: Mapping[Product, Price]
    notes: tuple[str, ...] = field(default=())


def prices(products: Iterable[Product]) -> Prices:
    """Give prices: those of the last days from the cache, others from AWS, else old ones that say so."""
    wanted = sorted(set(products), key=str)
    kept = {price: it for region in {it.region for it in wanted} for price, it in _read(region).items()}
    book = {it: kept[it] for it in wanted if it in kept}
    missing = [it for it in wanted if it not in book or book[it].is_old(it, today())]
    if not missing:
        return Prices(book, tuple(_dates(book)))
    come, reasons = ask(missing)
    book |= come
    for region in {it.region for it in come}:
        _keep(region, {**kept, **come})
    return Prices(book, (*_dates(book), *_old(book), *_absent(wanted, book, reasons)))


def extended_versions(region: str) -> frozenset[str] | None:
    """Ask EKS which Kubernetes versions have extended support alone; None where it does not answer."""
    ask_versions = partial(Aws(region).pages, "eks", "describe_cluster_versions", includeAll=True)
    pages = in_time({"": ask_versions}, ALL_ANSWERS_SECONDS)[""]
    if isinstance(pages, Exception):
        return None
    return frozenset(it.name for it in versions(pages).values() if it.support == "extended")


def _dates(book: Mapping[Product, Price]) -> Iterable[str]:
    if book:
        days = sorted({it.asked for it in book.values()})
        when = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
        yield f"prices are AWS's of {when}, without discounts and taxes"


def _old(book: Mapping[Product, Price]) -> Iterable[str]:
    if old := [product for product, price in book.items() if price.is_old(product, today())]:
        days = max((today() - book[it].asked).days for it in old)
        yield f"OLD PRICES, up to {days} days, for AWS was not reached: {', '.join(map(str, old))}"


def _absent(wanted: Iterable[Product], book: Mapping[Product, Price], reasons: tuple[str, ...]) -> Iterable[str]:
    if absent := [str(it) for it in wanted if it not in book]:
        why = f" ({'; '.join(reasons)})" if reasons else ", for none was found in AWS's price list"
        yield f"NO PRICE of {', '.join(absent)}{why}"


def _file(region: str) -> Path:
    return cache_dir() / "aws-prices" / f"{region}.json"


def _read(region: str) -> dict[Product, Price]:
    """What is in the cache; a file that cannot be read is none."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        kept = json.loads(_file(region).read_text(encoding="utf-8"))["prices"]
        return {_product(region, key): _price(it) for key, it in kept.items()}
    return {}


def _product(region: str, key: str) -> Product:
    kind, _, name = key.partition(" ")
    return Product(region, cast("ProductKind", kind), name)


def _price(kept: Mapping[str, str]) -> Price:
    return Price(Decimal(kept["hourly"]), kept["currency"], date.fromisoformat(kept["asked"]))


def _keep(region: str, book: Mapping[Product, Price]) -> None:
    """Write the cache; where it cannot be written, prices are asked for again the next time."""
    rows = {
        str(product): {"hourly": str(price.hourly), "currency": price.currency, "asked": str(price.asked)}
        for product, price in sorted(book.items(), key=lambda it: str(it[0]))
        if product.region == region
    }
    with suppress(OSError):
        _file(region).parent.mkdir(parents=True, exist_ok=True)
        write(_file(region), json.dumps({"prices": rows}, indent=1) + "\n")
