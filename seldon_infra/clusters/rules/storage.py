"""Rules about volumes: the storage class that a pod names is there, and images can be volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seldon_infra.clusters.facts import Facts
from seldon_infra.clusters.needs import PodNeed
from seldon_infra.clusters.rules.finding import Declared, Finding, error, of_cluster
from seldon_infra.core.problems import Problem

ON_BY_DEFAULT = (1, 35)
"""Version of Kubernetes from which images are volumes unless somebody switches it off; from 1.36 on nobody can.

Source: feature ImageVolume in pkg/features/kube_features.go of kubernetes 1.37.
"""
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


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


def images_are_mounted(declared: Declared, facts: Facts) -> Iterator[Finding]:
    """An API server that does not know image volumes drops them, and a model's files are not there."""
    there = _VERSION.match(facts.kubernetes or "")
    if there is None or (int(there[1]), int(there[2])) >= ON_BY_DEFAULT:
        return
    for need in declared.needs:
        for volume in need.spec.get("volumes", []):
            if volume.get("image"):
                got = f"model_uri 'oci://{volume['image'].get('reference')}' on Kubernetes {there[1]}.{there[2]}"
                want = "must be on 1.36 or later, where images are volumes, or on 1.35, where they are by default"
                fix = "copy the model to a store and write its URI, or upgrade Kubernetes"
                yield error(Problem(need.path, got, want, fix), need.deployment)


RULES = (storage_class_is_there, images_are_mounted)
