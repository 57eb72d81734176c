"""The record of an experiment on this machine: who was exposed, how requests went, what came of it.

One SQLite file per experiment, which several processes may write to. A user is one row of a round, whatever happens how
often: a second exposure or outcome of the same user changes nothing, so that whoever is not sure that a record arrived
may send it again. Keys are kept as hashes alone. Rows are in the order in which they came, so a clock that jumps moves
no result.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.experiments.terms import Terms, read_terms

BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of the counts of how long requests took: those of the executor's histogram."""
_TABLES = """
create table if not exists rounds (seq integer primary key, round text unique, began real, terms text);
create table if not exists exposures (seq integer primary key, round text, unit blob, arm integer, at real,
    unique (round, unit));
create table if not exists outcomes (seq integer primary key, round text, unit blob, arm integer, value real, at real,
    unique (round, unit));
create table if not exists requests (seq integer primary key, round text, arm integer, minute integer, at real,
    answered integer, failed integer, buckets text, unique (round, arm, minute));
"""


class NoRecord(SeldonInfraError):
    """Nothing is recorded of an experiment, or its record cannot be read."""


@dataclass
class Requests:
    """How requests of one arm went: how many were answered, how many failed, and how long they took."""

    answered: int = 0
    failed: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    """Counts up to each of ``SECONDS``, each without those before it, and of what took longer."""

    def add(self, other: Requests) -> Requests:
        """Give both together."""
        buckets = [one + two for one, two in zip(self.buckets, other.buckets, strict=True)]
        return Requests(self.answered + other.answered, self.failed + other.failed, buckets)


@dataclass(frozen=True)
class Row:
    """One record: an exposure (without a value), an outcome, or a count of requests."""

    arm: int
    at: float
    value: float = 0.0
    requests: Requests | None = None


@dataclass(frozen=True)
class Record:
    """All that was recorded of one round, in the order in which it came."""

    terms: Terms
    began: float
    exposures: Sequence[Row]
    outcomes: Sequence[Row]
    requests: Sequence[Row]


class Ledger:
    """The record of one experiment; each call opens the file anew, so that threads may share it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def begin(self, terms: Terms) -> None:
        """Note that a round goes on from now on; earlier ones stay as they are."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._opened() as db:
            db.executescript(_TABLES)
            # A round that comes back is the latest again, with what it had.
            began = db.execute("select min(began) from rounds where round = ?", (terms.round,)).fetchone()[0]
            db.execute(
                "insert or replace into rounds (round, began, terms) values (?, ?, ?)",
                (terms.round, began or time.time(), terms.text()),
            )

    def expose(self, round: str, units: Mapping[bytes, int]) -> None:
        """Note which users have met which arm."""
        now = time.time()
        with self._opened() as db:
            db.executemany(
                "insert or ignore into exposures (round, unit, arm, at) values (?, ?, ?, ?)",
                [(round, unit, arm, now) for unit, arm in units.items()],
            )

    def answer(self, round: str, arms: Mapping[int, Requests]) -> None:
        """Note how requests went since the last time; a row holds a minute of an arm."""
        now = time.time()
        with self._opened() as db:
            # Before it reads: two processes that add to one row must do so one after the other.
            db.execute("begin immediate")
            for arm, requests in arms.items():
                _add_minute(db, (round, arm, int(now // 60)), now, requests)

    def outcome(self, round: str, outcomes: Iterable[tuple[bytes, int, float]]) -> int:
        """Note what came of users; give how many of them had none yet, for the others nothing changes."""
        now = time.time()
        with self._opened() as db:
            before = db.total_changes
            db.executemany(
                "insert or ignore into outcomes (round, unit, arm, value, at) values (?, ?, ?, ?, ?)",
                [(round, unit, arm, value, now) for unit, arm, value in outcomes],
            )
            return db.total_changes - before

    def rounds(self) -> list[Terms]:
        """Give the rounds, the latest last."""
        with self._opened() as db:
            return [read_terms(text) for (text,) in db.execute("select terms from rounds order by seq")]

    def read(self, terms: Terms) -> Record:
        """Give all that was recorded of a round."""
        with self._opened() as db:
            of = (terms.round,)
            (began,) = db.execute("select began from rounds where round = ?", of).fetchone()
            seen = db.execute("select arm, at from exposures where round = ? order by seq", of)
            told = db.execute("select arm, at, value from outcomes where round = ? order by seq", of)
            asked = db.execute(
                "select arm, at, answered, failed, buckets from requests where round = ? order by seq", of
            )
            return Record(
                terms,
                began,
                [Row(arm, at) for arm, at in seen],
                [Row(arm, at, value) for arm, at, value in told],
                [Row(arm, at, requests=Requests(n, bad, json.loads(text))) for arm, at, n, bad, text in asked],
            )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        db = None
        try:
            db = sqlite3.connect(self.file, timeout=BUSY_SECONDS)
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            with db:
                yield db
        except sqlite3.Error as error:
            raise NoRecord(f"the record of the experiment, {self.file}, cannot be used: {error}") from error
        finally:
            if db is not None:
                db.close()


def _add_minute(db: sqlite3.Connection, of: tuple[str, int, int], now: float, requests: Requests) -> None:
    """Add requests to the row of a round, an arm and a minute."""
    chosen = "round = ? and arm = ? and minute = ?"
    known = db.execute(f"select answered, failed, buckets from requests where {chosen}", of).fetchone()
    if known is None:
        values = (*of, now, requests.answered, requests.failed, json.dumps(requests.buckets))
        names = "round, arm, minute, at, answered, failed, buckets"
        db.execute(f"insert into requests ({names}) values (?, ?, ?, ?, ?, ?, ?)", values)
        return
    answered, failed, buckets = known
    total = requests.add(Requests(answered, failed, json.loads(buckets)))
    sums = (now, total.answered, total.failed, json.dumps(total.buckets), *of)
    db.execute(f"update requests set at = ?, answered = ?, failed = ?, buckets = ? where {chosen}", sums)


def ledger_file(stack_dir: Path, deployment: str, name: str) -> Path:
    """Give the file with an experiment's record: beside the stack's folder, so that it outlives the stack."""
    return stack_dir.parent / ".experiments" / stack_dir.name / f"{deployment}.{name}.sqlite"


def find_ledger(stack_dir: Path, name: str) -> Ledger:
    """Find an experiment's record by the experiment's name, or by DEPLOYMENT.NAME.

    Raises:
        NoRecord: there is none, or more than one.
    """
    files = sorted((stack_dir.parent / ".experiments" / stack_dir.name).glob("*.sqlite"))
    found = [file for file in files if name in (file.stem, file.stem.partition(".")[2])]
    if len(found) == 1:
        return Ledger(found[0])
    stem = ", ".join(file.stem for file in found or files)
    if found:
        raise NoRecord(f"experiment '{name}' is in several deployments: write one of {stem}")
    there = f"recorded here: {stem}" if files else "nothing is recorded here yet"
    raise NoRecord(f"stack '{stack_dir.name}' has no experiment '{name}': {there}; run `pulumi up` with it")
