"""The stack's last updates: asked again when something has changed, and without anything secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from seldon_infra.console import updates
from seldon_infra.console.updates import Updates, update
from seldon_infra.core.errors import SeldonInfraError
from tests.engine.waiting import wait_until

RAW = {
    "kind": "update", "startTime": "2026-11-26T10:00:00Z", "endTime": "2026-11-26T10:01:00Z", "result": "failed",
    "message": "Canary", "resourceChanges": {"create": 3, "same": 9, "create-replacement": 1, "delete": 2},
    "config": {"p:token": {"value": "hush", "secret": True}}, "environment": {"git.author": "me"},
}  # fmt: skip


def test_an_update_is_what_happened_and_none_of_its_settings() -> None:
    told = update(RAW)
    assert (told["result"], told["changes"], told["message"]) == ("failed", "+3 ±1 −2", "Canary")
    assert "hush" not in json.dumps(told)


def test_an_update_that_changed_nothing_says_so() -> None:
    assert update({"resourceChanges": {"same": 4}})["changes"] == "no changes"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "PAUSE_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_pulumi_is_asked_again_only_where_something_has_changed() -> None:
    asked: list[int] = []

    def ask() -> Iterable[Mapping[str, Any]]:
        asked.append(1)
        return [RAW]

    known = Updates(ask)
    wait_until(lambda: bool(known.latest("one")["known"]))
    known.latest("one")
    assert len(asked) == 1
    wait_until(lambda: known.latest("two") is not None and len(asked) == 2)


@pytest.mark.usefixtures("at_once")
def test_what_is_not_known_is_said() -> None:
    def ask() -> Iterable[Mapping[str, Any]]:
        raise SeldonInfraError("no Pulumi CLI")

    known = Updates(ask)
    wait_until(lambda: "no Pulumi CLI" in str(known.latest("one")["said"]))
