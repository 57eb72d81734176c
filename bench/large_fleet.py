"""The fleet of 500, which takes hours: a file backend is written anew at each step, 20 minutes of them for one `up`."""

from __future__ import annotations

from bench.fleet import cluster, compare
from bench.table import Figure

SIZE = 500


def figures() -> list[Figure]:
    """Compare at this size."""
    with cluster() as control_plane:
        return compare(control_plane, SIZE, rounds=1)
