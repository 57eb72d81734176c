"""What a declaration has made beside what the state has: which of it may be removed, and which adopted.

An object is born with the mark of its declaration and a token. A create *settles* it as the last thing before it
answers: it notes on the object that the state is about to have it. So an object outside the state is

    killed      not settled: its create died before it answered, no state ever had it. It is adopted or removed.
    kept        settled for this declaration: a state had it once (it was retained, or taken out by hand) or missed it
                by a moment. It is never removed, and adopted only where it is exactly what is asked for.
    elsewhere   known, or settled, for another declaration (an alias, a rename): it is not touched.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from seldon_infra.provider.framework import Instance
from seldon_infra.provider.values import Secrets
from seldon_infra.resources.interrupted import INTERRUPTED_ID
from seldon_infra.resources.model import In, Out, ResourceModel

_SLOW_ROUNDS = 200_000
"""About a tenth of a second: a token is no secret, so whoever reads one must not be able to try many passwords."""


def owner_of(urn: str) -> str:
    """The mark that every object of a declaration carries."""
    return hashlib.sha256(urn.encode()).hexdigest()[:32]


def token_of(urn: str, known: Iterable[str], inputs: ResourceModel, secrets: Secrets) -> str:
    """The name of one object: the same in a repeated run, another for a replacement even with equal inputs."""
    text = json.dumps([urn, sorted(known), inputs.wire()], sort_keys=True, default=str).encode()
    if secrets.paths:
        return hashlib.pbkdf2_hmac("sha256", text, urn.encode(), _SLOW_ROUNDS).hex()[:32]
    return hashlib.sha256(text).hexdigest()[:32]


class Known:
    """What this process has heard of the state: the ids of each URN, and whether the engine reads them all first."""

    def __init__(self, reads_first: bool = True) -> None:
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._given: dict[tuple[str, str], bool] = {}
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._reads_first = reads_first
        self.nobody_answers = False
        """Whether the outside has been found to be unreachable: a preview asks it no more."""

    def read(self, urn: str, id: str) -> None:
        """The state has this object, and the engine has asked how it is."""
        if id != INTERRUPTED_ID:
            with self._lock:
                self._ids[urn].add(id)

    def mention(self, urn: str, id: str) -> None:
        """The state has this object; that nobody read it before shows that this engine does not read first."""
        with self._lock:
            self._reads_first &= id == INTERRUPTED_ID or any(id in ids for ids in self._ids.values())
        self.read(urn, id)

    @property
    def reads_first(self) -> bool:
        """Whether every object of the state is known before the first create."""
        return self._reads_first

    def ids(self, urn: str) -> frozenset[str]:
        """Every object that the state has for a URN."""
        with self._lock:
            return frozenset(self._ids[urn])

    def is_elsewhere(self, urn: str, id: str) -> bool:
        """Whether the state has this object for another declaration of the same type."""
        with self._lock:
            return any(id in ids for other, ids in self._ids.items() if other != urn and _type(other) == _type(urn))

    def give(self, urn: str, id: str) -> None:
        """This process gives the state an object that it has made."""
        with self._lock:
            self._given.setdefault((urn, id), False)

    def adopt(self, urn: str, id: str) -> None:
        """This process gives the state an object that it has found outside."""
        with self._lock:
            self._given[urn, id] = True

    def was_given(self, urn: str, id: str) -> bool:
        """Whether the state has this object from this very process."""
        with self._lock:
            return (urn, id) in self._given

    def was_adopted(self, urn: str, id: str) -> bool:
        """Whether this process found it outside: deleting "the old one" must spare it."""
        with self._lock:
            return self._given.get((urn, id), False)

    def is_news(self, text: str) -> bool:
        """Whether this is to be said: once in a process, however often the engine asks."""
        with self._lock:
            news = text not in self._warned
            self._warned.add(text)
            return news


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


@dataclass(frozen=True)
class Siblings(Generic[In, Out]):
    """What carries a declaration's mark and is not in the state for it; see the module."""

    killed: tuple[Instance[In, Out], ...] = ()
    kept: tuple[Instance[In, Out], ...] = ()
    taken: frozenset[str] = frozenset()
    """The ids that make a new object's token another one: what the state has, and what is elsewhere."""

    def adoptable(self, token: str) -> Instance[In, Out] | None:
        """The object that is exactly what is asked for; one whose id the token hashes cannot be it."""
        return next((it for it in (*self.killed, *self.kept) if it.token == token), None)


def siblings(found: Iterable[Instance[In, Out]], urn: str, known: Known, *, settles: bool) -> Siblings[In, Out]:
    """Sort what `find` has found.

    Of a type that cannot settle nobody knows what was recorded, so nothing is removed. Where the engine does not read
    first, what is settled may well be in the state: it is left alone, and what is made beside it gets another token.
    """
    recorded, owner = known.ids(urn), owner_of(urn)
    others = [it for it in found if it.token and it.id not in recorded]
    ours = [it for it in others if it.settled in ("", owner) and not known.is_elsewhere(urn, it.id)]
    killed = [it for it in ours if settles and not it.settled]
    kept = [it for it in ours if it not in killed]
    free = {it.id for it in (ours if known.reads_first else killed)}
    taken = recorded | {it.id for it in others if it.id not in free}
    return Siblings(tuple(killed), tuple(kept), frozenset(taken))
