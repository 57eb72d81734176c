"""What an experiment costs: assignments per second in one process."""

from __future__ import annotations

from bench.table import Figure, seconds
from seldon_infra.experiments.assignment import arm_of

KEYS = 300_000
AIM = 100_000


def figures() -> list[Figure]:
    """Assign many keys."""
    keys = [f"user-{number}" for number in range(KEYS)]
    took = min(seconds(lambda: [arm_of("new-trees.0123456789ab", key, 0.5) for key in keys]) for _ in range(3))
    return [Figure("assignments in one process", f"{KEYS / took:,.0f} per second", f"aim: {AIM:,}")]
