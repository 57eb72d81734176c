"""What a cluster is asked for before its deployments, and what is said of a target that does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seldon_infra import (
    Ambassador,
    AmbassadorRoute,
    CircuitBreakers,
    GpuOperator,
    GpuSoftware,
    Istio,
    Kubernetes,
    Model,
    ModelServer,
    Monitoring,
    NetworkPolicy,
    Predictor,
    PrometheusStack,
    Retries,
    SeldonCore,
    SeldonDeployment,
    ServiceMonitor,
    SklearnServer,
    Slo,
    Stack,
    TritonServer,
)
from seldon_infra.cli.render import cluster_manifests, policies, servers, with_level
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.ingress.component import address
from seldon_infra.targets.platform import behind_ingress, namespaces, operator_values, watched_servers, watching_all
from tests.unit.eks.cases import cluster
from tests.unit.targets.program import Declared, declare


@pytest.fixture
def declared(tmp_path: Path) -> Any:
    def run(target: str, deployments: str = "deployment()") -> Declared:
        return declare(deployments, target, tmp_path, preview=True)

    return run


def deployment(**fields: object) -> SeldonDeployment:
    graph = Model(name="m", server=SklearnServer(), model_uri="s3://b/m")
    return SeldonDeployment(name="d", namespace="models", predictors=[Predictor(name="p", graph=graph)], **fields)  # type: ignore[arg-type]


def kinds(done: Declared) -> list[str]:
    assert done.made, done.said
    found = [f"{kind.rpartition(':')[2]} {name}" for kind, name, _ in done.made]
    return [each for each in found if not each.startswith(("Stack ", "kubernetes "))]


def test_a_cluster_that_has_it_all_gets_namespaces_and_deployments(declared: Any) -> None:
    made = kinds(declared("Kubernetes()"))
    # The deployment's component is a SeldonDeployment, too.
    own = ["Namespace ns", "NetworkPolicy d", "SeldonDeployment d", "ServiceAccount d"]
    assert sorted(set(made)) == ["ModelContents models", *own]


def test_monitoring_watches_every_deployment_and_holds_those_that_promise_something(declared: Any) -> None:
    watched = "Kubernetes(monitoring=Monitoring(labels={'team': 'ml'}))"
    assert {"PodMonitor d.podmonitor", "PrometheusRule d.prometheusrule"} <= set(
        kinds(declared(watched, "deployment()"))
    )
    promising = declared(watched, "deployment(slo=Slo(availability=99.9))")
    rules = next(inputs for _, name, inputs in promising.made if name == "d.prometheusrule")
    assert rules["metadata"] == {"name": "d", "namespace": "ns", "labels": {"team": "ml"}}
    names = ["ns/d/measured", "ns/d/trouble", "ns/d/records", "ns/d/alerts"]
    assert [group["name"] for group in rules["spec"]["groups"]] == names


@pytest.mark.parametrize("late", ["namespace=later('ns')", "oauth_secret=secret('x'), namespace='ns'"])
def test_what_comes_late_is_in_every_text_of_the_rules_and_hides_none(declared: Any, late: str) -> None:
    done = declared("Kubernetes(monitoring=Monitoring())", f"deployment({late}, slo=Slo(availability=later(99.9)))")
    assert done.made, done.said
    rules = next(inputs for _, name, inputs in done.made if name == "d.prometheusrule")
    assert {group["name"].rpartition("/")[0] for group in rules["spec"]["groups"]} == {"ns/d"}
    said = [rule["expr"] for group in rules["spec"]["groups"] for rule in group["rules"]]
    assert all('namespace="ns"' in expression for expression in said)


def test_prometheus_comes_before_what_it_reads(declared: Any) -> None:
    target = "Kubernetes(monitoring=Monitoring(install=PrometheusStack(values={'grafana': {'enabled': False}})))"
    done = declared(target)
    made = kinds(done)
    first = ["Namespace monitoring", "Release kube-prometheus-stack"]
    for then in ("PodMonitor d.podmonitor", "PrometheusRule d.prometheusrule"):
        assert made.index(first[0]) < made.index(first[1]) < made.index(then)
    release = done.one("Release")
    assert (release["chart"], release["version"], release["namespace"]) == (
        "kube-prometheus-stack",
        "88.5.3",
        "monitoring",
    )
    assert release["values"]["grafana"] == {"enabled": False}
    assert release["values"]["prometheus"]["prometheusSpec"]["podMonitorSelectorNilUsesHelmValues"] is False


def test_model_servers_are_watched_unless_they_say_how() -> None:
    alone = ModelServer(name="a", server=TritonServer(), model_uri="s3://b/m")
    own = ModelServer(name="b", server=TritonServer(), model_uri="s3://b/m", service_monitor=ServiceMonitor())
    watched = Kubernetes(monitoring=Monitoring(install=PrometheusStack(namespace="ops"), interval="10s"))
    monitor = ServiceMonitor(namespace="ops", labels={"release": "kube-prometheus-stack"}, interval="10s")
    found = watched_servers(watched, [alone, own])
    assert [each.service_monitor for each in found] == [monitor, ServiceMonitor()]
    assert watched_servers(Kubernetes(), [alone, own]) == [alone, own]
    rendered = servers(Stack(target=watched, model_servers=[alone]))
    assert "ServiceMonitor" in [each["kind"] for each in rendered]


def test_parts_that_serve_all_deployments_are_watched(declared: Any) -> None:
    target = "Kubernetes(monitoring=Monitoring(), ingress=Istio({existing}namespace='mesh', hosts=['a.example.com']))"
    made = declared(target.format(existing="")).made
    (monitor,) = (inputs for _, name, inputs in made if name == "seldon-istio-gateway.podmonitor")
    assert monitor["metadata"]["namespace"] == "mesh"
    assert monitor["spec"]["selector"] == {"matchLabels": {"istio": "ingressgateway"}}
    there = declared(target.format(existing="existing=True, "))
    assert "PodMonitor seldon-istio-gateway.podmonitor" not in kinds(there)


@pytest.mark.parametrize(
    ("software", "label"),
    [
        (None, {"app.kubernetes.io/name": "dcgm-exporter"}),
        (GpuSoftware(plugin=GpuOperator()), {"app": "nvidia-dcgm-exporter"}),
        (GpuSoftware(metrics=None), None),
        (GpuSoftware(existing=True), None),
    ],
    ids=["the default", "by the GPU operator", "no exporter", "somebody else's"],
)
def test_gpus_of_a_cluster_that_the_stack_makes_are_watched(
    software: GpuSoftware | None, label: dict[str, str] | None
) -> None:
    made = cluster(gpu_software=software)
    found = watching_all(Kubernetes(cluster=made, monitoring=Monitoring()))
    assert [each["spec"]["selector"]["matchLabels"] for each in found] == ([label] if label else [])
    assert watching_all(Kubernetes(cluster=made)) == []


def test_manifests_show_who_watches() -> None:
    stack = Stack(target=Kubernetes(monitoring=Monitoring()), deployments=[deployment(slo=Slo(availability=99.9))])
    assert [each["kind"] for each in cluster_manifests(stack)][-2:] == ["PodMonitor", "PrometheusRule"]


def test_an_empty_cluster_gets_ingress_then_operator_then_deployments(declared: Any) -> None:
    target = "Kubernetes(seldon_core=SeldonCore(), ingress=Istio(hosts=['models.example.com']))"
    made = kinds(declared(target))
    for first, then in (
        ("Namespace istio-system", "Release istio-base"),
        ("Definitions istio-definitions", "Release istio-base"),
        ("Release istio-base", "Release istiod"),
        ("Release istiod", "Release istio-ingressgateway"),
        ("Release istio-ingressgateway", "Gateway istio-system.seldon-gateway.gateway"),
        ("Gateway istio-system.seldon-gateway.gateway", "Release seldon-core"),
        ("Release seldon-core", "SeldonDeployment d"),
    ):
        assert made.index(first) < made.index(then)


def test_the_operator_is_told_which_ingress_leads_to_deployments(declared: Any) -> None:
    target = "Kubernetes(seldon_core=SeldonCore(), ingress=Ambassador(existing=True, hosts=['a.example.com']))"
    release = declared(target).one("Release")
    assert release["values"]["ambassador"] == {"enabled": True, "version": "v2", "singleNamespace": False}
    assert (release["chart"], release["version"]) == ("seldon-core-operator", "1.17.1")
    assert operator_values(Kubernetes()) == {}


def test_an_ingress_that_is_there_gets_only_what_leads_to_deployments(declared: Any) -> None:
    made = kinds(declared("Kubernetes(ingress=Istio(existing=True, hosts=['a.example.com']))"))
    assert not [each for each in made if each.startswith(("Release", "Definitions"))]
    assert "Gateway istio-system.seldon-gateway.gateway" in made
    assert "Namespace istio-system" not in made


def test_a_namespace_has_one_owner_and_the_labels_of_all_who_are_in_it() -> None:
    target = Kubernetes(
        seldon_core=SeldonCore(namespace="models", single_namespace=True),
        ingress=Istio(namespace="mesh", mtls=["models"]),
    )
    assert namespaces(target, [deployment(), deployment()]) == {
        "mesh": {},
        "models": {"seldon.io/controller-id": "models", "istio-injection": "enabled"},
    }


def test_namespaces_of_pods_are_held_to_the_level_that_is_declared() -> None:
    target = Kubernetes(pod_security="baseline", seldon_core=SeldonCore())
    assert namespaces(target, [deployment()]) == {
        "models": {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "baseline"},
        "seldon-system": {},
    }


def test_the_restricted_level_brings_the_policy_that_closes_the_operators_containers(declared: Any) -> None:
    made = declared("Kubernetes(pod_security='restricted')")
    assert made.one("MutatingAdmissionPolicyBinding")["spec"]["matchResources"]["namespaceSelector"] == {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["ns"]}]
    }
    below = kinds(declared("Kubernetes(pod_security='baseline')"))
    assert not [each for each in below if each.startswith("MutatingAdmissionPolicy")]


def test_manifests_show_the_level_and_its_policy() -> None:
    stack = Stack(target=Kubernetes(pod_security="restricted"), deployments=[deployment()])
    shown = with_level(stack, cluster_manifests(stack)[0])
    assert shown["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert [each["metadata"]["name"] for each in policies(stack, "My_models/prod")] == [
        "seldon-infra-my-models-prod"
    ] * 2
    assert policies(Stack(target=Kubernetes(), deployments=[deployment()]), "models/prod") == []


def test_proxies_that_set_up_the_network_themselves_are_an_error_under_a_level() -> None:
    def said(**fields: Any) -> list[str]:
        target = Kubernetes(pod_security="restricted", ingress=Istio(mtls=["models"], **fields))
        return [str(problem) for problem in Stack(target=target, deployments=[deployment()]).check()]

    assert said() == [
        "Kubernetes: pod_security='restricted' with Istio's proxies in 'models', must not have them set up the network "
        "by themselves: the level refuses NET_ADMIN; install Istio's CNI and write "
        "Istio(values={'istiod': {'pilot': {'cni': {'enabled': True}}}})"
    ]
    assert said(values={"istiod": {"pilot": {"cni": {"enabled": True}}}}) == []


def test_a_stack_says_what_does_not_go_together_before_anything_is_asked() -> None:
    target = Kubernetes(seldon_core=SeldonCore(version="1.18.2"), ingress=Istio())
    said = [
        str(problem) for problem in Stack(target=target, deployments=[deployment(ambassador=AmbassadorRoute())]).check()
    ]
    assert len(said) == 2
    assert "is under BSL-1.1" in said[0]
    assert "ambassador is set, must be istio" in said[1]


def test_one_line_swaps_the_ingress() -> None:
    for ingress in (Istio(hosts=["a.example.com"]), Ambassador(hosts=["a.example.com"])):
        assert Stack(target=Kubernetes(ingress=ingress), deployments=[deployment()]).check() == []


@pytest.mark.parametrize(
    ("ingress", "policy", "callers"),
    [
        (None, NetworkPolicy(), ["istio-system", "istio-ingress", "emissary", "ambassador", "monitoring"]),
        (Istio(), NetworkPolicy(), ["istio-system", "monitoring"]),
        (Istio(existing=True, namespace="edge"), NetworkPolicy(), ["edge", "istio-system", "monitoring"]),
        (Ambassador(namespace="edge"), NetworkPolicy(monitoring_namespaces=["metrics"]), ["edge", "metrics"]),
        (Istio(namespace="edge"), NetworkPolicy(ingress_namespaces=["mine"]), ["mine", "monitoring"]),
    ],
)
def test_a_policy_lets_the_declared_ingress_in(ingress: Any, policy: NetworkPolicy, callers: list[str]) -> None:
    (behind,) = behind_ingress(Kubernetes(ingress=ingress), [deployment(network_policy=policy)])
    _, *namespaces = own_objects(behind)["NetworkPolicy"]["spec"]["ingress"][0]["from"]
    assert [each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in namespaces] == callers


def test_a_declared_ingress_adds_no_policy_where_there_is_none() -> None:
    for fields in ({"network_policy": None}, {"pod_defaults": "operator"}):
        (behind,) = behind_ingress(Kubernetes(ingress=Istio()), [deployment(**fields)])
        assert "NetworkPolicy" not in own_objects(behind)


def test_manifests_show_what_the_ingress_says_for_all_and_its_objects() -> None:
    istio = Istio(retries=Retries(attempts=2), circuit_breakers=CircuitBreakers(max_connections=9))
    stack = Stack(target=Kubernetes(ingress=istio), deployments=[deployment()])
    namespace, _, _, seldon, *others = cluster_manifests(stack)
    assert namespace["kind"] == "Namespace"
    assert seldon["spec"]["annotations"]["seldon.io/istio-retries"] == "2"
    assert [each["kind"] for each in others] == ["Gateway", "DestinationRule"]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ({"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}, "lb.example.com"),
        ({"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}]}}, "10.1.2.3"),
        ({"loadBalancer": {}}, None),
        (None, None),
    ],
)
def test_a_load_balancers_address_is_read_where_it_has_one(status: Any, found: str | None) -> None:
    assert address(status) == found
