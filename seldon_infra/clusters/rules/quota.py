"""Rules about what a namespace may have: its quotas hold all pods, its limits each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from seldon_infra.clusters.facts import Amounts, Facts, Limit, Quota
from seldon_infra.clusters.needs import Container, PodNeed, surge
from seldon_infra.clusters.placing import amount_text
from seldon_infra.clusters.rules.finding import Declared, Finding, error, warning
from seldon_infra.core.problems import Problem

_COUNTED = {"cpu": "requests.cpu", "memory": "requests.memory", "ephemeral-storage": "requests.ephemeral-storage"}
"""Old names of what a quota counts."""
_NAMED_BY_ALL = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
"""What each container must name once a quota counts it, or its pod is refused."""


def quota_holds_all(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A pod that a quota has no room for is never made."""
    for namespace, pods in _by_namespace(declared, facts).items():
        for quota in facts.namespaces[namespace].quotas or ():
            yield from _quota(namespace, quota, pods, _own(namespace, pods, facts))


def quota_finds_requests(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Under a quota on cpu or memory each container has to name it, unless the namespace has a default."""
    for namespace, pods in _by_namespace(declared, facts).items():
        quotas, limits = facts.namespaces[namespace].quotas, facts.namespaces[namespace].limits
        counted = {_COUNTED.get(name, name) for quota in quotas or () for name in quota.hard}
        for need in pods if limits is not None else ():
            for name in _NAMED_BY_ALL if need.replicas else ():
                if name in counted:
                    yield from _unnamed(namespace, need, name, limits or ())


def limits_hold_each(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A container or pod outside the namespace's bounds is refused."""
    for namespace, pods in _by_namespace(declared, facts).items():
        for limit in facts.namespaces[namespace].limits or ():
            for need in pods:
                parts = need.containers if limit.type == "Container" else [Container("", need.requests, need.limits)]
                for part in parts if limit.type in ("Container", "Pod") else ():
                    yield from _bounds(namespace, need, part, limit)


def _by_namespace(declared: Declared, facts: Facts) -> dict[str, list[PodNeed]]:
    found: dict[str, list[PodNeed]] = {}
    for need in declared.needs:
        if need.namespace is not None and need.namespace in facts.namespaces:
            found.setdefault(need.namespace, []).append(need)
    return found


def _quota(namespace: str, quota: Quota, pods: Sequence[PodNeed], own: Amounts | None) -> Iterator[Finding]:
    asked = _total((_counted(it.requests, it.limits), it.replicas) for it in pods)
    more = _total((_counted(it.requests, it.limits), surge(it)) for it in pods)
    for name, hard in quota.hard.items():
        counted = _COUNTED.get(name, name)
        theirs = quota.used.get(name, Decimal(0)) - (own or {}).get(counted, Decimal(0))
        left = hard if own is None else max(hard - theirs, Decimal(0))
        got = f"its deployments ask for {name} {amount_text(counted, asked.get(counted, Decimal(0)))}"
        want = f"must fit into what quota '{quota.name}' leaves, {amount_text(counted, left)}"
        if asked.get(counted, Decimal(0)) > left:
            fix = f"ask for less, or raise the quota from {amount_text(counted, hard)}"
            yield error(Problem(f"namespace '{namespace}'", got, want, fix), _only(pods))
        elif own and own.get(counted) and asked.get(counted, Decimal(0)) + more.get(counted, Decimal(0)) > left:
            got += f", and for {amount_text(counted, more[counted])} more while pods are replaced"
            yield warning(Problem(f"namespace '{namespace}'", got, want, "raise the quota"), _only(pods))


def _own(namespace: str, pods: Sequence[PodNeed], facts: Facts) -> Amounts | None:
    """What the deployments have already, which comes back when their pods are replaced; None where nobody knows."""
    mine = {(namespace, need.deployment) for need in pods}
    there = [it for it in facts.pods or () if (it.namespace, it.seldon_deployment) in mine]
    return None if facts.pods is None else _total((_counted(it.requests, it.limits), 1) for it in there)


def _counted(requests: Amounts, limits: Amounts) -> Amounts:
    """What a pod asks for, under the names of a quota."""
    one = Decimal(1)
    asked = {f"requests.{name}": amount for name, amount in requests.items()}
    return {**asked, **{f"limits.{name}": amount for name, amount in limits.items()}, "pods": one, "count/pods": one}


def _total(each: Iterable[tuple[Amounts, int]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for amounts, times in each:
        for name, amount in amounts.items():
            total[name] = total.get(name, Decimal(0)) + amount * times
    return total


def _unnamed(namespace: str, need: PodNeed, counted: str, limits: Sequence[Limit]) -> Iterator[Finding]:
    kind, _, name = counted.partition(".")
    given = [it for limit in limits for it in (limit.default_requests if kind == "requests" else limit.default_limits)]
    for part in need.containers:
        if name not in getattr(part, kind) and name not in given:
            got = f"container '{part.name}' has no {kind}.{name}"
            want = f"must have one, since a quota of namespace '{namespace}' counts it"
            fix = f"write resources=Resources({kind}=Amounts({name}=…)) on '{part.name}'"
            yield error(Problem(need.path, got, want, fix), need.deployment)


def _bounds(namespace: str, need: PodNeed, part: Container, limit: Limit) -> Iterator[Finding]:
    whose = f"container '{part.name}'" if part.name else "its pod"
    asked = {**limit.default_requests, **part.requests} if part.name else part.requests
    most = {**limit.default_limits, **part.limits} if part.name else part.limits
    rule = f"must be {{}}, by limit '{limit.name}' of namespace '{namespace}'"
    for name, least in limit.least.items():
        if name in asked and asked[name] < least:
            got, want = (
                f"{whose} requests {name} {amount_text(name, asked[name])}",
                f"{amount_text(name, least)} or more",
            )
            yield error(Problem(need.path, got, rule.format(want), f"ask for {want}"), need.deployment)
    for name, bound in limit.most.items():
        highest = most.get(name, asked.get(name, Decimal(0)))
        if highest > bound:
            got, want = f"{whose} may use {name} {amount_text(name, highest)}", f"at most {amount_text(name, bound)}"
            yield error(Problem(need.path, got, rule.format(want), "lower its limit"), need.deployment)


def _only(pods: Sequence[PodNeed]) -> str | None:
    """Name the deployment, where it is one alone."""
    names = {need.deployment for need in pods}
    return names.pop() if len(names) == 1 else None


RULES = (quota_holds_all, quota_finds_requests, limits_hold_each)
