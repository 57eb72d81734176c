"""Rules about volumes: the storage class that a pod names is there."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.clusters.facts import Facts
from seldon_infra.clusters.needs import PodNeed, pods
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster
from seldon_infra.core.problems import Problem
from seldon_infra.graph.spec import SeldonDeployment


def named_classes(deployment: SeldonDeployment) -> list[str]:
    """Give the storage classes that a deployment's pods name."""
    return [name for need in pods(deployment, {}) for name in classes(need)]


def storage_class_is_there(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """A claim on a class that is not there stays pending, and its pod with it."""
    if facts.storage_classes is None:
        return
    for need in declared.needs:
        for name in classes(need):
            if name not in facts.storage_classes:
                there = ", ".join(sorted(facts.storage_classes)) or "none"
                want = f"must be one of {of_cluster(facts)}, there are: {there}"
                problem = Problem(need.path, f"storage class '{name}'", want, f"correct volumes in {need.field}")
                yield error(problem, need.deployment)


def classes(need: PodNeed) -> Iterator[str]:
    """Give the storage classes that a pod names."""
    for volume in need.spec.get("volumes", []):
        claim = volume.get("ephemeral", {}).get("volumeClaimTemplate", {}).get("spec", {})
        if claim.get("storageClassName"):
            yield claim["storageClassName"]


RULES = (storage_class_is_there,)
