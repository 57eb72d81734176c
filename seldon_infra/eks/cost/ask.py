"""Asks AWS for prices: the price list for what it has, EC2 for spot prices; all at once, for a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from seldon_infra.clusters.in_time import in_time
from seldon_infra.eks.aws.survey import ALL_ANSWERS_SECONDS, Aws, NotAnswered, NotThere, today
from seldon_infra.eks.cost.price_list import Price, price_in, spot_prices
from seldon_infra.eks.cost.products import Listing, Product, Question, listing

_LINUX = "Linux/UNIX"


def ask(products: Iterable[Product]) -> tuple[dict[Product, Price], tuple[str, ...]]:
    """Give the prices that AWS knows, and why others are not known.

    Args:
        products: what a price is wanted of.
    """
    wanted = list(products)
    listed = {product: where for product in wanted if (where := listing(product)) is not None}
    spot: dict[str, list[str]] = {}
    for product in wanted:
        if product.kind == "spot":
            spot.setdefault(product.region, []).append(product.name)
    calls: dict[Question | str, Callable[[], Any]] = {
        where.question: partial(_entries, where.question) for where in listed.values()
    }
    calls |= {region: partial(_spot, region, kinds) for region, kinds in spot.items()}
    answers = in_time(calls, ALL_ANSWERS_SECONDS)
    reasons = dict.fromkeys(_why(it) for it in answers.values() if isinstance(it, Exception))
    return {**_of_list(listed, answers), **_of_spot(spot, answers)}, tuple(reasons)


def _of_list(listed: Mapping[Product, Listing], answers: Mapping[Any, Any]) -> dict[Product, Price]:
    found: dict[Product, Price] = {}
    for product, where in listed.items():
        entries = answers[where.question]
        price = None if isinstance(entries, Exception) else price_in(entries, where, today())
        if price is not None:
            found[product] = price
    return found


def _of_spot(spot: Mapping[str, Sequence[str]], answers: Mapping[Any, Any]) -> dict[Product, Price]:
    found: dict[Product, Price] = {}
    for region in spot:
        if not isinstance(answers[region], Exception):
            found |= spot_prices(answers[region], region, today())
    return found


def _entries(question: Question) -> list[str]:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in question.filters]
    region = dict(question.filters)["regionCode"]
    pages = Aws(_home(region)).pages("pricing", "get_products", ServiceCode=question.service, Filters=filters)
    return [entry for page in pages for entry in page["PriceList"]]


def _home(region: str) -> str:
    """Where a partition's price list is kept."""
    return "cn-northwest-1" if region.startswith("cn-") else "us-east-1"


def _spot(region: str, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
    now = datetime.now(UTC)
    asked: dict[str, object] = {
        "InstanceTypes": list(kinds),
        "ProductDescriptions": [_LINUX],
        "StartTime": now,
        "EndTime": now,
    }
    return Aws(region).pages("ec2", "describe_spot_price_history", **asked)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {ALL_ANSWERS_SECONDS:g} s"
    return str(error) if isinstance(error, NotAnswered | NotThere) else f"an answer that cannot be read ({error!r})"
