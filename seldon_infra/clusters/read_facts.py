"""What the API server's answers say, as facts: one function per kind of answer, all pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from seldon_infra.clusters.facts import Amounts, Found, Grant, Limit, Node, Operator, Quota, RunningPod, Taint, Versions
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.render import STACK_MARK

SELDON_ID = "seldon-deployment-id"
"""Label of every pod that Seldon's operator makes: the deployment's name."""
_VERSION = re.compile(r":v?(\d+\.\d+\.\d+[\w.-]*)(?:@|\Z)")
_TOOLS = (
    ("annotations", "meta.helm.sh/release-name", "Helm release"),
    ("annotations", "argocd.argoproj.io/tracking-id", "Argo CD application"),
    ("labels", "argocd.argoproj.io/instance", "Argo CD application"),
    ("labels", "helm.toolkit.fluxcd.io/name", "Flux HelmRelease"),
    ("labels", "kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"),
)
"""Marks by which other tools know what they keep, from their own documentation."""


def served(answer: Mapping[str, Any]) -> Versions:
    """Groups with their versions, of an APIGroupDiscoveryList or of the older APIGroupList."""
    if "groups" in answer:
        return {group["name"]: frozenset(it["version"] for it in group["versions"]) for group in answer["groups"]}
    return {
        it["metadata"]["name"]: frozenset(version["version"] for version in it["versions"]) for it in _items(answer)
    }


def definition(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the custom resource's version v1, as far as it is served."""
    versions = (it for it in answer["spec"]["versions"] if it["name"] == "v1" and it.get("served"))
    return dict(next((it.get("schema", {}).get("openAPIV3Schema", {"type": "object"}) for it in versions), {}))


def operators(answer: Mapping[str, Any]) -> tuple[Operator, ...]:
    """Seldon's operators, of their Deployments."""
    return tuple(map(_operator, _items(answer)))


def kubernetes(answer: Mapping[str, Any]) -> str | None:
    """The API server's version, of its own words."""
    return answer.get("gitVersion")


def oldest(container: str, answer: Mapping[str, Any]) -> str | None:
    """The oldest version among Deployments, by the image of a container of that name."""
    containers = (one for it in _items(answer) for one in it["spec"]["template"]["spec"]["containers"])
    tags = (_VERSION.search(one.get("image", "")) for one in containers if one["name"] == container)
    return min((tag[1] for tag in tags if tag), key=_numbers, default=None)


def nodes(answer: Mapping[str, Any]) -> tuple[Node, ...]:
    """Machines, of a NodeList."""
    return tuple(map(_node, _items(answer)))


def pods(answer: Mapping[str, Any]) -> tuple[RunningPod, ...]:
    """Pods that have not ended, of a PodList."""
    return tuple(_pod(it) for it in _items(answer) if it.get("status", {}).get("phase") not in ("Succeeded", "Failed"))


def quotas(answer: Mapping[str, Any]) -> tuple[Quota, ...]:
    """Quotas that hold for every pod; those with a scope hold for some, and are passed over."""
    whole = [it for it in _items(answer) if not {"scopes", "scopeSelector"} & set(it["spec"])]
    return tuple(
        Quota(it["metadata"]["name"], amounts(it["spec"].get("hard")), amounts(it.get("status", {}).get("used")))
        for it in whole
    )


def limits(answer: Mapping[str, Any]) -> tuple[Limit, ...]:
    """What single containers and pods may have, of a LimitRangeList."""
    return tuple(
        Limit(
            it["metadata"]["name"],
            each["type"],
            least=amounts(each.get("min")),
            most=amounts(each.get("max")),
            default_requests=amounts(each.get("defaultRequest")),
            default_limits=amounts(each.get("default")),
        )
        for it in _items(answer)
        for each in it["spec"]["limits"]
    )


def names(answer: Mapping[str, Any]) -> frozenset[str]:
    """Names of a list's objects."""
    return frozenset(it["metadata"]["name"] for it in _items(answer))


def gateways(answer: Mapping[str, Any]) -> frozenset[str]:
    """A list's objects as NAMESPACE/NAME."""
    return frozenset(f"{it['metadata']['namespace']}/{it['metadata']['name']}" for it in _items(answer))


def objects(kind: str, answer: Mapping[str, Any]) -> tuple[Found, ...]:
    """A list's objects, by who made them."""
    return tuple(found(kind, it["metadata"]) for it in _items(answer))


def grants(answer: Mapping[str, Any]) -> tuple[Grant, ...] | None:
    """What the one who asks may do, of a SelfSubjectRulesReview; rights to objects of some names alone are none.

    An authorizer that cannot list its rules, such as a cloud's own, makes the answer incomplete.
    """
    status = answer["status"]
    if status.get("incomplete"):
        return None
    return tuple(
        Grant(tuple(it["verbs"]), tuple(it.get("apiGroups") or ()), tuple(it.get("resources") or ()))
        for it in status.get("resourceRules") or ()
        if not it.get("resourceNames")
    )


def namespace(answer: Mapping[str, Any]) -> Found:
    """A namespace, by who made it."""
    return found("Namespace", answer["metadata"])


def found(kind: str, metadata: Mapping[str, Any]) -> Found:
    """One object, by who made it."""
    owners = (it for it in metadata.get("ownerReferences", []) if it.get("controller"))
    return Found(
        kind,
        metadata["name"],
        stack=metadata.get("annotations", {}).get(STACK_MARK),
        tool=next(_tools(metadata), None),
        controller=next((f"{it['kind']} '{it['name']}'" for it in owners), None),
        managers=tuple(dict.fromkeys(it["manager"] for it in metadata.get("managedFields", []) if it.get("manager"))),
    )


def amounts(texts: Mapping[str, Any] | None) -> dict[str, Decimal]:
    """Amounts as numbers; what is no amount is left out."""
    parsed = {name: parse_quantity(text) for name, text in (texts or {}).items()}
    return {name: amount for name, amount in parsed.items() if amount is not None}


def of_pod(spec: Mapping[str, Any], each: Callable[[Mapping[str, Any]], Amounts]) -> dict[str, Decimal]:
    """Amounts of a pod, by what gives them of a container."""
    before = spec.get("initContainers", [])
    stay = [it for it in before if it.get("restartPolicy") == "Always"]
    gone = [it for it in before if it.get("restartPolicy") != "Always"]
    return together(map(each, [*spec.get("containers", []), *stay]), map(each, gone))


def together(containers: Iterable[Amounts], before: Iterable[Amounts]) -> dict[str, Decimal]:
    """Add up what containers take; those that run before, one by one, count where one takes more than all."""
    total: dict[str, Decimal] = {}
    for each in containers:
        total = {name: total.get(name, Decimal(0)) + each.get(name, Decimal(0)) for name in {**total, **each}}
    for each in before:
        total = {name: max(total.get(name, Decimal(0)), each.get(name, Decimal(0))) for name in {**total, **each}}
    return total


def requests(container: Mapping[str, Any]) -> dict[str, Decimal]:
    """What a container asks for; where it names only a limit, that is what it asks for."""
    resources = container.get("resources", {})
    return {**amounts(resources.get("limits")), **amounts(resources.get("requests"))}


def limits_of(container: Mapping[str, Any]) -> dict[str, Decimal]:
    """What a container may use at most."""
    return amounts(container.get("resources", {}).get("limits"))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _items(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """A list's objects; one without any may say null."""
    return answer.get("items") or []


def _operator(deployment: Mapping[str, Any]) -> Operator:
    metadata, container = deployment["metadata"], deployment["spec"]["template"]["spec"]["containers"][0]
    settings = {it["name"]: it.get("value", "") for it in container.get("env", [])}
    tag = _VERSION.search(container.get("image", ""))
    watched = [word.partition("=")[2] for word in container.get("args", []) if word.startswith("--namespace=")]
    return Operator(
        f"{metadata['namespace']}/{metadata['name']}",
        version=tag[1] if tag else None,
        settings=settings,
        watches=settings.get("WATCH_NAMESPACE") or next(iter(watched), "") or None,
        ready=deployment.get("status", {}).get("readyReplicas", 0) > 0,
    )


def _node(node: Mapping[str, Any]) -> Node:
    spec, status = node.get("spec", {}), node.get("status", {})
    ready = any(it["type"] == "Ready" and it["status"] == "True" for it in status.get("conditions", []))
    return Node(
        node["metadata"]["name"],
        labels=node["metadata"].get("labels", {}),
        taints=tuple(Taint(it["key"], it.get("value", ""), it["effect"]) for it in spec.get("taints", [])),
        allocatable=amounts(status.get("allocatable")),
        takes_pods=ready and not spec.get("unschedulable", False),
    )


def _pod(pod: Mapping[str, Any]) -> RunningPod:
    metadata, spec = pod["metadata"], pod["spec"]
    return RunningPod(
        metadata["namespace"],
        node=spec.get("nodeName"),
        seldon_deployment=_whose(metadata.get("labels", {})),
        requests=of_pod(spec, requests),
        limits=of_pod(spec, limits_of),
    )


def _whose(labels: Mapping[str, str]) -> str | None:
    server = labels.get("app.kubernetes.io/component") == "model-server"
    return labels.get("app.kubernetes.io/name" if server else SELDON_ID)


def _tools(metadata: Mapping[str, Any]) -> Iterator[str]:
    for where, key, words in _TOOLS:
        if value := metadata.get(where, {}).get(key):
            yield f"{words} '{value}'"
