"""What a change does to the bill of AWS, before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.drift.events import UNKNOWN, Step
from seldon_infra.eks.cost.price_list import Price
from seldon_infra.eks.cost.products import Product
from seldon_infra.plan.collect import collect
from seldon_infra.plan.cost import Cost, cost, wanted
from seldon_infra.plan.report import FORMATS
from tests.unit.drift.steps import step

GOLDEN = Path(__file__).parent / "golden"
PRICES = {
    Product("eu-west-1", *key): Price(Decimal(amount), "USD", date(2026, 11, 25))  # type: ignore[arg-type]
    for key, amount in {
        ("cluster",): "0.1",
        ("nat_gateway",): "0.048",
        ("address",): "0.005",
        ("disk",): "0.00012",
        ("machine", "g5.xlarge"): "1.123",
    }.items()
}
NOTES = ("prices are AWS's of 2026-11-25, without discounts and taxes",)


def of(kind: str, name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Step:
    """A step of an object of AWS in a region."""
    sides = (None if it is None else {"region": "eu-west-1", **it} for it in (old, new))
    return step(*sides, kind=f"seldon:aws:{kind}", name=name)


def nodes(most: int, **more: Any) -> dict[str, Any]:
    return {"minSize": 1, "maxSize": most, "instanceTypes": ["g5.xlarge"], "capacityType": "ON_DEMAND", **more}


TEMPLATE = {"disks": [{"device": "/dev/xvda", "sizeGib": 200}]}
STEPS = [
    of("EksCluster", "prod", {"version": "1.34"}, {"version": "1.34"}),
    of("NatGateway", "nat-eu-west-1a", None, {"subnetId": UNKNOWN}),
    of("LaunchTemplate", "gpu", TEMPLATE, TEMPLATE),
    of("EksNodegroup", "gpu", nodes(4), nodes(8)),
    of("EksNodegroup", "old", nodes(2, diskSize=50), None),
    of("EksNodegroup", "large", None, nodes(2, instanceTypes=["p5.48xlarge"])),
    of("IamRole", "cluster", {"name": "prod"}, {"name": "prod"}),
]


def costed(*steps: Step) -> Cost:
    found = cost(wanted(steps), PRICES, NOTES)
    assert found is not None
    return found


@pytest.mark.parametrize(("form", "ending"), [("table", "txt"), ("markdown", "md"), ("json", "json")])
def test_each_form_tells_the_bill_before_and_after(form: str, ending: str) -> None:
    """One group grows, one goes, a gateway and a group without a price come."""
    plan = replace(collect("prod", STEPS), cost=costed(*STEPS))
    assert FORMATS[form](plan) == (GOLDEN / f"cost.{ending}").read_text()


def test_a_stack_without_anything_of_aws_has_no_bill() -> None:
    assert cost(wanted([step({"kind": "Service"}, {"kind": "Service"})]), PRICES) is None


def test_what_goes_is_on_the_first_bill_alone_and_what_comes_on_the_second() -> None:
    found = costed(*STEPS)
    before, after = ({it.line.name for it in of.lines} for of in (found.before, found.after))
    assert before - after == {"node group 'old'"}
    assert after - before == {"NAT gateway 'nat-eu-west-1a'", "node group 'large'"}


def test_an_amount_for_programs_is_text_that_is_not_rounded_away() -> None:
    plan = replace(collect("prod", STEPS), cost=costed(*STEPS))
    told = json.loads(FORMATS["json"](plan))["cost"]
    assert told["after"]["most"] == {"hourly": "9.333800", "monthly": "6813.674000"}
    assert told["after"]["unpriced"] == ["node group 'large': 1 to 2 × p5.48xlarge"]
