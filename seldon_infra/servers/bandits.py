"""Routers that learn from feedback which of their children does best: what decides in a ``Router``."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later
from seldon_infra.servers.spec import NodeType, Protocol, Server

STATE_ENV = "BANDIT_STATE"
"""File in which what was learnt is kept."""
STATE_FOLDER = "/state"
"""Where a pod has its claim."""


class EpsilonGreedy(Server):
    """A router that takes the child with the best mean reward so far, and any child for a share of the requests."""

    catalogue: ClassVar[str | None] = "bandit"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("seldon",)
    roles: ClassVar[tuple[NodeType, ...]] = ("ROUTER",)
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon",)

    kind: Literal["epsilon-greedy"] = "epsilon-greedy"
    """Tells servers apart in data. Always ``epsilon-greedy``."""
    epsilon: float = 0.1
    """Share of the requests that take any child, from 0 to 1. Default: 0.1."""
    seed: int | None = None
    """Makes its dice fall the same way each time it starts, for trials. Default: none."""
    image: Later[str] | None = None
    """Image for a cluster, built from what ``seldon-infra containerfile`` writes. Default: none, for the local target
    only."""
    claim: Later[str] | None = None
    """PersistentVolumeClaim that keeps what was learnt on a cluster, in the deployment's namespace. Default: none, for
    the local target only, which keeps it in the stack's folder."""


class ThompsonSampling(Server):
    """A router that takes each child as often as it is likely to be the best, by the rewards so far."""

    catalogue: ClassVar[str | None] = "bandit"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("seldon",)
    roles: ClassVar[tuple[NodeType, ...]] = ("ROUTER",)
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon",)

    kind: Literal["thompson-sampling"] = "thompson-sampling"
    """Tells servers apart in data. Always ``thompson-sampling``."""
    seed: int | None = None
    """Makes its dice fall the same way each time it starts, for trials. Default: none."""
    image: Later[str] | None = None
    """Image for a cluster, built from what ``seldon-infra containerfile`` writes. Default: none, for the local target
    only."""
    claim: Later[str] | None = None
    """PersistentVolumeClaim that keeps what was learnt on a cluster, in the deployment's namespace. Default: none, for
    the local target only, which keeps it in the stack's folder."""


Bandit: TypeAlias = EpsilonGreedy | ThompsonSampling
"""A router that learns."""


def told(server: Bandit, children: tuple[str, ...]) -> list[tuple[str, str | int | float, str]]:
    """Give the parameters of a router's class: name, value and type on the wire."""
    found: list[tuple[str, str | int | float, str]] = [
        ("arms", ",".join(children), "STRING"),
        ("policy", server.kind, "STRING"),
    ]
    if isinstance(server, EpsilonGreedy):
        found.append(("epsilon", server.epsilon, "FLOAT"))
    if server.seed is not None:
        found.append(("seed", server.seed, "INT"))
    return found


__all__ = ["STATE_ENV", "STATE_FOLDER", "Bandit", "EpsilonGreedy", "ThompsonSampling", "told"]
