"""What an object of a stack is called by people, and where a cluster has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seldon_infra.core.changes import JsonValue
from seldon_infra.drift.events import Step
from seldon_infra.graph.manifest import GROUP, KIND, VERSIONS

KUBERNETES = "kubernetes:"
STEPPED = "seldon:cluster:Rollout"
"""What writes the spec of a SeldonDeployment where its changes come in steps."""


@dataclass(frozen=True)
class Subject:
    """One object: ``SeldonDeployment models/iris`` on a cluster, ``Process d.main`` on this machine."""

    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""
    """Only for objects of a cluster."""
    urn: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def is_on_this_machine(self) -> bool:
        """Whether it is an object of the local target."""
        return "seldon:local:" in self.urn

    @property
    def is_on_a_cluster(self) -> bool:
        """Whether an API server keeps it; a Helm release is the provider's own."""
        return bool(self.api_version)


def subject(step: Step) -> Subject:
    """Name the object of a step."""
    inputs = step.old or step.new
    kind = step.type.rpartition(":")[2]
    if step.type == STEPPED:
        namespace, name = str(inputs.get("namespace", "")), str(inputs.get("name", step.name))
        return Subject(KIND, name, namespace, f"{GROUP}/{VERSIONS[0]}", step.urn)
    if not step.type.startswith(KUBERNETES) or "apiVersion" not in inputs:
        return Subject(kind, step.name, urn=step.urn)
    metadata = _mapping(inputs.get("metadata"))
    return Subject(
        str(inputs.get("kind", kind)),
        str(metadata.get("name", step.name)),
        str(metadata.get("namespace", "")),
        str(inputs["apiVersion"]),
        step.urn,
    )


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}
