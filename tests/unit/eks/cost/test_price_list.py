"""What AWS's price list says, read as prices by the hour."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from seldon_infra.eks.cost.price_list import Price, price_in, spot_prices
from seldon_infra.eks.cost.products import Product, listing

DAY = date(2026, 11, 25)


def entry(usage: str, *prices: tuple[str, str], currency: str = "USD") -> str:
    """An entry with prices by where their piece begins."""
    pieces: dict[str, Any] = {
        begin: {"beginRange": begin, "pricePerUnit": {currency: price}} for begin, price in prices
    }
    terms = {"OnDemand": {"term": {"priceDimensions": pieces}}}
    return json.dumps({"product": {"attributes": {"usagetype": usage}}, "terms": terms})


def found(kind: str, *entries: str, name: str = "") -> Price | None:
    where = listing(Product("eu-west-1", kind, name))  # type: ignore[arg-type]
    assert where is not None
    return price_in(entries, where, DAY)


def test_a_product_is_known_by_its_usage_type_and_not_by_one_like_it() -> None:
    entries = [
        entry("EU-NatGateway-Bytes", ("0", "0.048")),
        entry("EU-RegionalNatGateway-Hours", ("0", "0.9")),
        entry("EU-NatGateway-Hours", ("0", "0.048")),
    ]
    assert found("nat_gateway", *entries) == Price(Decimal("0.048"), "USD", DAY)
    assert found("nat_gateway", *entries[:2]) is None
    assert found("nat_gateway", entry("NatGateway-Hours", ("0", "0.045"))) is not None  # us-east-1


def test_a_machine_is_one_that_runs_and_not_one_that_is_reserved() -> None:
    entries = [
        entry("EU-UnusedBox:g5.xlarge", ("0", "2")),
        entry("EU-BoxUsage:g5.xlarge", ("0", "0.0000000000")),
        entry("EU-BoxUsage:g5.xlarge", ("0", "1.123")),
    ]
    assert found("machine", *entries, name="g5.xlarge") == Price(Decimal("1.123"), "USD", DAY)


def test_the_first_piece_counts_and_a_month_is_730_hours() -> None:
    price = found("disk", entry("EU-EBS:VolumeUsage.gp3", ("100", "1"), ("0", "73")))
    assert price is not None
    assert price.hourly == Decimal("0.1")


def test_another_currency_is_kept() -> None:
    price = found("cluster", entry("CNN1-AmazonEKS-Hours:perCluster", ("0", "0.688"), currency="CNY"))
    assert price == Price(Decimal("0.688"), "CNY", DAY)


@pytest.mark.parametrize("price", ["free", "NaN", "0", "-1"])
def test_what_is_no_price_is_passed_over(price: str) -> None:
    assert found("cluster", entry("EU-AmazonEKS-Hours:perCluster", ("0", price))) is None


def test_a_spot_price_is_the_latest_of_the_dearest_zone() -> None:
    def row(zone: str, price: str, hour: int) -> dict[str, Any]:
        at = datetime(2026, 11, 25, hour, tzinfo=UTC)
        return {"InstanceType": "g5.xlarge", "AvailabilityZone": zone, "SpotPrice": price, "Timestamp": at}

    answers = [{"SpotPriceHistory": [row("a", "0.9", 1), row("a", "0.4", 2), row("b", "0.5", 2)]}]
    assert spot_prices(answers, "eu-west-1", DAY) == {
        Product("eu-west-1", "spot", "g5.xlarge"): Price(Decimal("0.5"), "USD", DAY)
    }


def test_a_price_is_old_after_a_week_and_a_spot_price_after_a_day() -> None:
    price = Price(Decimal(1), "USD", DAY)
    machine, spot = Product("eu-west-1", "machine", "m5.large"), Product("eu-west-1", "spot", "m5.large")
    assert not price.is_old(machine, DAY.replace(day=30))
    assert price.is_old(machine, date(2026, 12, 2))
    assert not price.is_old(spot, DAY)
    assert price.is_old(spot, DAY.replace(day=26))
