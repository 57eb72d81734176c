"""Which node groups of a cluster will hold a pod, how many of it, and what to write where none does.

Nothing is asked.

Kubernetes' rules are those of :mod:`seldon_infra.clusters.placing`, on nodes that are yet to come. EKS adds to them
that pods tolerate the taint of what they ask for. Source: the EKS user guide, admission controller
ExtendedResourceToleration; NVIDIA's device plugin for pods that ask for more than one share of a GPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from typing import TypeAlias

from seldon_infra.clusters.needs import PodNeed
from seldon_infra.clusters.placing import Lack, lacks
from seldon_infra.clusters.rules.finding import Finding, error, warning
from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.eks.gpu_software.spec import Mig, NodePool
from seldon_infra.eks.instance_types import InstanceType, find, table
from seldon_infra.eks.offers import Find, Offer, offer, offers, pools_of
from seldon_infra.eks.spec import EksCluster, GpuNodes, NodeGroup, Scaling
from seldon_infra.graph.render_gpu import GPU

_MOST_NODES = 500
"""Nodes of a group that are looked at one by one."""
Tried: TypeAlias = tuple[Offer, list[Lack]]


@dataclass(frozen=True)
class Place:
    """Nodes that can hold a pod."""

    need: PodNeed
    offer: Offer
    each: int
    """Pods on one node, when nothing else is there."""

    @property
    def most(self) -> int:
        """Pods on the group's nodes at its maximum."""
        return self.each * self.offer.most

    def __str__(self) -> str:
        where = f"{self.offer.path} ({', '.join(self.offer.instance_types)})"
        return f"{where}: {self.each} on a node, {self.most} on {self.offer.most} at most"


@dataclass(frozen=True)
class Placed:
    """What became of the pods of a stack."""

    places: tuple[Place, ...]
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]
    """Instance types of which nothing is known, so that nothing is said about their groups."""


def place(cluster: EksCluster, needs: Iterable[PodNeed], known: Find = find) -> Placed:
    """Match pods to a cluster's node groups."""
    there, unknown = offers(cluster, known)
    places: list[Place] = []
    findings: list[Finding] = []
    for need in (_tolerant(it) for it in needs if it.replicas):
        tried = [(each, _lacks(each, need)) for each in there]
        found = [Place(need, each, _on_one(each, need)) for each, lack in tried if not lack]
        places += found
        if not found:
            say = warning if unknown else error
            findings.append(say(_unfit(cluster, need, tried), need.deployment))
    return Placed(tuple(places), (*findings, *_crowded(cluster, there, places)), tuple(unknown))


def in_words(places: Sequence[Place]) -> Iterator[tuple[PodNeed, str]]:
    """Say of each pod with GPUs which groups will hold it."""
    for need in dict.fromkeys(it.need.path for it in places):
        of = [it for it in places if it.need.path == need]
        if GPU in of[0].need.requests:
            count = "1 pod" if of[0].need.replicas == 1 else f"{of[0].need.replicas} pods"
            yield of[0].need, f"{need}: {count} on {' or '.join(map(str, of))}"


def _tolerant(need: PodNeed) -> PodNeed:
    """Let a pod tolerate taints by the names of what it asks for."""
    asked = [{"key": name, "operator": "Exists"} for name in need.requests if "/" in name]
    return replace(need, spec={**need.spec, "tolerations": [*need.spec.get("tolerations", []), *asked]})


def _lacks(there: Offer, need: PodNeed) -> list[Lack]:
    found, gpus = lacks(there.node, need, there.free), need.requests.get(GPU, Decimal(0))
    if there.sharing is not None and not isinstance(there.sharing, Mig) and gpus > 1:
        what = f"whole GPUs: pods get one share of one by {there.sharing.noun}, not {gpus:f}"
        found.append(Lack(what, f"ask for gpu=1, or remove sharing in {there.path}", Decimal("0.5")))
    return found


def _on_one(there: Offer, need: PodNeed) -> int:
    free = there.free
    asked = {**need.requests, "pods": Decimal(1)}
    return int(min(free[name] // amount for name, amount in asked.items() if amount))


def _unfit(cluster: EksCluster, need: PodNeed, tried: Sequence[Tried]) -> Problem:
    want, gpus = f"must fit on a node of {title(cluster)}", GPU in need.requests
    alike = [it for it in tried if (GPU in it[0].node.allocatable) is gpus]
    if not alike:
        got = "no node group has GPUs for its pod" if gpus else "no node group takes pods without GPUs"
        return Problem(need.path, got, want, _new_group(cluster, need) or "ask for less")
    nearest, lack = min(alike, key=lambda it: sum(each.weight for each in it[1]))
    listed = " and ".join(it.what for it in lack)
    got = f"no node group can hold its pod; the nearest is {nearest.path}, which lacks {listed}"
    fix = _better_type(cluster, need, nearest) or _new_group(cluster, need) or lack[0].fix
    return Problem(need.path, got, want, fix)


def _better_type(cluster: EksCluster, need: PodNeed, nearest: Offer) -> str | None:
    """Propose another instance type for the group that is nearest."""
    groups: list[NodeGroup | NodePool] = [*cluster.node_groups, *pools_of(cluster)]
    group = next(it for it in groups if title(it) == nearest.path)
    found = _smallest(need, group)
    return found and f"write instance_types=('{found}',) in {nearest.path}, or in a group of its own"


def _new_group(cluster: EksCluster, need: PodNeed) -> str | None:
    """Propose a group of its own."""
    kind = GpuNodes if GPU in need.requests else NodeGroup
    taken = {it.name for it in cluster.node_groups}
    name = next(it for it in ("gpu" if kind is GpuNodes else "models", "more", "one-more") if it not in taken)
    found = _smallest(need, kind(name=name, instance_types=("m7i.large",), scaling=Scaling(maximum=1)))
    scaling = f"scaling=Scaling(maximum={need.replicas})"
    return found and f"add {kind.__name__}(name='{name}', instance_types=('{found}',), {scaling})"


def _smallest(need: PodNeed, group: NodeGroup | NodePool) -> str | None:
    """The smallest instance type with which a group would hold a pod, of its family if there is one."""
    first, family = find(group.instance_types[0]), group.instance_types[0].partition(".")[0]
    fitting = [it for it in table().values() if first is None or it.architecture == first.architecture]
    for each in sorted(fitting, key=lambda it: (it.name.partition(".")[0] != family, _size(it))):
        with_it = offer(group.model_copy(update={"instance_types": (each.name,)}))
        if bool(each.gpus) == (GPU in need.requests) and with_it and not _lacks(with_it, need):
            return each.name
    return None


def _size(machine: InstanceType) -> tuple[int, int, int, str]:
    memory = machine.gpus * machine.gpu.memory_mib if machine.gpu else 0
    return memory, machine.vcpus, machine.memory_mib, machine.name


def _crowded(cluster: EksCluster, there: Sequence[Offer], places: Sequence[Place]) -> Iterator[Finding]:
    """Pods that each find a place, but not all together: the largest choose first."""
    free = [(it, dict(it.free)) for it in there for _ in range(min(it.most, _MOST_NODES))]
    needs = {it.need.path: it.need for it in places}.values()
    for need in sorted(needs, key=_weight, reverse=True):
        placed = sum(_put(need, free) for _ in range(need.replicas))
        if left := need.replicas - placed:
            yield warning(_left_over(cluster, need, left, places), need.deployment)


def _put(need: PodNeed, free: Sequence[tuple[Offer, dict[str, Decimal]]]) -> bool:
    """Put one pod onto the first node that has room."""
    for each, left in free:
        if not lacks(each.node, need, left):
            for name, amount in {**need.requests, "pods": Decimal(1)}.items():
                left[name] = left.get(name, Decimal(0)) - amount
            return True
    return False


def _left_over(cluster: EksCluster, need: PodNeed, left: int, places: Sequence[Place]) -> Problem:
    where = next(it for it in places if it.need.path == need.path)
    got = f"{left} of {need.replicas} pods find no room when all node groups are at their maximum"
    want = f"must fit on nodes of {title(cluster)} together with the stack's others"
    more = where.offer.most + ceil(left / where.each)
    return Problem(need.path, got, want, f"write maximum={more} in {where.offer.path}")


def _weight(need: PodNeed) -> tuple[Decimal, Decimal, Decimal]:
    asked = need.requests
    return asked.get(GPU, Decimal(0)), asked.get("cpu", Decimal(0)), asked.get("memory", Decimal(0))
