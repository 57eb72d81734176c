from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from seldon_infra.clusters import in_time as module
from seldon_infra.clusters.in_time import AT_ONCE, in_time


def test_every_call_gives_what_it_returned_or_raised() -> None:
    wrong = ValueError("no")

    def fail() -> int:
        raise wrong

    assert in_time({"a": lambda: 1, "b": fail}, 60) == {"a": 1, "b": wrong}
    assert in_time({}, 60) == {}


def test_what_hangs_is_not_waited_for_and_the_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    never, clock = threading.Event(), iter([0.0, 0.0, 61.0])  # a minute is over when one answer has come
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    answers = in_time({"hangs": never.wait, "answers": lambda: True}, 60)
    assert answers["answers"] is True
    assert isinstance(answers["hangs"], TimeoutError)
    never.set()


def test_more_calls_than_run_at_once_all_come() -> None:
    count = AT_ONCE * 3
    assert in_time({number: (lambda it=number: it) for number in range(count)}, 60) == dict(enumerate(range(count)))
