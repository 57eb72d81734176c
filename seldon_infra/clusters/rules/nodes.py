"""Rules about machines: some node can hold each pod, and there is room for all of them now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from seldon_infra.clusters.facts import Amounts, Facts, Node
from seldon_infra.clusters.needs import PodNeed
from seldon_infra.clusters.placing import Lack, lacks
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster, warning
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem

DEFAULT_SCHEDULER = "default-scheduler"


def some_node_holds_each_pod(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A pod that fits on no node waits for ever, unless something adds nodes."""
    for need in _judged(declared, facts):
        if _fits_somewhere(need, facts):
            continue
        problem = _unfit(need, facts, [(node, lacks(node, need, node.allocatable)) for node in facts.nodes or ()])
        # Nobody said that nothing adds nodes: then a group without any may have one for it.
        yield error(problem, need.deployment) if facts.autoscaler == "" else warning(problem, need.deployment)


def there_is_room(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """Pods that fit, but not now, wait until others leave or nodes come."""
    if facts.pods is None:
        return
    fits = [need for need in _judged(declared, facts) if _fits_somewhere(need, facts)]
    free = _free(declared, facts)
    nodes = [node for node in facts.nodes or () if node.takes_pods]
    # Larger ones first, as they have the least choice.
    for need in sorted(fits, key=_size, reverse=True):
        left = need.replicas - sum(_place(need, nodes, free) for _ in range(need.replicas))
        if left:
            tried = [(node, lacks(node, need, free[node.name])) for node in nodes]
            yield warning(_crowded(need, left, facts, tried), need.deployment)


def _fits_somewhere(need: PodNeed, facts: Facts) -> bool:
    """Whether a node could hold a pod if nothing else ran there; most pods fit on the first."""
    return any(not lacks(node, need, node.allocatable) for node in facts.nodes or ())


def _judged(declared: Declared, facts: Facts) -> list[PodNeed]:
    """Pods whose place the usual scheduler chooses; where nodes are unknown or there are none, nobody can say."""
    found = declared.needs if facts.nodes else []
    return [it for it in found if it.replicas and it.spec.get("schedulerName", DEFAULT_SCHEDULER) == DEFAULT_SCHEDULER]


def _free(declared: Declared, facts: Facts) -> dict[str, dict[str, Decimal]]:
    """What is left on each node; pods of the stack's own make room for those that replace them."""
    deployments = {(known(deployment.namespace), deployment.name) for deployment in declared.deployments}
    own = deployments | {(need.namespace, need.deployment) for need in declared.others}
    free = {node.name: dict(node.allocatable) for node in facts.nodes or ()}
    for pod in facts.pods or ():
        if pod.node in free and (pod.namespace, pod.seldon_deployment) not in own:
            _take(free[pod.node], pod.requests)
    return free


def _place(need: PodNeed, nodes: Sequence[Node], free: dict[str, dict[str, Decimal]]) -> bool:
    """Put one pod on the first node that has room for it."""
    node = next((it for it in nodes if not lacks(it, need, free[it.name])), None)
    if node is not None:
        _take(free[node.name], need.requests)
    return node is not None


def _take(free: dict[str, Decimal], amounts: Amounts) -> None:
    for name, amount in {**amounts, "pods": Decimal(1)}.items():
        free[name] = free.get(name, Decimal(0)) - amount


def _size(need: PodNeed) -> tuple[Decimal, Decimal, Decimal]:
    asked = need.requests
    others = sum((amount for name, amount in asked.items() if name not in ("cpu", "memory")), Decimal(0))
    return others, asked.get("cpu", Decimal(0)), asked.get("memory", Decimal(0))


def _unfit(need: PodNeed, facts: Facts, tried: Sequence[tuple[Node, list[Lack]]]) -> Problem:
    node, lack = _nearest(tried)
    got = f"no node can hold its pod; the nearest is '{node.name}', which lacks {_listed(lack)}"
    adds = f", unless {facts.autoscaler or 'something'} adds one that does" if facts.autoscaler != "" else ""
    return Problem(need.path, got, f"must fit on a node of {of_cluster(facts)}{adds}", lack[0].fix)


def _crowded(need: PodNeed, left: int, facts: Facts, tried: Sequence[tuple[Node, list[Lack]]]) -> Problem:
    nearest = (
        f"; the nearest is '{_nearest(tried)[0].name}', which lacks {_listed(_nearest(tried)[1])}" if tried else ""
    )
    got = f"{left} of {need.replicas} pods find no room now{nearest}"
    want = f"must fit on nodes of {of_cluster(facts)} together with what runs there"
    return Problem(need.path, got, want, "make room, or add a node")


def _nearest(tried: Iterable[tuple[Node, list[Lack]]]) -> tuple[Node, list[Lack]]:
    """The node with the fewest and smallest lacks."""
    return min(tried, key=lambda it: (sum((lack.weight for lack in it[1]), Decimal(0)), it[0].name))


def _listed(lack: Iterable[Lack]) -> str:
    return " and ".join(it.what for it in lack)


RULES = (some_node_holds_each_pod, there_is_room)
