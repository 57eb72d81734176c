from __future__ import annotations

from seldon_infra import Kubernetes, Monitoring, NetworkPolicy, PrometheusStack, Stack
from seldon_infra.graph.spec import Alerts, Slo
from tests.unit.graph.check.build import DEPLOYMENT, deployment

PROMISING = deployment(slo=Slo(availability=99.9))


def problems(target: Kubernetes) -> list[str]:
    return [str(problem) for problem in Stack(target=target, deployments=[PROMISING]).check()]


def test_nobody_holds_a_deployment_to_its_promise_without_monitoring() -> None:
    assert problems(Kubernetes()) == [
        f"{DEPLOYMENT} → slo: is declared on a cluster without monitoring, so nothing would be held to it, "
        "must be watched; write Kubernetes(monitoring=Monitoring()), or remove it"
    ]
    assert problems(Kubernetes(monitoring=Monitoring())) == []


def test_nobody_is_told_without_monitoring() -> None:
    told = deployment(alerts=Alerts(queue_time="1s"))
    (said,) = Stack(target=Kubernetes(), deployments=[told]).check()
    assert str(said) == (
        f"{DEPLOYMENT} → alerts: is declared on a cluster without monitoring, so nobody would be told, "
        "must be watched; write Kubernetes(monitoring=Monitoring()), or remove it"
    )
    assert Stack(target=Kubernetes(monitoring=Monitoring()), deployments=[told]).check() == []


def test_the_prometheus_that_is_installed_is_let_in() -> None:
    told = deployment(network_policy=NetworkPolicy(monitoring_namespaces=["ops"]))

    def said(namespace: str) -> list[str]:
        target = Kubernetes(monitoring=Monitoring(install=PrometheusStack(namespace=namespace)))
        return [str(problem) for problem in Stack(target=target, deployments=[told]).check()]

    assert said("ops") == []
    assert said("monitoring") == [
        f"{DEPLOYMENT} → network policy: monitoring_namespaces ops, must name 'monitoring', where Prometheus asks "
        "from; write NetworkPolicy(monitoring_namespaces=['monitoring'])"
    ]


def test_rates_over_five_minutes_need_several_samples() -> None:
    said = problems(Kubernetes(monitoring=Monitoring(interval="5m")))
    assert said == [
        "Kubernetes → monitoring: interval '5m', must be a duration from 1s to 1m: rates over five minutes need "
        "several samples; write interval='30s'"
    ]
    assert problems(Kubernetes(monitoring=Monitoring(interval="1m"))) == []
