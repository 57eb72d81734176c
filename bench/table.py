"""Figures as rows of one table: what was measured, and what was aimed at."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``aim`` says in words what it should be."""

    name: str
    value: str
    aim: str = ""


def print_table(title: str, figures: Iterable[Figure]) -> None:
    """Print figures under a title, in three columns."""
    rows = list(figures)
    width = max((len(row.name) for row in rows), default=0)
    value = max((len(row.value) for row in rows), default=0)
    print(f"\n{title}")
    for row in rows:
        print(f"  {row.name:<{width}}  {row.value:>{value}}  {row.aim}".rstrip(), flush=True)


def seconds(call: Callable[[], object]) -> float:
    """Time one call, in seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(*calls: Callable[[], object], rounds: int) -> list[float]:
    """Time calls in turns, so that a machine whose speed drifts treats all alike; their median seconds."""
    turns = [[seconds(call) for call in calls] for _ in range(rounds)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]
