"""A lock that one process holds at a time, and what who waits for it says."""

from __future__ import annotations

import re
import threading
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from seldon_infra.core import file_lock
from seldon_infra.core.errors import LimitReached
from seldon_infra.core.file_lock import held


def test_a_second_one_says_that_it_waits_and_goes_on_after_the_first(tmp_path: Path) -> None:
    order, said = list[str](), list[str]()
    waits = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        waits.set()

    def second() -> None:
        with held(tmp_path / "lock", "it", 60, say):
            order.append("second")

    thread = threading.Thread(target=second)
    with held(tmp_path / "lock", "it", 60, order.append):
        thread.start()
        assert waits.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
    assert re.fullmatch(r"waiting for another run that is getting it: \d+ s", said[0])


def test_who_waits_says_so_again_and_again_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count()
    clock = SimpleNamespace(monotonic=lambda: next(looks) / 10, sleep=lambda seconds: None)
    monkeypatch.setattr(file_lock, "time", clock)
    monkeypatch.setattr(file_lock, "TICK_SECONDS", 0.05)
    said: list[str] = []
    expected = pytest.raises(LimitReached, match=r"another run has been getting it for 0\.5 s; end the one that hangs")
    with held(tmp_path / "lock", "it", 60, said.append), expected, held(tmp_path / "lock", "it", 0.5, said.append):
        pass
    assert len(said) > 1
