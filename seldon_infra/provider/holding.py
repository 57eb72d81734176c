"""A step of a rollout, on either target: it lasts until its time is over and its gates have seen enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from seldon_infra.provider.framework import Cancelled, Context, Problem, Refused
from seldon_infra.resources.rollout import RolloutInputs
from seldon_infra.runtime.asking import Away, GateFailed
from seldon_infra.runtime.gates import Counts, Version, ask_gate, counted_since, judge_counts, read_counts
from seldon_infra.runtime.mirrored import Copies, judge_copies

T = TypeVar("T")
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

    Whoever gates ask may be away for a while: its pod was evicted, its process is started anew. That is waited for, and
    takes from the step's patience.

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
    waiting = Waiting(context, rollout.patience_seconds)
    for version in news:
        for gate in gates:
            waiting.outlast(partial(ask_gate, gate, version, old))
    counted = [gate for gate in gates if gate["kind"] in COUNTED]
    copying = [gate for gate in gates if gate["kind"] == "mirror"]
    copying = copying if copying and mirror and waiting.outlast(mirror.begins) else []
    copies = Copies()
    before = {it.name: waiting.outlast(partial(read_counts, it)) for it in news} if counted else {}
    began, most = time.monotonic(), rollout.hold_seconds + waiting.left
    whole = rollout.hold_seconds + rollout.patience_seconds
    while True:
        try:
            said = _judged(counted, news, before)
            if copying and mirror:
                mirror.copy(news, copies)
            said += [text for new in news for gate in copying if (text := judge_copies(gate, new.name, copies))]
            missing = [f"{text} within {whole:g} s, so it can say nothing" for text in said]
        except Away as away:
            waiting.say(away)
            missing = [_in_vain(away, whole)]
        passed = time.monotonic() - began
        if passed >= rollout.hold_seconds and not missing:
            return
        if passed >= most:
            raise GateFailed(missing[0])
        waiting.pause((most if missing else rollout.hold_seconds) - passed)


@dataclass
class Waiting:
    """How gates wait for whom they ask."""

    context: Context
    left: float
    """Seconds that they may still wait."""

    def outlast(self, ask: Callable[[], T]) -> T:
        """Ask, and ask anew as long as who is asked is away.

        Raises:
            GateFailed: it is away for too long, or says why a gate does not hold.
            Cancelled: the user interrupted it.
        """
        most, since = self.left, math.inf
        while True:
            try:
                return ask()
            except Away as away:
                since = min(since, time.monotonic())
                self.left = max(most - (time.monotonic() - since), 0.0)
                if not self.left:
                    raise GateFailed(_in_vain(away, most)) from None
                self.say(away)
            self.pause(self.left)

    def say(self, away: Away) -> None:
        """Show what is waited for."""
        self.context.progress(f"the gates wait: {away}")

    def pause(self, most: float) -> None:
        """Wait for the next look.

        Raises:
            Cancelled: the user interrupted it.
        """
        if self.context.cancelled.wait(max(min(LOOK_SECONDS, most), 0.02)):
            raise Cancelled("interrupted")


def _in_vain(away: Away, seconds: float) -> str:
    return f"gates waited {seconds:g} s in vain: {away}"


def _judged(
    gates: Sequence[Mapping[str, Any]], news: Sequence[Version], before: Mapping[str, Mapping[str, Counts]]
) -> list[str]:
    """Judge what was counted, and say what is missing yet."""
    missing = []
    for version in news if gates else ():
        counts = counted_since(read_counts(version), before[version.name])
        missing += [said for gate in gates if (said := judge_counts(gate, counts))]
    return missing
