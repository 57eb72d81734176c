"""Prices are AWS's own, kept for a while with their day, and said to be old or missing where they are."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.eks import aws_session
from seldon_infra.eks.cost.products import Product
from seldon_infra.targets import aws_prices
from tests.aws.loopback import Loopback
from tests.aws.loopback.fixtures import loopback, moto_address

pytestmark = pytest.mark.aws

__all__ = ["loopback", "moto_address"]
REGION = "eu-west-1"
EVERYTHING = [
    Product(REGION, "machine", "g5.xlarge"),
    Product(REGION, "machine", "m5.large"),
    *(Product(REGION, kind) for kind in ("cluster", "extended_support", "nat_gateway", "address", "endpoint")),  # type: ignore[arg-type]
    Product(REGION, "disk"),
    Product(REGION, "key"),
]


@pytest.fixture
def aws(loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """An account that is reached, and an empty cache."""
    for name, value in {**loopback.environment, "SELDON_INFRA_CACHE": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("seldon_infra.eks.cost.ask.ALL_ANSWERS_SECONDS", 240.0)
    aws_session.forget()
    return loopback


def on(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be that day."""
    monkeypatch.setattr("seldon_infra.targets.aws_prices.today", lambda: day)
    monkeypatch.setattr("seldon_infra.eks.cost.ask.today", lambda: day)


def test_every_kind_of_price_comes_and_each_question_is_asked_once(aws: Loopback) -> None:
    found = aws_prices.prices(EVERYTHING)
    assert set(found.book) == set(EVERYTHING)
    assert found.book[EVERYTHING[0]].hourly == Decimal("1.0000")
    assert found.book[Product(REGION, "disk")].hourly == Decimal("0.0880") / 730
    assert aws.times() == {"pricing.GetProducts": 7}  # machines 2, and EKS, NAT, VPC, disks and keys
    assert len(found.notes) == 1
    assert found.notes[0].endswith("without discounts and taxes")


def test_prices_of_this_week_are_not_asked_for_again(aws: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    on(date(2026, 11, 1), monkeypatch)
    first = aws_prices.prices(EVERYTHING)
    aws.calls.clear()
    on(date(2026, 11, 7), monkeypatch)
    assert aws_prices.prices(EVERYTHING) == first
    assert aws.calls == []
    on(date(2026, 11, 8), monkeypatch)
    aws_prices.prices(EVERYTHING)
    assert aws.times() == {"pricing.GetProducts": 7}


def test_old_prices_count_and_say_so_where_aws_is_not_reached(aws: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    on(date(2026, 11, 1), monkeypatch)
    aws_prices.prices(EVERYTHING[:1])
    aws.faults.deny("pricing.*")
    on(date(2026, 11, 21), monkeypatch)
    found = aws_prices.prices(EVERYTHING[:2])
    assert set(found.book) == {EVERYTHING[0]}
    assert found.notes == (
        "prices are AWS's of 2026-11-01, without discounts and taxes",
        "OLD PRICES, up to 20 days, for AWS was not reached: machine g5.xlarge",
        "NO PRICE of machine m5.large (no right to pricing:GetProducts)",
    )


def test_what_the_list_does_not_have_is_said(aws: Loopback) -> None:
    found = aws_prices.prices([Product(REGION, "machine", "p5.48xlarge")])
    assert not found.book
    assert found.notes == ("NO PRICE of machine p5.48xlarge, for none was found in AWS's price list",)


def test_spot_prices_are_asked_of_ec2(aws: Loopback) -> None:
    spot = Product(REGION, "spot", "g5.xlarge")
    assert aws_prices.prices([spot]).book[spot].hourly == Decimal("0.00001")
    assert aws.times() == {"ec2.DescribeSpotPriceHistory": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"prices": {"machine m5.large": {"hourly": "x"}}}'])
def test_a_cache_that_cannot_be_read_is_none(aws: Loopback, tmp_path: Path, text: str) -> None:
    (tmp_path / "aws-prices").mkdir()
    file = tmp_path / "aws-prices/eu-west-1.json"
    file.write_text(text)
    assert set(aws_prices.prices(EVERYTHING[:2]).book) == set(EVERYTHING[:2])
    kept: dict[str, Any] = json.loads(file.read_text())["prices"]
    assert set(kept) == {"machine g5.xlarge", "machine m5.large"}


def test_a_cache_that_cannot_be_written_stops_nobody(
    aws: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "file"))
    assert len(aws_prices.prices(EVERYTHING[:1]).book) == 1
