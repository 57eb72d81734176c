"""How often deployments that are waited for are looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from seldon_infra.clusters.live import Cluster
from seldon_infra.clusters.look import Seen
from seldon_infra.clusters.rollout import State
from seldon_infra.clusters.rollouts import Awaited, Patience, Rollouts
from seldon_infra.core.errors import NotReady

FOR_EVER = 3600.0


def _no_cluster() -> Cluster:
    raise AssertionError("nobody connects in these tests")


@dataclass
class Watched(Rollouts):
    """Sees states that a test sets, and notes whom each look was at."""

    states: dict[str, State] = field(default_factory=dict)
    looks: list[set[str]] = field(default_factory=list)
    takes: float = 0.0

    def _seen(self, awaited: Iterable[Awaited]) -> Mapping[tuple[str, str], Seen]:
        self.looks.append({each.name for each in awaited})
        time.sleep(self.takes)
        return {(each.namespace, each.name): self._state_of(each.name) for each in awaited}

    def _state_of(self, name: str) -> Seen:
        return Seen({}, self.states[name]) if name in self.states else Seen(None, State.UNSEEN)


def watched(**states: State) -> Watched:
    return Watched(_no_cluster, Patience(FOR_EVER, FOR_EVER, between_looks=FOR_EVER), states=states)


async def test_who_comes_between_two_looks_is_looked_at_at_once() -> None:
    rollouts = watched(slow=State.CREATING, first=State.AVAILABLE, second=State.AVAILABLE)
    slow = asyncio.ensure_future(rollouts.available("models", "slow", lambda said: None))
    while not rollouts.looks:
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await rollouts.available("models", "first", lambda said: None)
        await rollouts.available("models", "second", lambda said: None)
    assert not slow.done()
    assert rollouts.looks[1:] == [{"first"}, {"second"}]
    slow.cancel()


async def test_those_who_come_together_are_looked_at_together() -> None:
    rollouts = watched(slow=State.CREATING, **{f"iris{number}": State.AVAILABLE for number in range(20)})
    slow = asyncio.ensure_future(rollouts.available("models", "slow", lambda said: None))
    while not rollouts.looks:
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await asyncio.gather(*(rollouts.available("models", f"iris{it}", lambda said: None) for it in range(20)))
    assert len(rollouts.looks) == 2
    slow.cancel()


async def test_the_longer_a_look_takes_the_longer_is_the_rest_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    rollouts = watched(slow=State.CREATING, first=State.AVAILABLE)
    rollouts.takes = 0.1
    rests: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    slow = asyncio.ensure_future(rollouts.available("models", "slow", lambda said: None))
    while not rollouts.looks:
        await sleep(0)
    monkeypatch.setattr(asyncio, "sleep", noted)
    async with asyncio.timeout(60):
        await rollouts.available("models", "first", lambda said: None)
    assert len(rests) == 1
    assert rests[0] >= 4 * rollouts.takes
    slow.cancel()


async def test_one_that_fails_is_told_at_once_though_others_are_still_waited_for() -> None:
    rollouts = watched(slow=State.CREATING, first=State.AVAILABLE)
    slow = asyncio.ensure_future(rollouts.available("models", "slow", lambda said: None))
    told: list[str] = []
    gone = asyncio.ensure_future(rollouts.available("models", "gone", told.append))
    with pytest.raises(NotReady):
        await asyncio.wait_for(gone, 60)
    assert told == ["SeldonDeployment 'gone' is gone: somebody deleted it; run: pulumi up --refresh"]
    assert not slow.done()
    slow.cancel()


async def test_nobody_is_looked_at_when_all_are_there() -> None:
    rollouts = watched(first=State.AVAILABLE)
    async with asyncio.timeout(60):
        await rollouts.available("models", "first", lambda said: None)
        assert rollouts._looking is not None
        await rollouts._looking
    assert rollouts.looks == [{"first"}]
