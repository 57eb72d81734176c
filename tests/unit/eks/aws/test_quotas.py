"""Which quota an instance type counts against."""

from __future__ import annotations

import pytest

from seldon_infra.eks.aws.quotas import VcpuQuota, on_demand, spot


def code(quota: VcpuQuota | None) -> str | None:
    return quota.code if quota else None


@pytest.mark.parametrize(
    ("kind", "by_the_second", "at_spot_prices"),
    [
        ("m7i.large", "L-1216C47A", "L-34B43A08"),
        ("im4gn.large", "L-1216C47A", "L-34B43A08"),
        ("g6e.12xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("gr6.4xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("p4d.24xlarge", "L-417A185B", "L-7212CCBC"),
        ("p5en.48xlarge", "L-417A185B", "L-C4BD4855"),
        ("p6-b200.48xlarge", "L-417A185B", None),
        ("p6-b300.48xlarge", "L-417A185B", None),
        ("p6e-gb200.36xlarge", "L-417A185B", None),
        ("g7e.2xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("g6f.large", "L-DB2E81BA", "L-3819A6DF"),
        ("trn2.48xlarge", "L-2C3B7624", "L-6B0D517C"),
        ("dl1.24xlarge", "L-6E869C2A", "L-85EED4F7"),
        ("inf2.xlarge", "L-1945791B", "L-B5D1601B"),
        ("u-6tb1.metal", None, None),
        ("f2.6xlarge", None, None),
    ],
)
def test_each_family_has_its_quota(kind: str, by_the_second: str | None, at_spot_prices: str | None) -> None:
    assert (code(on_demand(kind)), code(spot(kind))) == (by_the_second, at_spot_prices)
