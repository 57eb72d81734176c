"""How a change arrives in steps, as the provider takes it, on either target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seldon_infra.core.quantity import parse_duration

if TYPE_CHECKING:
    from seldon_infra.experiments.rollout import Rollout

GATE_SECONDS = 300.0
"""How long gates may take to ask at one step."""


def rollout(declared: Rollout, project: str) -> dict[str, object]:
    """How a route changes, with the files that gates read."""
    return {
        "steps": list(declared.steps),
        "hold_seconds": float(parse_duration(declared.hold) or 0),
        "patience_seconds": float(parse_duration(declared.patience) or 0),
        "gates": [_gate(gate.model_dump(), project) for gate in declared.gates],
    }


def rollout_seconds(declared: Rollout) -> float:
    """How long all steps may take."""
    step = float(parse_duration(declared.hold) or 0) + float(parse_duration(declared.patience) or 0)
    return len(declared.steps) * (step + GATE_SECONDS)


def _gate(gate: dict[str, Any], project: str) -> dict[str, object]:
    if "data" in gate:
        gate["data"] = f"{project}/{gate['data']}"
    if gate["kind"] == "latency":
        gate["at_most_seconds"] = float(parse_duration(gate.pop("at_most")) or 0)
    return gate
