"""A step of a rollout, on either target: it lasts until its time is over and its gates have seen enough."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from seldon_infra.provider.framework import Cancelled, Context, Problem, Refused
from seldon_infra.resources.rollout import RolloutInputs
from seldon_infra.runtime.gates import (
    Counts,
    GateFailed,
    Version,
    ask_gate,
    counted_since,
    judge_counts,
    read_counts,
)
from seldon_infra.runtime.mirrored import Copies, judge_copies

LOOK_SECONDS = 1.0
"""How often counted requests are looked at."""
COUNTED = ("errors", "latency")


class Mirror(Protocol):
    """What has two versions answer the same live requests."""

    def begins(self) -> bool:
        """Have live requests kept from now on; tell whether they are."""

    def copy(self, news: Sequence[Version], copies: Copies) -> None:
        """Send copies of the requests that came since the last time, and count what they tell of what is new."""


def require_files(rollout: RolloutInputs | None) -> None:
    """Refuse gates whose file is not there: better said now than at a step.

    Raises:
        Refused: some are not.
    """
    gates = rollout.gates if rollout else []
    missing = [(index, gate.data) for index, gate in enumerate(gates) if gate.data and not Path(gate.data).is_file()]
    if missing:
        said = "does not exist; give the path of a file with held-out rows, relative to the project"
        raise Refused(*(Problem(f"rollout.gates[{index}].data", f"{data} {said}") for index, data in missing))


def hold(
    news: Sequence[Version],
    old: Version | None,
    rollout: RolloutInputs,
    context: Context,
    mirror: Mirror | None = None,
) -> None:
    """Wait for the step's time and its gates.

    Args:
        news: what gets more requests.
        old: what had most of them.
        rollout: how long, and what must hold.
        context: of the call.
        mirror: copies live requests, where there is an old version to compare with.

    Raises:
        GateFailed: one does not hold, or has had no data.
        Cancelled: the user interrupted it.
    """
    gates = [gate.plain() for gate in rollout.gates]
    for version in news:
        for gate in gates:
            ask_gate(gate, version, old)
    counted = [gate for gate in gates if gate["kind"] in COUNTED]
    copying = [gate for gate in gates if gate["kind"] == "mirror"]
    copying = copying if copying and mirror and mirror.begins() else []
    copies = Copies()
    before = {version.name: read_counts(version) for version in news} if counted else {}
    began, most = time.monotonic(), rollout.hold_seconds + rollout.patience_seconds
    while True:
        if copying and mirror:
            mirror.copy(news, copies)
        missing = _judged(counted, news, before) + [
            said for new in news for gate in copying if (said := judge_copies(gate, new.name, copies))
        ]
        passed = time.monotonic() - began
        if passed >= rollout.hold_seconds and not missing:
            return
        if passed >= most:
            raise GateFailed(f"{missing[0]} within {most:g} s, so it can say nothing")
        left = (most if missing else rollout.hold_seconds) - passed
        if context.cancelled.wait(max(min(LOOK_SECONDS, left), 0.02)):
            raise Cancelled("interrupted")


def _judged(
    gates: Sequence[Mapping[str, Any]], news: Sequence[Version], before: Mapping[str, Mapping[str, Counts]]
) -> list[str]:
    """Judge what was counted, and say what is missing yet."""
    missing = []
    for version in news if gates else ():
        counts = counted_since(read_counts(version), before[version.name])
        missing += [said for gate in gates if (said := judge_counts(gate, counts))]
    return missing
