"""Whether Envoy has taken a file over, by what it says of itself before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from seldon_infra.runtime.gateway import Gateway, RoutesRefused
from seldon_infra.runtime.stack_dir import StackDir


def says(version: str, attempts: int, rejected: int = 0) -> dict[str, str]:
    counts = {"update_attempt": attempts, "update_rejected": rejected, "update_failure": 0}
    return {"version_text": version} | {name: str(count) for name, count in counts.items()}


def took(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, str], now: dict[str, str], refusals: Sequence[str] = ()
) -> bool:
    monkeypatch.setattr(Gateway, "_subscription", lambda *_: now)
    return Gateway(StackDir(Path("/nowhere")))._took("cds", "new", before, refusals)


def test_a_file_is_taken_over_when_its_version_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not took(monkeypatch, says("old", 3), says("old", 3))
    assert not took(monkeypatch, says("old", 3), says("old", 4))
    assert took(monkeypatch, says("old", 3), says("new", 4))


def test_a_restarted_envoy_that_has_read_as_often_has_taken_it_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert took(monkeypatch, says("old", 1), says("new", 1))


def test_a_file_that_somebody_edited_and_that_keeps_its_version_is_read_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not took(monkeypatch, says("new", 3), says("new", 3))
    assert took(monkeypatch, says("new", 3), says("new", 4))


def test_a_refused_file_is_an_error_with_the_reason_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier, late = "[1] cds update rejected: an earlier reason", "[2] cds update rejected: too heavy"
    logs = iter([[earlier], [earlier]])
    monkeypatch.setattr(Gateway, "_refusals", lambda _: next(logs, [earlier, late]))
    with pytest.raises(RoutesRefused, match="stay in force: too heavy"):
        took(monkeypatch, says("old", 3), says("old", 4, rejected=1), [earlier])
