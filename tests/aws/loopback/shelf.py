"""Objects that take their time: what a change leads to comes later, and a reader may see yesterday's state.

Time is a count of polls: each Describe call lets it go on by one. So a test says how often one has to ask until
something is done, and nothing ever sleeps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tests.aws.loopback.wire import AwsError

K = TypeVar("K")
Body = dict[str, Any]
SETS = frozenset({"subnetIds", "securityGroupIds", "publicAccessCidrs", "subnets", "taints", "kubernetesGroups"})


@dataclass
class Clock:
    """The count of polls, how many a change takes, and for how many a write is not seen yet."""

    now: int = 0
    pace: int = 2
    lag: int = 0
    frozen: bool = False

    def tick(self) -> None:
        """One poll more."""
        self.now += not self.frozen


@dataclass
class Thing:
    """One object: how it is, how late readers see it, and what comes next."""

    body: Body
    asked: Body
    """The parameters that made it, with their token: the same token with other ones is refused."""
    seen: Body | None = None
    seen_until: int = 0
    next: Callable[[], None] | None = None
    due: int = 0


class Shelf(Generic[K]):
    """The objects of one kind by their key."""

    def __init__(self, what: str, clock: Clock) -> None:
        self._what, self._clock = what, clock
        self._things: dict[K, Thing] = {}
        self._endings: list[tuple[str, list[Body]]] = []
        self.born: list[K] = []
        """The keys of all that was ever made."""

    def end_next(self, status: str, code: str, message: str, *ids: str) -> None:
        """Let the next change of an object end in this status, with a health issue that says why."""
        self._endings.append((status, [{"code": code, "message": message, "resourceIds": list(ids)}]))

    def add(self, key: K, body: Body, asked: Body) -> Body:
        """Put a new object there."""
        lag = self._clock.lag
        self.born.append(key)
        self._things[key] = Thing(body, asked, None, self._clock.now + lag if lag else 0)
        return body

    def made_before(self, key: K, asked: Body) -> Body | None:
        """What the same request has made; a token with other parameters, or a name that is taken, is refused."""
        token = asked.get("clientRequestToken")
        for other, thing in self._things.items():
            if token and thing.asked.get("clientRequestToken") == token:
                if (other, thing.asked) != (key, asked):
                    raise AwsError("InvalidParameterException", f"token {token} was used with other parameters")
                return thing.body
        if key in self._things:
            raise AwsError("ResourceInUseException", f"{self._what} already exists: {key}")
        return None

    def was_asked(self, key: K, asked: Body) -> bool:
        """Whether an object was made by this very request, told by its token."""
        return "clientRequestToken" in asked and self._things[key].asked == asked

    def get(self, key: K) -> Body:
        """The object as it is."""
        self._settle()
        if key not in self._things:
            raise self.not_found(key)
        return self._things[key].body

    def read(self, key: K) -> Body:
        """The object as a reader sees it, who may be late."""
        body = self.get(key)
        thing = self._things[key]
        if self._clock.now > thing.seen_until or not thing.seen_until:
            return dict(_in_another_order(copy.deepcopy(body)))
        if thing.seen is None:
            raise self.not_found(key)
        return thing.seen

    def visible(self) -> Iterator[K]:
        """The keys of what a reader sees."""
        self._settle()
        for key, thing in list(self._things.items()):
            if self._clock.now > thing.seen_until or not thing.seen_until or thing.seen is not None:
                yield key

    def not_found(self, key: K) -> AwsError:
        """The refusal of a key that is not there."""
        return AwsError("ResourceNotFoundException", f"No {self._what} found for name: {key}.")

    def write(self, key: K) -> Body:
        """The object, to be changed; late readers keep seeing it as it is now."""
        body = self.get(key)
        thing = self._things[key]
        if self._clock.lag:
            thing.seen, thing.seen_until = copy.deepcopy(body), self._clock.now + self._clock.lag
        return body

    def pass_through(self, key: K, status: str, then: str, done: Callable[[], None] = lambda: None) -> None:
        """Give an object a status for a while, then another, unless the test has said how its next change ends."""

        def end() -> None:
            ending, issues = self._endings.pop(0) if self._endings else (then, [])
            thing.body |= {"status": ending, "health": {"issues": issues}}
            if ending == then:
                done()

        thing = self._things[key]
        thing.body["status"] = status
        thing.next, thing.due = end, self._clock.now + self._clock.pace

    def leave(self, key: K, done: Callable[[], None] = lambda: None) -> Body:
        """Let an object be DELETING for a while, then gone, unless the test has said how that ends."""

        def end() -> None:
            if self._endings:
                ending, issues = self._endings.pop(0)
                thing.body |= {"status": ending, "health": {"issues": issues}}
            else:
                self.remove(key)
                done()

        thing = self._things[key]
        thing.body["status"] = "DELETING"
        thing.next, thing.due = end, self._clock.now + self._clock.pace
        return thing.body

    def remove(self, key: K) -> Body:
        """Take an object away at once."""
        return self._things.pop(key).body

    def _settle(self) -> None:
        for thing in list(self._things.values()):
            if thing.next and self._clock.now >= thing.due:
                end, thing.next = thing.next, None
                end()


def _in_another_order(value: Any, name: str = "") -> Any:
    """A body whose sets come in another order than they were sent in: AWS promises none."""
    if isinstance(value, dict):
        return {key: _in_another_order(item, key) for key, item in value.items()}
    return value[::-1] if name in SETS else value
