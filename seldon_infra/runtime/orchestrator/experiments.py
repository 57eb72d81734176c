"""Experiments in an orchestrator: who gets which arm, what is counted, and what is written down.

A request is never held up by a record: what is to be written waits in memory, and a thread of its own writes it. What
cannot be written is lost to the record, and said once; serving goes on.
"""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.experiments.assignment import A
from seldon_infra.experiments.ledger import SECONDS, Ledger, Requests, ledger_file
from seldon_infra.experiments.terms import PARAMETER, Terms, key_of, read_terms
from seldon_infra.runtime.orchestrator.config import AB_TEST, Config, Unit
from seldon_infra.runtime.orchestrator.failures import Failure
from seldon_infra.runtime.orchestrator.metrics import NO_ARM, Metrics

WRITE_SECONDS = 1.0
"""How long records wait: what a killed orchestrator loses at most."""
MOST_WAITING = 100_000
"""Users whose records may wait; more are lost to the record."""
MOST_SEEN = 200_000
"""Users that are known to be recorded; then it is asked of the record again."""


@dataclass
class Waiting:
    """What is to be written of one experiment."""

    terms: Terms
    exposures: dict[bytes, int] = field(default_factory=dict)
    outcomes: list[tuple[bytes, int, float]] = field(default_factory=list)
    requests: dict[int, Requests] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)


class Recorder:
    """Writes what happened, in a thread of its own."""

    def __init__(self, ledgers: Mapping[str, Ledger], terms: Mapping[str, Terms]) -> None:
        self._ledgers, self._lock, self._stop = ledgers, threading.Lock(), threading.Event()
        self._waiting = {name: Waiting(each) for name, each in terms.items()}
        self._said = False
        for name, each in terms.items():
            self._guarded(ledgers[name].begin, each)
        self._thread = threading.Thread(target=self._run, name="experiments", daemon=True)
        self._thread.start()

    def expose(self, name: str, unit: bytes, arm: int) -> None:
        """Note that a user met an arm."""
        with self._lock:
            waiting = self._waiting[name]
            if unit in waiting.seen or len(waiting.exposures) >= MOST_WAITING:
                return
            if len(waiting.seen) >= MOST_SEEN:
                waiting.seen.clear()
            waiting.seen.add(unit)
            waiting.exposures[unit] = arm

    def outcome(self, name: str, unit: bytes, arm: int, value: float) -> None:
        """Note what came of a user."""
        with self._lock:
            if len(self._waiting[name].outcomes) < MOST_WAITING:
                self._waiting[name].outcomes.append((unit, arm, value))

    def answered(self, name: str, arm: int, seconds: float, failed: bool) -> None:
        """Note how a request went."""
        with self._lock:
            counts = self._waiting[name].requests.setdefault(arm, Requests())
            counts.answered += 1
            counts.failed += failed
            counts.buckets[bisect_left(SECONDS, seconds)] += 1

    def close(self) -> None:
        """Write what still waits."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(WRITE_SECONDS):
            self._write()
        self._write()

    def _write(self) -> None:
        for name, waiting in self._waiting.items():
            with self._lock:
                exposures, waiting.exposures = waiting.exposures, {}
                outcomes, waiting.outcomes = waiting.outcomes, []
                requests, waiting.requests = waiting.requests, {}
            ledger, round = self._ledgers[name], waiting.terms.round
            if exposures:
                self._guarded(ledger.expose, round, exposures)
            if outcomes:
                self._guarded(ledger.outcome, round, outcomes)
            if requests:
                self._guarded(ledger.answer, round, requests)

    def _guarded(self, write: Callable[..., object], *what: object) -> None:
        try:
            write(*what)
        except (SeldonInfraError, OSError) as error:
            if not self._said:
                print(f"experiments are not recorded: {error}", file=sys.stderr, flush=True)
            self._said = True


class Experiments:
    """The experiments of one predictor's graph."""

    def __init__(self, config: Config, metrics: Metrics, stack_dir: Path) -> None:
        units = [unit for unit in config.graph.walk() if unit.implementation == AB_TEST]
        self._terms = {unit.name: read_terms(unit.parameters[PARAMETER]) for unit in units}
        self._metrics = metrics
        ledgers = {name: Ledger(ledger_file(stack_dir, config.deployment, name)) for name in self._terms}
        self._recorder = Recorder(ledgers, self._terms)

    def visit(self, header: Callable[[str], str | None], message: Callable[[], Any]) -> Visit:
        """Begin a request's way.

        Args:
            header: gives a header of the request.
            message: gives the request as JSON has it.
        """
        return Visit(self._terms, self._metrics, self._recorder, header, message)

    def reward(self, visit: Visit, routing: Mapping[str, int], reward: object) -> None:
        """Note a reward as the outcome of the user who sends it, in each experiment that led to the answer."""
        if isinstance(reward, bool) or not isinstance(reward, (int, float)):
            return
        for name, terms in self._terms.items():
            key = visit.key_of(terms)
            if name in routing and key is not None and terms.refuses(float(reward)) is None:
                self._recorder.outcome(name, terms.unit_of(key), terms.arm_of(key), float(reward))

    def close(self) -> None:
        """Write what still waits."""
        self._recorder.close()


@dataclass(frozen=True)
class Visit:
    """One request on its way through routers that are experiments."""

    _terms: Mapping[str, Terms]
    _metrics: Metrics
    _recorder: Recorder
    _header: Callable[[str], str | None]
    _message: Callable[[], Any]

    def key_of(self, terms: Terms) -> str | None:
        """Give the request's key in an experiment; None where it has none."""
        return key_of(terms, self._header, self._message)

    @contextmanager
    def arm(self, unit: Unit) -> Iterator[int]:
        """Choose a router's child for the request, and count what becomes of it."""
        terms = self._terms[unit.name]
        key = self.key_of(terms)
        if key is None:
            self._metrics.exposed(terms.name, terms.round, NO_ARM)
            yield A
            return
        arm = terms.arm_of(key)
        self._metrics.exposed(terms.name, terms.round, terms.arms[arm])
        self._recorder.expose(unit.name, terms.unit_of(key), arm)
        began = time.perf_counter()
        try:
            yield arm
        except Failure as failure:
            self._recorder.answered(unit.name, arm, time.perf_counter() - began, failure.status >= 500)
            raise
        # A client that left is neither an answer nor a failure: what it raises goes by here uncounted.
        self._recorder.answered(unit.name, arm, time.perf_counter() - began, False)
