"""What a picture of a deployment says, before any coordinate or syntax: the SVG and the Mermaid text draw the same.

A predictor graph is declared as a tree; a request travels it as a flow. A combiner gets its turn after its children,
an output transformer after its child, so the flow puts them there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One box: a node of the graph."""

    name: str
    kind: str
    caption: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """Flows that a request takes one after the other."""

    parts: tuple[Flow, ...]


@dataclass(frozen=True)
class Choice:
    """A router and the flows of which it picks one; a label tells how each is reached."""

    step: Step
    branches: tuple[Flow, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Gather:
    """Flows that all get the request, and the combiner that makes one answer of theirs."""

    branches: tuple[Flow, ...]
    step: Step


Flow = Step | Series | Choice | Gather


@dataclass(frozen=True)
class Lane:
    """A predictor: its share of the requests, its flow, and an explainer beside it."""

    name: str
    notes: tuple[str, ...]
    share: str
    weight: float
    shadow: bool
    flow: Flow
    explainer: Step | None = None


@dataclass(frozen=True)
class Picture:
    """A deployment: the way in, and a lane per predictor."""

    name: str
    notes: tuple[str, ...]
    entrance: Step
    lanes: tuple[Lane, ...]
