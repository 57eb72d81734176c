"""What is paid for by the hour or the month, and how AWS's price list names it.

Source: the Price List Query API (GetProducts) and its offers AmazonEC2, AmazonEKS, AmazonVPC and awskms; a usage type
begins with a region's short name, which us-east-1 has none of. Extended support is on top of a cluster's hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

HOURS_PER_MONTH = 730
"""As AWS's own calculator counts a month."""

ProductKind: TypeAlias = Literal[
    "machine",
    "spot",
    "cluster",
    "control_plane_tier",
    "extended_support",
    "nat_gateway",
    "address",
    "endpoint",
    "disk",
    "key",
]
Period: TypeAlias = Literal["hour", "month"]


@dataclass(frozen=True)
class Product:
    """One thing that AWS has a price for in a region."""

    region: str
    kind: ProductKind
    name: str = ""
    """Instance type of a machine, or a control plane's tier."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


@dataclass(frozen=True)
class Question:
    """What GetProducts is asked."""

    service: str
    filters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listing:
    """Where the price list has a product."""

    question: Question
    usage: re.Pattern[str]
    period: Period = "hour"


_LINUX = {"operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared", "capacitystatus": "Used"}
_USAGES: Mapping[ProductKind, tuple[str, Mapping[str, str], str, Period]] = {
    "cluster": ("AmazonEKS", {}, r"AmazonEKS-Hours:perCluster", "hour"),
    "extended_support": ("AmazonEKS", {}, r"AmazonEKS-Hours:extendedSupport", "hour"),
    "nat_gateway": ("AmazonEC2", {"productFamily": "NAT Gateway"}, r"NatGateway-Hours", "hour"),
    "address": ("AmazonVPC", {}, r"PublicIPv4:InUseAddress", "hour"),
    "endpoint": ("AmazonVPC", {}, r"VpcEndpoint-Hours", "hour"),
    "disk": ("AmazonEC2", {"productFamily": "Storage", "volumeApiName": "gp3"}, r"EBS:VolumeUsage\.gp3", "month"),
    "key": ("awskms", {}, r"KMS-Keys", "month"),
}


def listing(product: Product) -> Listing | None:
    """Where the price list has a product; spot prices are not in it, and how it calls tiers is not known."""
    if product.kind == "machine":
        asked = {"instanceType": product.name, **_LINUX}
        return Listing(_question("AmazonEC2", product, asked), _usage(f"BoxUsage:{re.escape(product.name)}"))
    if product.kind not in _USAGES:
        return None
    service, filters, usage, period = _USAGES[product.kind]
    return Listing(_question(service, product, filters), _usage(usage), period)


def _question(service: str, product: Product, filters: Mapping[str, str]) -> Question:
    return Question(service, (("regionCode", product.region), *filters.items()))


def _usage(ending: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[\w-]+-)?{ending}\Z")


def per_hour(amount: Decimal, period: Period) -> Decimal:
    """A price as one of an hour."""
    return amount if period == "hour" else amount / HOURS_PER_MONTH
