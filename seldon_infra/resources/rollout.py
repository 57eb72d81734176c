"""How a change of who answers arrives, on either target: steps, and gates that must hold at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from seldon_infra.experiments.rollout import calls_over_grpc
from seldon_infra.resources.model import ResourceModel


class RolloutGate(ResourceModel):
    """What must hold at each step of a rollout."""

    kind: Literal["smoke", "accuracy", "difference", "errors", "latency", "mirror"] = Field(
        description="What it looks at."
    )
    data: str | None = Field(default=None, description="Absolute path of a file with held-out rows.")
    rows: int | None = Field(default=None, description="Rows that a smoke gate sends.")
    at_least: float | None = Field(default=None, description="Share of rows that must be right.")
    at_most: float | None = Field(default=None, description="Share that may fail or differ.")
    at_most_seconds: float | None = Field(default=None, description="Seconds that a request may take.")
    quantile: float | None = Field(default=None, description="Share of requests that must be as fast.")
    min_requests: int | None = Field(default=None, description="Requests of a step that it needs.")

    def plain(self) -> dict[str, Any]:
        """The gate as plain data."""
        return {name: value for name, value in self.model_dump(by_alias=False).items() if value is not None}


class RolloutInputs(ResourceModel):
    """How a change of who answers arrives."""

    steps: list[int] = Field(description="Percents of the way, ascending, the last 100.")
    hold_seconds: float = Field(ge=0, description="How long each step lasts.")
    patience_seconds: float = Field(ge=0, description="How much longer a gate may wait for requests.")
    gates: list[RolloutGate] = Field(default_factory=list, description="What must hold at each step.")

    def mirrors(self) -> bool:
        """Tell whether a gate compares answers to copies of live requests."""
        return any(gate.kind == "mirror" for gate in self.gates)

    def calls_over_grpc(self, transports: Sequence[str]) -> bool:
        """Tell whether a gate asks a version that serves these over gRPC."""
        return calls_over_grpc({gate.kind for gate in self.gates}, transports)
