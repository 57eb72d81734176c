"""A lock that one process holds at a time, and what who waits for it says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from seldon_infra.core import file_lock
from seldon_infra.core.errors import LimitReached
from seldon_infra.core.file_lock import held


def test_a_second_one_says_that_it_waits_and_goes_on_after_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    waits = threading.Event()

    def say(text: str) -> None:
        order.append(text)
        waits.set()

    def second() -> None:
        with held(tmp_path / "lock", "it", 60, say):
            order.append("second")

    thread = threading.Thread(target=second)
    with held(tmp_path / "lock", "it", 60, order.append):
        thread.start()
        assert waits.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["waiting for another run that is getting it: 0 s", "first", "second"]


def test_who_waits_says_so_again_and_again_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "TICK_SECONDS", 0.05)
    said: list[str] = []
    expected = pytest.raises(LimitReached, match=r"another run has been getting it for 0\.5 s; end the one that hangs")
    with held(tmp_path / "lock", "it", 60, said.append), expected, held(tmp_path / "lock", "it", 0.5, said.append):
        pass
    assert len(said) > 1
