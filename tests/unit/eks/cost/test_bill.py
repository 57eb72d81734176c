"""What a cluster costs: its parts by the hour, at the fewest nodes and at the most."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from seldon_infra.eks import render
from seldon_infra.eks.cost.bill import Bill, Thing, bill, in_words, lines, monthly, products
from seldon_infra.eks.cost.price_list import Price
from seldon_infra.eks.cost.products import Product
from seldon_infra.eks.spec import EksCluster, NewVpc
from tests.unit.eks.aws.account import ZONES, cluster, gpus, group

DAY = date(2026, 11, 25)
HOURLY = {
    "cluster": "0.1",
    "extended_support": "0.5",
    "nat_gateway": "0.05",
    "address": "0.005",
    "endpoint": "0.011",
    "disk": "0.0001",
    "key": "0.002",
    "machine m5.large": "0.1",
    "machine g5.xlarge": "1",
    "spot g5.xlarge": "0.4",
    "spot g5.2xlarge": "0.5",
}


def product(text: str) -> Product:
    kind, _, name = text.partition(" ")
    return Product("eu-west-1", kind, name)  # type: ignore[arg-type]


PRICES = {product(text): Price(Decimal(amount), "USD", DAY) for text, amount in HOURLY.items()}


def billed(of: EksCluster, prices: Any = PRICES) -> Bill:
    parts = render.cluster(of).all
    return bill(lines(Thing(part.kind, part.name, part.inputs) for part in parts), prices)


def costs(found: Bill) -> dict[str, tuple[str, str]]:
    return {f"{it.line.name}: {it.line.what}": (str(it.least), str(it.most)) for it in found.lines}


def test_every_part_that_is_paid_for_is_a_line() -> None:
    assert costs(billed(cluster(network=NewVpc(zones=ZONES, nat="per_zone")))) == {
        "cluster 'prod': control plane": ("0.1", "0.1"),
        "NAT gateway 'nat-eu-west-1a': gateway, without traffic": ("0.05", "0.05"),
        "NAT gateway 'nat-eu-west-1a': public address": ("0.005", "0.005"),
        "NAT gateway 'nat-eu-west-1b': gateway, without traffic": ("0.05", "0.05"),
        "NAT gateway 'nat-eu-west-1b': public address": ("0.005", "0.005"),
        "key 'secrets': KMS key, without requests": ("0.002", "0.002"),
        "node group 'system': 2 to 4 × m5.large": ("0.2", "0.4"),
        "node group 'system': 2 to 4 × 80 GiB of disk (gp3)": ("0.0160", "0.0320"),
        "node group 'gpu': 0 to 4 × g5.xlarge": ("0", "4"),
        "node group 'gpu': 0 to 4 × 200 GiB of disk (gp3)": ("0.0000", "0.0800"),
    }


def test_totals_are_sums_and_a_month_has_730_hours() -> None:
    found = billed(cluster())
    assert (found.least, found.most) == (Decimal("0.373"), Decimal("4.669"))
    assert monthly(found.least) == Decimal("272.29")


def test_spot_is_the_cheapest_type_at_least_and_the_dearest_at_most() -> None:
    types = ("g5.xlarge", "g5.2xlarge")
    found = costs(billed(cluster(group(), gpus(instance_types=types, capacity="spot"))))
    assert found["node group 'gpu': 0 to 4 × g5.xlarge or g5.2xlarge (spot)"] == ("0.0", "2.0")


def test_on_demand_is_the_first_type() -> None:
    found = costs(billed(cluster(group(instance_types=("m5.large", "m5.xlarge")))))
    assert found["node group 'system': 2 to 4 × m5.large"] == ("0.2", "0.4")


def test_what_was_booked_ahead_costs_only_its_disks() -> None:
    block = gpus(capacity="capacity_block", capacity_reservation="cr-0123456789abcdef0", zones=ZONES[:1])
    assert [it for it in costs(billed(cluster(group(), block))) if "'gpu'" in it] == [
        "node group 'gpu': 0 to 4 × 200 GiB of disk (gp3)"
    ]


def test_an_old_version_is_paid_for_twice() -> None:
    found = costs(billed(cluster(version="1.31", upgrade_policy="extended")))
    assert found["cluster 'prod': extended support of 1.31"] == ("0.5", "0.5")


def test_which_versions_are_old_is_what_eks_says_where_it_does() -> None:
    parts = render.cluster(cluster(version="1.34")).all
    things = [Thing(part.kind, part.name, part.inputs) for part in parts]
    assert "extended support of 1.34" in [it.what for it in lines(things, {"1.34"})]
    assert not [it for it in lines(things, {"1.31"}) if "extended" in it.what]


def test_what_has_no_price_is_named_and_counts_nothing() -> None:
    without = {it: price for it, price in PRICES.items() if it.name != "g5.xlarge"}
    found = billed(cluster(), without)
    assert found.unpriced == ("node group 'gpu': 0 to 4 × g5.xlarge",)
    assert found.most == Decimal("0.669")


def test_each_product_is_asked_for_once() -> None:
    parts = render.cluster(cluster(network=NewVpc(zones=ZONES, nat="per_zone"))).all
    wanted = products(lines(Thing(part.kind, part.name, part.inputs) for part in parts))
    assert sorted(map(str, wanted)) == [
        "address",
        "cluster",
        "disk",
        "key",
        "machine g5.xlarge",
        "machine m5.large",
        "nat_gateway",
    ]


def test_an_interface_endpoint_is_paid_for_in_each_subnet() -> None:
    inputs = {"region": "eu-west-1", "kind": "Interface", "subnet_ids": ["a", "b"]}
    (line,) = bill(lines([Thing("VpcEndpoint", "ecr", inputs)]), PRICES).lines
    assert (line.line.what, line.most) == ("2 × interface, without traffic", Decimal("0.022"))


def test_a_bill_is_said_in_one_line() -> None:
    assert in_words(billed(cluster())) == (
        "USD 0.37 to 4.67 an hour, 272 to 3,408 a month (node group 'system' 0.22 to 0.43, node group 'gpu' 0.00 to "
        "4.08, all else 0.16)"
    )


def test_a_provisioned_control_plane_is_named_as_without_a_price() -> None:
    found = billed(cluster(control_plane_tier="tier-2xl"))
    assert found.unpriced == ("cluster 'prod': its tier-2xl",)
    assert costs(found)["cluster 'prod': control plane"] == ("0.1", "0.1")
