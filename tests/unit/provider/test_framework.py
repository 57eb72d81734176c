"""What an author of a resource type is handed."""

from __future__ import annotations

import threading

import pytest

from seldon_infra.provider.framework import Cancelled, Context, TimedOut
from seldon_infra.provider.lifecycle import describe
from seldon_infra.provider.siblings import owner_of, token_of
from seldon_infra.provider.values import Secrets
from seldon_infra.resources.model import Inputs

URN = "urn:pulumi:prod::shop::seldon:aws:Cluster$seldon:aws:NodeGroup::gpu-nodes"


class Name(Inputs):
    name: str


def test_a_context_knows_who_asks() -> None:
    context = Context(URN, owner_of(URN))
    assert (context.stack, context.project, context.name) == ("prod", "shop", "gpu-nodes")


def test_a_wait_ends_with_what_it_waited_for() -> None:
    answers = iter([None, 0, "ready"])
    assert Context(URN, "").wait_for("the door", lambda: next(answers), every=0.001) == "ready"


def test_a_wait_that_takes_too_long_says_for_what() -> None:
    with pytest.raises(TimedOut, match=r"waited 0\.05 s for the door; raise customTimeouts"):
        Context(URN, "", timeout=0.05).wait_for("the door", lambda: None, every=0.01)


def test_a_cancelled_wait_ends_at_once() -> None:
    """It would ask again after an hour only."""
    cancelled = threading.Event()

    def look() -> None:
        threading.Timer(0.05, cancelled.set).start()

    with pytest.raises(Cancelled, match="while waiting for the door"):
        Context(URN, "", timeout=7200, cancelled=cancelled).wait_for("the door", look, every=3600)


def test_a_token_is_repeatable_and_tells_objects_apart() -> None:
    nothing: frozenset[str] = frozenset()
    token = token_of(URN, nothing, Name(name="a"), Secrets())
    assert token == token_of(URN, nothing, Name(name="a"), Secrets())
    others = {
        token_of(URN, nothing, Name(name="b"), Secrets()),
        token_of(URN, frozenset({"id-1"}), Name(name="a"), Secrets()),
        token_of(URN + "2", nothing, Name(name="a"), Secrets()),
    }
    assert token not in others
    assert len(others) == 3


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TimedOut("not ready; its last words:\nbad model"), "not ready; its last words:\nbad model"),
        (ValueError("bad\n  value"), "ValueError: bad value"),
        (KeyError(), "KeyError"),
    ],
)
def test_an_exception_is_told_without_its_traceback(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_a_token_over_a_secret_is_not_the_quick_hash_of_it() -> None:
    secret = Secrets(frozenset({("name",)}), ("hunter2",))
    token = token_of(URN, frozenset(), Name(name="hunter2"), secret)
    assert token == token_of(URN, frozenset(), Name(name="hunter2"), secret)
    assert token != token_of(URN, frozenset(), Name(name="hunter2"), Secrets())


def test_pauses_grow_up_to_their_bound() -> None:
    asked: list[float] = []

    class Clockwork(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            asked.append(timeout or 0)
            return False

    answers = iter([False, False, False, False, True])
    Context(URN, "", cancelled=Clockwork()).wait_for("the door", lambda: next(answers), every=4, at_most=8)
    assert asked == [4, 6, 8, 8]
