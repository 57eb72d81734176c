"""What one load came to, told apart by where the time went. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seldon_infra.cli.load import Result


@dataclass(frozen=True)
class Spent:
    """What Triton has spent on requests that went well, in nanoseconds."""

    requests: int = 0
    queue: int = 0
    compute: int = 0

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Spent:
        """Read ``GET /v2/models/MODEL/stats``; all versions together. Source: Triton's statistics extension."""
        whole = cls()
        for model in answer.get("model_stats", ()):
            found = model["inference_stats"]
            compute = sum(int(found[part]["ns"]) for part in ("compute_input", "compute_infer", "compute_output"))
            whole += cls(int(found["success"]["count"]), int(found["queue"]["ns"]), compute)
        return whole

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.requests + other.requests, self.queue + other.queue, self.compute + other.compute)

    def since(self, before: Spent) -> Spent:
        """What was spent from then until now."""
        return Spent(self.requests - before.requests, self.queue - before.queue, self.compute - before.compute)


@dataclass(frozen=True)
class Measured:
    """One load through the gateway; times are milliseconds."""

    batch: int
    """Rows in each request."""
    connections: int
    """Requests that are open at once."""
    requests_per_second: float
    p50: float
    p99: float
    queue: float | None
    """Average wait in Triton's queue; None where no Triton answers."""
    compute: float | None
    """Average time of Triton's model, with copying tensors in and out; None likewise."""
    server: float
    """The rest of the server's average time: reading and writing requests."""
    gateway: float
    """Average that the way through the gateway takes longer than the way to the server."""
    failures: Mapping[str, int]
    """What requests got instead of a good answer, and how often."""


def measured(batch: int, connections: int, whole: Result, server: Result, spent: Spent) -> Measured:
    """Tell apart where the time of a load went.

    Args:
        batch: rows in each request.
        connections: requests that were open at once.
        whole: the load through the gateway.
        server: the same load to the server itself.
        spent: what Triton spent during that one; no requests where there is none.
    """
    queue = spent.queue / spent.requests / 1e6 if spent.requests else None
    compute = spent.compute / spent.requests / 1e6 if spent.requests else None
    direct = _average(server)
    return Measured(
        batch,
        connections,
        whole.rate,
        whole.percentile(50),
        whole.percentile(99),
        queue,
        compute,
        max(0.0, direct - (queue or 0.0) - (compute or 0.0)),
        max(0.0, _average(whole) - direct),
        Counter([*whole.failures, *server.failures]),
    )


def _average(result: Result) -> float:
    return 1000 * sum(result.latencies) / len(result.latencies) if result.latencies else 0.0
