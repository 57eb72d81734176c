"""Each control of the CIS benchmark has a cluster that keeps it and one that does not, and a row on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seldon_infra import Addon, EksCluster
from seldon_infra.core.tables import markdown
from seldon_infra.eks.catalogue import ADDONS
from seldon_infra.eks.cis import CONTROLS, broken, in_words
from seldon_infra.eks.spec.cluster import NEEDED_ADDONS
from tests.unit.eks.cases import CASES, SYSTEM, cluster

PAGE = Path(__file__).parents[3] / "docs" / "aws_checks.md"
ENFORCED = tuple(
    Addon(name=name, configuration={"enableNetworkPolicy": "true"} if name == "vpc-cni" else {})
    for name in NEEDED_ADDONS
)
FULL = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess"


def ids(of: EksCluster) -> set[str]:
    return {it.id for it in broken(of)}


@pytest.mark.parametrize(
    ("change", "opened"),
    [
        ({}, set()),
        ({"logs": ("api",)}, {"2.1.1", "2.1.2"}),
        ({"logs": ("audit",)}, {"2.1.1"}),
        ({"node_groups": (SYSTEM.model_copy(update={"policies": (FULL,)}),)}, {"5.1.3", "5.2.1"}),
        ({"public_access_cidrs": ("203.0.113.7/32",)}, {"5.4.2"}),
        ({"public_access_cidrs": ("0.0.0.0/0",)}, {"5.4.1", "5.4.2"}),
        ({"private_access": False}, {"5.4.1", "5.4.2"}),
        ({"addons": tuple(Addon(name=name) for name in NEEDED_ADDONS)}, {"5.4.4"}),
    ],
)
def test_a_control_is_open_where_the_definition_opens_it(change: dict[str, Any], opened: set[str]) -> None:
    assert ids(cluster(**{"addons": ENFORCED, **change})) == opened


def test_what_a_definition_does_not_say_is_neither() -> None:
    existing = next(it for _, it in CASES.values() if "ExistingNetwork" in type(it.network).__name__)
    assert "5.4.3" not in ids(existing)
    assert {it.id: it.is_kept(existing) for it in CONTROLS}["5.4.3"] is None


def test_open_controls_are_said_in_one_line() -> None:
    assert in_words(cluster(addons=ENFORCED)) is None
    assert in_words(cluster(addons=ENFORCED, public_access_cidrs=("203.0.113.7/32",))) == (
        "cluster 'prod' leaves 1 of 10 controls of CIS for EKS open: 5.4.2 the API is private and not public: leave "
        "public_access_cidrs out, and apply from inside the network"
    )


def test_the_page_has_the_table() -> None:
    assert "vpc-cni" in ADDONS
    rows = [(it.id, it.title, it.how.replace("`", ""), it.fix.replace("`", "") or "-") for it in CONTROLS]
    assert "\n".join(markdown(("control", "what", "what keeps it", "where it is open"), rows)) in PAGE.read_text()
