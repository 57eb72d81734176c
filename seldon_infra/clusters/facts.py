"""What a cluster says about itself, frozen, as the checks take it: a field is None where nobody could read it.

Amounts are numbers in base units (cores, bytes, pieces), by their Kubernetes names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

Amounts: TypeAlias = Mapping[str, Decimal]
Versions: TypeAlias = Mapping[str, frozenset[str]]
"""Groups of the API with the versions that are served."""
TaintEffect: TypeAlias = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


@dataclass(frozen=True)
class Taint:
    """What keeps pods that do not tolerate it from a node."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}{'=' if self.value else ''}{self.value}:{self.effect}"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    allocatable: Amounts
    """What pods may have of it altogether, the number of pods included."""
    takes_pods: bool
    """Whether it is ready and not cordoned."""


@dataclass(frozen=True)
class RunningPod:
    """A pod that is there and has not ended."""

    namespace: str
    node: str | None
    """Where it runs; None while it waits."""
    seldon_deployment: str | None
    """Whose it is, where Seldon's operator made it; a model server's own name stands here too."""
    requests: Amounts
    limits: Amounts = field(default_factory=dict)


@dataclass(frozen=True)
class Quota:
    """What a namespace may have altogether. Source: ResourceQuota."""

    name: str
    hard: Amounts
    used: Amounts


@dataclass(frozen=True)
class Limit:
    """What one container or pod of a namespace may have. Source: LimitRange."""

    name: str
    type: str
    """``Container`` or ``Pod``."""
    least: Amounts
    most: Amounts
    default_requests: Amounts
    default_limits: Amounts


@dataclass(frozen=True)
class Found:
    """An object of the cluster, by who made it."""

    kind: str
    name: str
    stack: str | None = None
    """The stack that declares it: the value of the mark that this library leaves on what it declares."""
    tool: str | None = None
    """Another tool that says that it keeps it, in its own words: ``Helm release 'fraud'``."""
    controller: str | None = None
    """The object that made it and keeps it: ``SeldonDeployment 'fraud'``."""
    managers: tuple[str, ...] = ()
    """Who wrote its fields, as the API server noted it."""


@dataclass(frozen=True)
class Resource:
    """A kind of objects, as rights name it."""

    group: str
    """Empty for Kubernetes' own first group."""
    name: str
    """``secrets``; ``pods/log`` for a part of each."""

    def __str__(self) -> str:
        return f"{self.name}.{self.group}" if self.group else self.name


@dataclass(frozen=True)
class Grant:
    """What somebody may do. Source: ResourceRule, authorization.k8s.io/v1; ``*`` stands for all."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]

    def covers(self, resource: Resource) -> bool:
        """Whether it is about a kind of objects."""
        _, slash, part = resource.name.partition("/")
        names = {"*", resource.name, *([f"*/{part}"] if slash else [])}
        return not {"*", resource.group}.isdisjoint(self.groups) and not names.isdisjoint(self.resources)


@dataclass(frozen=True)
class Namespace:
    """A namespace that deployments go to."""

    exists: bool | None = None
    found: Found | None = None
    """The object, where it is there."""
    quotas: tuple[Quota, ...] | None = None
    limits: tuple[Limit, ...] | None = None
    objects: Mapping[str, tuple[Found, ...] | None] = field(default_factory=dict)
    """Objects by their kind."""
    grants: tuple[Grant, ...] | None = None
    """What whoever asks may do there; None where the API server does not know all of it."""


@dataclass(frozen=True)
class Operator:
    """Seldon's operator, by its Deployment."""

    name: str
    """NAMESPACE/NAME."""
    version: str | None
    """Of its image: ``1.17.1``; None where the image has no such tag."""
    settings: Mapping[str, str] = field(hash=False)
    """Its environment, which holds what its chart was told."""
    watches: str | None
    """The only namespace that it looks at; None for all."""
    ready: bool


@dataclass(frozen=True)
class Skipped:
    """Something that could not be read, and so was not checked."""

    check: str
    """What was not checked, in the user's words: ``node capacity``; empty for everything."""
    reason: str
    """Why: ``no right to list nodes``."""


@dataclass(frozen=True)
class Facts:
    """Everything that is known about a cluster."""

    cluster: str
    """The context's name."""
    kubernetes: str | None = None
    """Version of the API server: ``v1.37.2``."""
    istio: str | None = None
    """Version of istiod, the oldest where there are several; None where none was found, too."""
    emissary: str | None = None
    """Version of Emissary (Ambassador), likewise."""
    served: Versions | None = None
    definition: Mapping[str, Any] | None = None
    """The schema of version v1 of Seldon's custom resource; empty where it is not served."""
    operators: tuple[Operator, ...] | None = None
    nodes: tuple[Node, ...] | None = None
    pods: tuple[RunningPod, ...] | None = None
    autoscaler: str | None = None
    """What adds nodes, in a message's words: ``Karpenter``; empty where nothing does."""
    gateways: frozenset[str] | None = None
    """Istio's gateways, as NAMESPACE/NAME."""
    storage_classes: frozenset[str] | None = None
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    grants: Mapping[str, tuple[Grant, ...] | None] = field(default_factory=dict)
    """What whoever asks may do in other namespaces, of which nothing else is known."""
    platforms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Images by name with the platforms that they are built for; none where the registry does not have one."""
    skipped: tuple[Skipped, ...] = ()
