"""AWS's price list, which moto lacks. Every price is made up; the attributes are those of the real list."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_LINUX = {"operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared", "capacitystatus": "Used"}
_HOURS, _MONTHS = "Hrs", "GB-Mo"
HOURLY = {"m5.large": "0.1000", "m6g.large": "0.0800", "g5.xlarge": "1.0000", "g5.2xlarge": "1.2000"}
"""By instance type, in dollars an hour."""


class Prices:
    """Products with their attributes and prices; a test may take some away."""

    def __init__(self) -> None:
        self.products: list[dict[str, Any]] = [
            *(_machine(kind, price) for kind, price in HOURLY.items()),
            _product("AmazonEKS", "Compute", "0.1000", _HOURS, usagetype="EU-AmazonEKS-Hours:perCluster"),
            _product("AmazonEKS", "Compute", "0.5000", _HOURS, usagetype="EU-AmazonEKS-Hours:extendedSupport"),
            _product("AmazonEC2", "NAT Gateway", "0.0500", _HOURS, usagetype="EU-NatGateway-Hours"),
            _product("AmazonEC2", "NAT Gateway", "0.0500", "GB", usagetype="EU-NatGateway-Bytes"),
            _product("AmazonVPC", "VpcEndpoint", "0.0110", _HOURS, usagetype="EU-VpcEndpoint-Hours"),
            _product("AmazonVPC", "VpcEndpoint", "0.0050", _HOURS, usagetype="EU-PublicIPv4:InUseAddress"),
            _product(
                "AmazonEC2", "Storage", "0.0880", _MONTHS, volumeApiName="gp3", usagetype="EU-EBS:VolumeUsage.gp3"
            ),
            _product("awskms", "Encryption Key", "1.0000", "Keys", usagetype="eu-west-1-KMS-Keys"),
        ]

    def get_products(self, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to GetProducts."""
        wanted = {it["Field"]: it["Value"] for it in given.get("Filters", []) if it["Type"] == "TERM_MATCH"}
        service = given["ServiceCode"]
        found = [it for it in self.products if it["serviceCode"] == service and _fits(it, wanted)]
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(it) for it in found]}


def _fits(product: dict[str, Any], wanted: dict[str, str]) -> bool:
    known = {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}
    return all(known.get(field) == value for field, value in wanted.items())


def _machine(kind: str, price: str) -> dict[str, Any]:
    return _product(
        "AmazonEC2", "Compute Instance", price, _HOURS, instanceType=kind, usagetype=f"EU-BoxUsage:{kind}", **_LINUX
    )


def _product(service: str, family: str, price: str, unit: str, **attributes: str) -> dict[str, Any]:
    sku = hashlib.sha256(repr((service, attributes)).encode()).hexdigest()[:16].upper()
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": price}}
    return {
        "serviceCode": service,
        "product": {
            "sku": sku,
            "productFamily": family,
            "attributes": {"regionCode": "eu-west-1", "servicecode": service, **attributes},
        },
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": {"priceDimensions": {f"{sku}.JRTCKXETXF.6YS6EN2CT7": dimension}}}},
        "publicationDate": "2026-11-20T00:00:00Z",
    }
