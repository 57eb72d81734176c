"""How far Seldon's operator is with a deployment, from the object as the API server gives it.

The operator writes ``status.state`` and ``status.description``, but never which generation they are about: after a
change, an Available of the version before stands there until the operator has seen the new one, and where only shares
of traffic change it is not even written anew. Source: Reconcile and updateStatus of the operator, 1.17.1.

So whoever waits marks the status: state Creating, a description of its own, and ``observedGeneration``, a field of the
status that the operator carries along and never sets. The operator writes a status only over the version of the object
that it has read, and reads again after each change of it; so any other state that stands there later is about this
generation. Of a generation 1 nothing can be stale, so it is never marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Tree = Mapping[str, Any]
MARK = "seldon-infra waits until the operator has seen this generation"


class State(Enum):
    """What is known of a deployment's rollout."""

    STALE = "the operator's last word may be about an older version"
    UNSEEN = "Seldon's operator has not seen it yet (does it run, and is this namespace its own?)"
    CREATING = "its pods are coming up"
    FAILED = "the operator reports Failed"
    AVAILABLE = "Available"


@dataclass(frozen=True)
class Trouble:
    """Something that keeps a deployment from becoming Available."""

    said: str
    """What it is and what to do: ``model 'x': its image … cannot be pulled: …; correct the image``."""
    needs_node: bool = False
    """Whether it passes as soon as there is a node, which an autoscaler may be about to add."""
    pod: str | None = None
    """Name of the pod that it is about."""
    container: str | None = None
    """The container whose log says more."""


def state_of(deployment: Tree) -> State:
    """Tell how far the operator is with this very generation."""
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    generation = metadata.get("generation", 1)
    if generation > 1 and status.get("observedGeneration") != generation:
        return State.STALE
    if not status.get("state") or status.get("description") == MARK:
        return State.UNSEEN
    return {"Available": State.AVAILABLE, "Failed": State.FAILED}.get(status["state"], State.CREATING)


def unmarked(deployment: Tree) -> State:
    """The same for who may not mark a status, taken as it stands."""
    state = (deployment.get("status") or {}).get("state")
    return {"Available": State.AVAILABLE, "Failed": State.FAILED, None: State.UNSEEN}.get(state, State.CREATING)


def mark(deployment: Tree) -> Tree:
    """The change by which the operator's next word is known to be about this generation."""
    generation = deployment["metadata"]["generation"]
    return {"status": {"state": "Creating", "description": MARK, "observedGeneration": generation}}


def failure(deployment: Tree) -> Trouble:
    """What the operator says of a deployment that failed."""
    described = (deployment.get("status") or {}).get("description") or "without a description"
    return Trouble(f"Seldon's operator reports Failed: {described}")
