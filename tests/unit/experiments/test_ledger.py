from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from seldon_infra.experiments import ledger as ledgers
from seldon_infra.experiments.ledger import Ledger, NoRecord, Requests, find_ledger, ledger_file
from seldon_infra.experiments.terms import Terms, read_terms

TERMS = Terms(
    name="ab",
    deployment="fraud",
    arms=("old", "new"),
    share_b=0.5,
    sticky_by={"kind": "header", "name": "x-user-id"},
    metric={"kind": "outcome_rate"},
    direction="increase",
    guardrails=(),
    min_samples=100,
    alpha=0.05,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(ledger_file(tmp_path / ".seldon" / "local", "fraud", "ab"))
    made.begin(TERMS)
    return made


def test_terms_are_read_as_they_were_written() -> None:
    assert read_terms(TERMS.text()) == TERMS


def test_a_changed_experiment_is_another_round_with_other_dice() -> None:
    changed = replace(TERMS, metric={"kind": "error_rate"})
    assert changed.round != TERMS.round
    assert changed.salt != TERMS.salt


def test_a_changed_split_is_another_round_in_which_users_stay() -> None:
    changed = replace(TERMS, share_b=0.1)
    assert changed.round != TERMS.round
    assert changed.salt == TERMS.salt


def test_a_user_counts_once_whatever_is_sent_again(ledger: Ledger) -> None:
    ledger.expose(TERMS.round, {b"u": 0, b"v": 1})
    ledger.expose(TERMS.round, {b"u": 0})
    assert ledger.outcome(TERMS.round, [(b"u", 0, 1.0), (b"u", 0, 0.0)]) == 1
    assert ledger.outcome(TERMS.round, [(b"u", 0, 0.0)]) == 0
    record = ledger.read(TERMS)
    assert [row.arm for row in record.exposures] == [0, 1]
    assert [(row.arm, row.value) for row in record.outcomes] == [(0, 1.0)]


def test_earlier_rounds_are_kept(ledger: Ledger) -> None:
    ledger.outcome(TERMS.round, [(b"u", 0, 1.0)])
    other = replace(TERMS, share_b=0.1)
    ledger.begin(other)
    assert ledger.rounds() == [TERMS, other]
    assert len(ledger.read(TERMS).outcomes) == 1
    assert len(ledger.read(other).outcomes) == 0


def test_a_round_that_comes_back_goes_on_with_what_it_had(ledger: Ledger) -> None:
    ledger.outcome(TERMS.round, [(b"u", 0, 1.0)])
    began = ledger.read(TERMS).began
    ledger.begin(replace(TERMS, share_b=0.1))
    ledger.begin(TERMS)
    assert ledger.rounds()[-1] == TERMS
    record = ledger.read(TERMS)
    assert (record.began, len(record.outcomes)) == (began, 1)


def test_rows_are_in_the_order_in_which_they_came_whatever_the_clock_does(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now, value in ((200.0, 1.0), (100.0, 2.0)):
        monkeypatch.setattr(ledgers.time, "time", lambda now=now: now)
        ledger.outcome(TERMS.round, [(str(value).encode(), 0, value)])
    assert [row.value for row in ledger.read(TERMS).outcomes] == [1.0, 2.0]


def test_requests_of_a_minute_are_one_row(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for now in (600.0, 610.0, 665.0):
        monkeypatch.setattr(ledgers.time, "time", lambda now=now: now)
        ledger.answer(TERMS.round, {1: Requests(answered=2, failed=1)})
    counted = [
        (row.at, row.requests.answered, row.requests.failed) for row in ledger.read(TERMS).requests if row.requests
    ]
    assert counted == [(610.0, 4, 2), (665.0, 2, 1)]


def test_several_processes_write_at_once_and_nothing_is_lost(ledger: Ledger) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_write, [(ledger.file, number) for number in range(40)])
    record = ledger.read(TERMS)
    assert len(record.outcomes) == 40
    assert sum(row.requests.answered for row in record.requests if row.requests) == 40


def _write(job: tuple[Path, int]) -> None:
    file, number = job
    Ledger(file).outcome(TERMS.round, [(str(number).encode(), 0, 1.0)])
    Ledger(file).answer(TERMS.round, {0: Requests(answered=1)})


def test_a_record_is_found_by_its_name_or_with_its_deployment(tmp_path: Path, ledger: Ledger) -> None:
    stack = tmp_path / ".seldon" / "local"
    assert find_ledger(stack, "ab").file == ledger.file
    assert find_ledger(stack, "fraud.ab").file == ledger.file
    Ledger(ledger_file(stack, "other", "ab")).begin(TERMS)
    with pytest.raises(NoRecord, match=r"in several deployments: write one of fraud\.ab, other\.ab"):
        find_ledger(stack, "ab")


def test_what_is_not_recorded_is_said_with_what_is(tmp_path: Path, ledger: Ledger) -> None:
    with pytest.raises(NoRecord, match=r"has no experiment 'no': recorded here: fraud\.ab"):
        find_ledger(tmp_path / ".seldon" / "local", "no")
    with pytest.raises(NoRecord, match="nothing is recorded here yet"):
        find_ledger(tmp_path / ".seldon" / "other", "ab")


def test_a_broken_file_is_a_message(ledger: Ledger) -> None:
    ledger.file.write_bytes(b"no database" * 100)
    with pytest.raises(NoRecord, match="cannot be used: file is not a database"):
        ledger.rounds()
