"""Rules about images: their registry has them, for the platform of a node that their pod can run on."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.clusters.facts import Facts, Node
from seldon_infra.clusters.needs import PodNeed
from seldon_infra.clusters.placing import lacks
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster
from seldon_infra.core.problems import Problem


def images_run_on_nodes(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An image that is not there is never pulled; one of another platform ends with an exec format error."""
    for need in declared.needs if facts.platforms else ():
        for container in need.containers:
            built = facts.platforms.get(container.image or "")
            if built is not None and not built:
                got, want = f"image '{container.image}' of '{container.name}'", "must be in its registry"
                yield error(Problem(need.path, got, want, "push it, or correct its name"), need.deployment)
            elif built:
                yield from _platform(need, container.image or "", built, facts)


def _platform(need: PodNeed, image: str, built: frozenset[str], facts: Facts) -> Iterator[Finding]:
    nodes = [node for node in facts.nodes or () if not lacks(node, need, node.allocatable)]
    there = {_of_node(node) for node in nodes}
    if there and None not in there and not there & built:
        got = f"image '{image}' is built for {', '.join(sorted(built))}"
        want = f"must be built for a node of {of_cluster(facts)} that can hold it: {', '.join(sorted(map(str, there)))}"
        fix = f"build it with: docker buildx build --platform {sorted(map(str, there))[0]}"
        yield error(Problem(need.path, got, want, fix), need.deployment)


def _of_node(node: Node) -> str | None:
    system, machine = node.labels.get("kubernetes.io/os", "linux"), node.labels.get("kubernetes.io/arch")
    return None if machine is None else f"{system}/{machine}"


RULES = (images_run_on_nodes,)
