from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import NetworkPolicy, ServiceAccount
from tests.unit.graph.check.build import DEPLOYMENT, Row, deployment

ACCOUNT, POLICY = f"{DEPLOYMENT} → service account", f"{DEPLOYMENT} → network policy"

ROWS = {
    "a service account's name is one": Row(
        deployment(service_account=ServiceAccount(name="My Account")),
        f"{ACCOUNT}: name 'My Account', must be the name of a Kubernetes object; change name",
        deployment(service_account=ServiceAccount(name="my.account")),
    ),
    "an existing one is named": Row(
        deployment(service_account=ServiceAccount(existing=True)),
        f"{ACCOUNT}: name is not set, must be given for an existing one; write name='…'",
        deployment(service_account=ServiceAccount(existing=True, name="reader")),
    ),
    "an existing one is not annotated": Row(
        deployment(service_account=ServiceAccount(existing=True, name="reader", annotations={"a": "b"})),
        f"{ACCOUNT}: annotations of an existing one, must be left to who makes it; remove annotations",
        deployment(service_account=ServiceAccount(annotations={"a": "b"})),
    ),
    "the operator's pods have none of ours": Row(
        deployment(pod_defaults="operator", service_account=ServiceAccount()),
        f"{DEPLOYMENT}: service_account and pod_defaults 'operator', must not be given together; "
        "write service_account_name on its nodes",
        deployment(pod_defaults="operator", service_account=None),
    ),
    "a namespace is a label": Row(
        deployment(network_policy=NetworkPolicy(ingress_namespaces=["Istio"])),
        f"{POLICY}: ingress_namespaces 'Istio', must be the name of a namespace; change ingress_namespaces",
        deployment(network_policy=NetworkPolicy(ingress_namespaces=["istio"])),
    ),
    "a range of addresses is one": Row(
        deployment(network_policy=NetworkPolicy(ingress_cidrs=["10.0.0.1/16"])),
        f"{POLICY}: ingress_cidrs '10.0.0.1/16', must be a range of addresses; write '10.0.0.0/16'",
        deployment(network_policy=NetworkPolicy(ingress_cidrs=["10.0.0.0/16", "fd00::/8"])),
    ),
    "a port is one": Row(
        deployment(network_policy=NetworkPolicy(egress_ports=[0])),
        f"{POLICY}: egress_ports 0, must be a port, 1 to 65535; change egress_ports",
        deployment(network_policy=NetworkPolicy(egress_ports=[])),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_broken_rule_is_said(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_both_can_be_left_out() -> None:
    assert check(deployment(service_account=None, network_policy=None)) == []
