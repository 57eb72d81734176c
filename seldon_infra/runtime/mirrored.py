"""Live requests in copy: what one version has answered is asked of the other, and the answers are compared.

The old version's requests go to the new one, and the new one's to the old, which runs until the last step is over: so
all that clients ask is compared at every step, at the last too.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from seldon_infra.runtime.asking import Away, GateFailed
from seldon_infra.runtime.gates import Version, said_in
from seldon_infra.runtime.orchestrator.kept import KEY_FILE

Exchange: TypeAlias = Mapping[str, str]
"""A live request: its ``path``, the ``request`` and the ``answer``."""
OF_EACH = frozenset({"meta", "id", "model_name", "model_version"})
"""Parts of an answer that tell who answered, and when."""


@dataclass
class Copies:
    """What came of copies so far."""

    asked: dict[str, int] = field(default_factory=dict)
    """By the new version's name."""
    differing: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, differs: bool) -> None:
        """Count a copy that a new version was judged by."""
        self.asked[name] = self.asked.get(name, 0) + 1
        self.differing[name] = self.differing.get(name, 0) + differs

    def send(self, exchanges: Sequence[Exchange], to: Version, about: Version, goes_on: Callable[[], bool]) -> None:
        """Ask one version what the other was asked.

        Args:
            exchanges: requests with the other's answers.
            to: who is asked.
            about: the new one of both.
            goes_on: tells whether there is still time.
        """
        for exchange in exchanges:
            if not goes_on():
                return
            try:
                self.count(about.name, _differs(exchange, to))
            except Away:
                return


def take(version: Version, key: str) -> list[Exchange]:
    """Take what a version has answered since the last time, and have it keep what comes.

    Raises:
        GateFailed: it keeps nothing.
    """
    found: list[Exchange] = json.loads(version.exchanges(key))
    return found


def judge_copies(gate: Mapping[str, Any], name: str, copies: Copies) -> str | None:
    """Judge a new version by copies; the text says what is missing yet, None that the gate holds.

    Raises:
        GateFailed: it does not hold.
    """
    asked = copies.asked.get(name, 0)
    if asked < gate["min_requests"]:
        return f"mirror gate has had {asked} of {gate['min_requests']} requests"
    share = copies.differing.get(name, 0) / asked
    if share > gate["at_most"]:
        most = f"{100 * gate['at_most']:.3g} %"
        raise GateFailed(f"of {asked} live requests {100 * share:.3g} % get another answer, at most {most} may")
    return None


def key_of(stack: Path) -> str:
    """The key by which a stack's orchestrators show what they keep; it is made where there is none."""
    file = stack / KEY_FILE
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as made:
            made.write(secrets.token_urlsafe())
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii")


def _differs(exchange: Exchange, to: Version) -> bool:
    try:
        said = to.copied(exchange["path"], exchange["request"])
    except Away:
        raise  # Who is not there has given no other answer.
    except GateFailed:
        return True
    return say_different_things(to.protocol, exchange["answer"].encode(), said)


def say_different_things(protocol: str, one: bytes, other: bytes) -> bool:
    """Tell whether two answers to the same request say different things, whoever gave them, and when."""
    try:
        return _said(protocol, json.loads(one)) != _said(protocol, json.loads(other))
    except ValueError:
        return one != other


def _said(protocol: str, answer: Mapping[str, Any]) -> object:
    return said_in(protocol, answer) or {key: value for key, value in answer.items() if key not in OF_EACH}
