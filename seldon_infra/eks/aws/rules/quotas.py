"""Rules about vCPU quotas: what the plan adds fits beside what runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seldon_infra.core.problems import Problem
from seldon_infra.eks.aws.facts import AwsFacts
from seldon_infra.eks.aws.quotas import VcpuQuota
from seldon_infra.eks.aws.rules.finding import Finding, of
from seldon_infra.eks.aws.wanted import quota_of
from seldon_infra.eks.spec import EksCluster, NodeGroup


@dataclass(frozen=True)
class _Need:
    """vCPUs that one group counts against a quota."""

    group: NodeGroup
    one: int
    """Of its smallest machine."""
    least: int
    most: int


def quotas_suffice(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """Nodes that are to be there at once fit; where only the most do not, an autoscaler will come to that bound."""
    for quota, needs in _needs(cluster, facts).items():
        limit, used = facts.quotas.get(quota.code), (facts.used or {}).get(quota.code, 0)
        if limit is None:
            continue
        free = max(0, limit - used)
        never = [need for need in needs if need.one > limit]
        for need in never:
            yield Finding(_never(cluster, need, quota, limit), "error", need.group.name)
        rest = [need for need in needs if need not in never]
        least, most = sum(need.least for need in rest), sum(need.most for need in rest)
        group = rest[0].group.name if len(rest) == 1 else None
        if least > free:
            yield Finding(_short(cluster, rest, quota, (least, used, limit), "at their minimum"), "error", group)
        elif most > free and facts.used is not None:
            yield Finding(_short(cluster, rest, quota, (most, used, limit), "at their maximum"), "warning", group)


def _needs(cluster: EksCluster, facts: AwsFacts) -> dict[VcpuQuota, list[_Need]]:
    found: dict[VcpuQuota, list[_Need]] = {}
    for group in cluster.node_groups:
        kinds = {kind: it for kind in group.instance_types if (it := (facts.types or {}).get(kind))}
        quotas = {quota_of(group, kind) for kind in kinds}
        quota = next(iter(quotas)) if len(quotas) == 1 else None
        if quota is None or not kinds:
            continue
        # On demand the first type is taken while there is capacity; at spot prices any may come.
        sizes = [it.vcpus for it in kinds.values()]
        first, largest = (min(sizes), max(sizes)) if group.capacity == "spot" else (sizes[0], sizes[0])
        now = max(group.scaling.minimum, group.scaling.desired or 0)
        found.setdefault(quota, []).append(_Need(group, min(sizes), now * first, group.scaling.maximum * largest))
    return found


def _never(cluster: EksCluster, need: _Need, quota: VcpuQuota, limit: int) -> Problem:
    got = f"quota '{quota.name}' ({quota.code}) is {limit} vCPUs"
    want = f"must hold one node of {need.one} vCPUs at least"
    return Problem(of(cluster, need.group), got, want, f"ask for {need.most} or more under Service Quotas")


def _short(
    cluster: EksCluster, needs: list[_Need], quota: VcpuQuota, numbers: tuple[int, int, int], when: str
) -> Problem:
    wanted, used, limit = numbers
    groups = ", ".join(f"'{need.group.name}'" for need in needs)
    got = f"{groups} {when} take {wanted} vCPUs, and {used} of {limit} are in use"
    want = f"must fit into quota '{quota.name}' ({quota.code})"
    fix = f"ask for {wanted + used} under Service Quotas, or declare fewer or smaller nodes"
    path = of(cluster, needs[0].group) if len(needs) == 1 else of(cluster)
    return Problem(path, got, want, fix)


RULES = (quotas_suffice,)
