"""What answers of an API server say, also those of old servers and of lists without anything in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from seldon_infra.clusters import read_facts
from seldon_infra.clusters.facts import Found, Grant, Node, Resource, Taint
from seldon_infra.graph.render import STACK_MARK


def test_rights_are_known_where_the_api_server_lists_all_of_them() -> None:
    rules = [
        {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]},
        {"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"]},
    ]
    (grant,) = read_facts.grants({"status": {"resourceRules": rules, "incomplete": False}}) or ()
    assert grant == Grant(("get",), ("",), ("secrets",))
    assert grant.covers(Resource("", "secrets"))
    assert not grant.covers(Resource("", "pods"))
    assert not grant.covers(Resource("apps", "secrets"))
    assert read_facts.grants({"status": {"resourceRules": rules, "incomplete": True}}) is None


def test_groups_are_read_from_discovery_of_any_age() -> None:
    new = {"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1"}]}]}
    old = {"groups": [{"name": "apps", "versions": [{"version": "v1", "groupVersion": "apps/v1"}]}]}
    assert read_facts.served(new) == read_facts.served(old) == {"apps": frozenset({"v1"})}


def test_a_list_without_anything_may_say_null() -> None:
    empty: dict[str, Any] = {"items": None}
    assert read_facts.objects("Service", empty) == read_facts.nodes(empty) == read_facts.pods(empty) == ()
    assert read_facts.gateways(empty) == frozenset()


@pytest.mark.parametrize(
    ("version", "there"),
    [
        (
            {"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"type": "object", "a": 1}}},
            {"type": "object", "a": 1},
        ),
        ({"name": "v1", "served": True}, {"type": "object"}),
        ({"name": "v1", "served": False, "schema": {"openAPIV3Schema": {"a": 1}}}, {}),
        ({"name": "v1alpha2", "served": True}, {}),
    ],
)
def test_the_definition_is_that_of_the_version_that_is_served(version: dict[str, Any], there: dict[str, Any]) -> None:
    assert read_facts.definition({"spec": {"versions": [version]}}) == there


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/seldonio/seldon-core-operator:1.17.1", "1.17.1"),
        ("registry:5000/seldon-core-operator:v1.19.0-rc.1@sha256:aa", "1.19.0-rc.1"),
        ("registry:5000/seldon-core-operator@sha256:aa", None),
        ("seldonio/seldon-core-operator:latest", None),
    ],
)
def test_the_operators_version_is_its_images_tag(image: str, version: str | None) -> None:
    (found,) = read_facts.operators({"items": [operator(image)]})
    assert (found.version, found.name, found.ready, found.watches) == (version, "seldon/manager", True, "vision")
    assert found.settings == {"ISTIO_ENABLED": "true", "POD_NAMESPACE": ""}


def operator(image: str) -> dict[str, Any]:
    env = [{"name": "ISTIO_ENABLED", "value": "true"}, {"name": "POD_NAMESPACE", "valueFrom": {}}]
    container = {"image": image, "env": env, "args": ["--metrics-addr=:80", "--namespace=vision"]}
    return {
        "metadata": {"namespace": "seldon", "name": "manager"},
        "spec": {"template": {"spec": {"containers": [container]}}},
        "status": {"readyReplicas": 1},
    }


def test_a_cordoned_node_takes_no_pods() -> None:
    status = {
        "allocatable": {"cpu": "3900m", "nvidia.com/gpu": "2"},
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    taints = [{"key": "a", "effect": "NoExecute"}]
    spec = {"taints": taints, "unschedulable": True}
    (found,) = read_facts.nodes({"items": [{"metadata": {"name": "n"}, "spec": spec, "status": status}]})
    amounts = {"cpu": Decimal("3.9"), "nvidia.com/gpu": Decimal(2)}
    assert found == Node("n", {}, (Taint("a", "", "NoExecute"),), amounts, takes_pods=False)


def test_a_pod_asks_for_its_containers_or_for_the_largest_before_them() -> None:
    spec = {
        "containers": [asks(cpu="500m"), {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}, {}],
        "initContainers": [asks(cpu="1", memory="4Gi"), {**asks(cpu="2"), "restartPolicy": "Always"}],
    }
    metadata = {"namespace": "a", "labels": {"seldon-deployment-id": "iris"}}
    ended = {"metadata": metadata, "spec": spec, "status": {"phase": "Succeeded"}}
    (pod,) = read_facts.pods({"items": [{"metadata": metadata, "spec": spec}, ended]})
    assert pod.requests == {"cpu": Decimal("3.5"), "memory": Decimal(4 * 2**30)}
    assert pod.limits == {"cpu": Decimal(1), "memory": Decimal(2**30)}
    assert (pod.node, pod.seldon_deployment) == (None, "iris")


def asks(**amounts: str) -> dict[str, Any]:
    return {"resources": {"requests": amounts}}


def test_a_quota_with_a_scope_is_passed_over() -> None:
    whole = {"metadata": {"name": "all"}, "spec": {"hard": {"cpu": "2"}}, "status": {"used": {"cpu": "500m"}}}
    some = {"metadata": {"name": "some"}, "spec": {"hard": {"cpu": "1"}, "scopes": ["BestEffort"]}}
    (quota,) = read_facts.quotas({"items": [whole, some]})
    assert (quota.name, quota.hard, quota.used) == ("all", {"cpu": Decimal(2)}, {"cpu": Decimal("0.5")})


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"annotations": {STACK_MARK: "models/prod"}}, {"stack": "models/prod"}),
        ({"annotations": {"meta.helm.sh/release-name": "r"}}, {"tool": "Helm release 'r'"}),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "a:b"}}, {"tool": "Argo CD application 'a:b'"}),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "k"}}, {"tool": "Flux Kustomization 'k'"}),
        (
            {"ownerReferences": [{"kind": "SeldonDeployment", "name": "d", "controller": True}]},
            {"controller": "SeldonDeployment 'd'"},
        ),
        ({"managedFields": [{"manager": "kubectl"}, {"manager": "kubectl"}, {}]}, {"managers": ("kubectl",)}),
    ],
)
def test_an_object_says_whose_it_is(metadata: dict[str, Any], found: dict[str, Any]) -> None:
    assert read_facts.found("Service", {"name": "a", **metadata}) == Found("Service", "a", **found)


def test_the_oldest_version_of_a_part_counts() -> None:
    def istiod(image: str, name: str = "discovery") -> dict[str, Any]:
        return {"spec": {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}}

    images = ["docker.io/istio/pilot:1.30.3", "docker.io/istio/pilot:1.9.1-distroless", "acme/pilot"]
    found = {"items": [*map(istiod, images), istiod("other:1.0.0", "other")]}
    assert read_facts.oldest("discovery", found) == "1.9.1-distroless"
    assert read_facts.oldest("discovery", {"items": None}) is None
