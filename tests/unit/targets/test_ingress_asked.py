"""Deployments that are ready together need one address: who is asked for it, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_infra import Kubernetes
from seldon_infra.targets import kubernetes_deployment
from seldon_infra.targets.kubernetes_deployment import ClusterRollouts
from seldon_infra.targets.way import Way


@pytest.fixture
def rollouts(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str | None]], ClusterRollouts]:
    """Rollouts on a cluster whose ingress gives one answer after the other; asked too often is an IndexError."""

    def on(answers: list[str | None]) -> ClusterRollouts:
        monkeypatch.setattr(kubernetes_deployment, "find_ingress", lambda cluster: answers.pop(0))
        cluster: Any = object()
        return ClusterRollouts(Kubernetes(), Way({}, lambda: cluster), Path())

    return on


def ask(rollouts: ClusterRollouts, times: int) -> list[str | None]:
    async def at_once() -> list[str | None]:
        return await asyncio.gather(*(rollouts._find_ingress() for _ in range(times)))

    return asyncio.run(at_once())


def test_deployments_that_are_ready_together_ask_once(rollouts: Any) -> None:
    answers: list[str | None] = ["http://gate"]
    one = rollouts(answers)
    assert ask(one, 20) == ["http://gate"] * 20
    assert ask(one, 1) == ["http://gate"]
    assert answers == []


def test_an_address_that_was_not_there_is_asked_for_again(rollouts: Any) -> None:
    one = rollouts([None, "http://gate"])
    assert ask(one, 3) == [None, None, None]
    assert ask(one, 3) == ["http://gate"] * 3
