from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.clusters.ingress_address import address_of


def service(balancer: dict[str, str] | None, *ports: int) -> dict[str, Any]:
    ingress = {"loadBalancer": {"ingress": [balancer]} if balancer else {}}
    return {"spec": {"ports": [{"port": port} for port in ports]}, "status": ingress}


@pytest.mark.parametrize(
    ("found", "address"),
    [
        (service({"ip": "203.0.113.7"}, 15021, 80, 443), "http://203.0.113.7"),
        (service({"hostname": "a.elb.amazonaws.com"}, 443), "https://a.elb.amazonaws.com"),
        (service({"ip": "2001:db8::1"}, 80), "http://[2001:db8::1]"),
        (service(None, 80), None),
        ({"spec": {}}, None),
    ],
)
def test_an_ingress_is_at_its_load_balancer(found: dict[str, Any], address: str | None) -> None:
    assert address_of(found) == address
