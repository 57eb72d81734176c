"""An A/B test on a stack of this machine: declared, run, changed, reported on and destroyed by the real programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seldon_infra.cli.main import main
from seldon_infra.experiments.ledger import Ledger, find_ledger
from seldon_infra.experiments.terms import Terms
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project, predictor

pytestmark = [pytest.mark.local, pytest.mark.engine]
USERS = [f"user-{number}" for number in range(30)]
TEST = (
    "ABTest(name='ab', a=Model(name='old', server=SimpleModel()), b=Model(name='new', server=SimpleModel()), "
    "split={split}, sticky_by=ByHeader(name='x-user-id'), metric=OutcomeRate(), min_samples=100)"
)


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        declare(made, (50, 50))
        yield made


def declare(project: Project, split: tuple[int, int]) -> None:
    project.define(predictor(graph=TEST.format(split=split)), target="Local(portable=False)")
    project.engine.up()


def ledger(project: Project) -> Ledger:
    return find_ledger(project.stack_dir.root, "ab")


def latest(project: Project) -> Terms:
    return ledger(project).rounds()[-1]


def arm(project: Project, user: str) -> int:
    answer = project.ask(headers={"x-user-id": user})
    assert answer.status == 200, answer.body
    return int(answer.json["meta"]["routing"]["ab"])


def command(project: Project, *words: str) -> int:
    return main(["experiment", *words, "--stack", STACK, "--project", str(project.folder)])


def outcomes(file: Path, rows: list[tuple[str, object]]) -> str:
    file.write_text("".join(json.dumps({"user": user, "value": value}) + "\n" for user, value in rows))
    return str(file)


def test_users_meet_the_arm_of_the_terms(project: Project) -> None:
    terms = latest(project)
    assert (terms.name, terms.deployment, terms.share_b) == ("ab", "d", 0.5)
    assert [arm(project, user) for user in USERS] == [terms.arm_of(user) for user in USERS]


def test_outcomes_are_noted_once_and_reported_on(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = latest(project)
    people = [f"person-{number}" for number in range(1200)]
    good = {0: 0.1, 1: 0.5}
    rows = [(user, int(number % 100 < 100 * good[terms.arm_of(user)])) for number, user in enumerate(people)]
    assert command(project, "report", "ab") == 0
    assert "Not yet:" in capsys.readouterr().out
    file = outcomes(tmp_path / "outcomes.jsonl", rows)
    assert command(project, "outcome", "ab", "--file", file) == 0
    assert capsys.readouterr().out == "1200 noted, 0 of users that had one\n"
    assert command(project, "outcome", "ab", "--file", file) == 0
    assert capsys.readouterr().out == "0 noted, 1200 of users that had one\n"
    assert command(project, "report", "d.ab") == 0
    assert "b ('new') is better than a ('old'): outcomes" in capsys.readouterr().out
    assert command(project, "report", "ab", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["decision"], sum(found["samples"])) == ("better", 1200)
    for kind, begins in (("svg", "<svg "), ("html", "<!doctype html>")):
        assert command(project, "report", "ab", "--format", kind) == 0
        assert capsys.readouterr().out.startswith(begins)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user", "u", "--value", "2"], "outcome of 'u': 2 must be 0 or 1, for the metric is OutcomeRate; nothing"),
        (["--user", "u", "--value", "nan"], "outcome of 'u': nan must be 0 or 1"),
        (["--user", " ", "--value", "1"], "outcome of ' ': a user's key must not be empty"),
        (["--user", "u"], "give --user with --value, or --file"),
        (["--file", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
    ],
)
def test_an_outcome_that_is_none_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert command(project, "outcome", "ab", *words) == 2
    assert said in capsys.readouterr().err


def test_one_bad_line_keeps_the_whole_file_out(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(ledger(project).read(latest(project)).outcomes)
    file = outcomes(tmp_path / "bad.jsonl", [("new-user", 1), ("other", "yes")])
    assert command(project, "outcome", "ab", "--file", file) == 2
    assert 'line 2: must be {"user": "…", "value": 1}; nothing was noted' in capsys.readouterr().err
    assert len(ledger(project).read(latest(project)).outcomes) == before


def test_what_is_not_there_is_said(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(project, "report", "no") == 2
    assert "has no experiment 'no': recorded here: d.ab" in capsys.readouterr().err
    assert command(project, "report", "ab", "--round", "no") == 2
    assert "has no round 'no'; its rounds: " in capsys.readouterr().err
    assert command(project, "report", "ab", "--prometheus", "http://127.0.0.1:9") == 2
    assert "http://127.0.0.1:9 does not answer as Prometheus does" in capsys.readouterr().err


def test_a_new_split_is_a_round_in_which_users_move_to_b_alone_and_results_are_kept(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before, was = latest(project), {user: arm(project, user) for user in USERS}
    declare(project, (10, 90))
    wait_until(lambda: latest(project).round != before.round)
    now = {user: arm(project, user) for user in USERS}
    assert all(now[user] >= was[user] for user in USERS)
    assert sum(now.values()) > sum(was.values())
    assert command(project, "report", "ab") == 0
    said = capsys.readouterr()
    assert "Not yet" in said.out
    assert f"others, by --round: {before.round}" in said.err
    assert command(project, "report", "ab", "--round", before.round) == 0
    assert "b ('new') is better" in capsys.readouterr().out


def test_results_outlive_the_stack(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.engine.destroy()
    assert not project.stack_dir.root.exists()
    assert len(ledger(project).rounds()) == 2
    assert command(project, "report", "ab") == 0
