"""`seldon-infra status`, `logs`, `predict` and `verify` on a stack that runs, and where there is none."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seldon_infra.cli import logs
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import NUMBERS, Project, new_project, predictor

pytestmark = [pytest.mark.engine, pytest.mark.local]


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.define(predictor())
        made.engine.up()
        yield made


def command(project: Project, *words: str) -> list[str]:
    return [sys.executable, "-m", "seldon_infra.cli.main", *words, "--stack", STACK, "--project", str(project.folder)]


def run(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(project, *words), capture_output=True, text=True, timeout=600)


def refused(project: Project, *words: str) -> str:
    done = run(project, *words)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_status_says_what_runs(project: Project) -> None:
    done = run(project, "status")
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{project.port}/seldon/ns/d/" in done.stdout
    assert "main 100 %" in done.stdout
    found = json.loads(run(project, "status", "--json").stdout)
    assert {each["name"]: each["pid"] for each in found["processes"]} == project.pids()


def test_logs_show_what_a_process_wrote_and_follow_it(project: Project) -> None:
    done = run(project, "logs", "d.main")
    assert f"REST on 127.0.0.1:{project.stack.process('d.main').ports['http']}" in done.stdout
    following = subprocess.Popen(command(project, "logs", "d.main", "-f"), stdout=subprocess.PIPE, text=True)
    log = project.stack_dir.processes / project.stack.process("d.main").id / "log"
    try:
        assert following.stdout is not None
        assert "REST on" in following.stdout.readline()
        with log.open("a") as stream:
            stream.write("a later line\n")
        assert following.stdout.readline() == "a later line\n"
    finally:
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=120) == 130


def test_logs_lose_no_line_between_the_last_ones_and_those_that_follow(tmp_path: Path) -> None:
    """What is written after the last lines were read is what is followed from."""
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    with open(log, encoding="utf-8") as file:
        assert logs.last_lines(file, 1) == ["two"]
        with log.open("a") as stream:
            stream.write("three\n")
        assert file.read() == "three\n"


def test_logs_of_nobody_name_those_that_there_are(project: Project) -> None:
    said = refused(project, "logs", "nobody")
    assert "no process 'nobody'" in said
    assert "d.main.version" in said


@pytest.mark.parametrize("transport", ["--rest", "--grpc"])
def test_predict_sends_a_request_of_the_users(project: Project, transport: str) -> None:
    (project.folder / "request.json").write_text(json.dumps(NUMBERS))
    done = run(project, "predict", "d", transport, "--data", str(project.folder / "request.json"))
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition("\n")
    assert head.endswith("answered by main")
    assert json.loads(body)["data"]["ndarray"] == [[1, 1]]


@pytest.mark.parametrize("transport", ["--rest", "--grpc"])
def test_predict_passes_an_errors_words_on(project: Project, transport: str) -> None:
    (project.folder / "request.json").write_text("{}")
    said = refused(project, "predict", "d", transport, "--data", str(project.folder / "request.json"))
    assert "the message must have one of data" in said


def test_predict_says_what_it_lacks(project: Project) -> None:
    assert "does not serve 'nobody'" in refused(project, "predict", "nobody")
    assert "samples={'d': 'FILE'}" in refused(project, "predict", "d")
    assert "nowhere.json does not exist" in refused(project, "predict", "d", "--data", "nowhere.json")
    (project.folder / "request.json").write_text("[")
    assert "must be JSON" in refused(project, "predict", "d", "--data", str(project.folder / "request.json"))


def test_verify_needs_held_out_rows(project: Project) -> None:
    assert "names no held-out rows" in refused(project, "verify")


def test_verify_fails_where_chance_does_as_well(project: Project) -> None:
    rows = {"input": "x", "datatype": "FP64", "rows": [[0.0]] * 4, "labels": [1, 2, 2, 2]}
    (project.folder / "rows.json").write_text(json.dumps(rows))
    module = project.folder / f"{STACK}.py"
    kept = module.read_text()
    module.write_text(kept.replace("stack = Stack(", "stack = Stack(samples={'d': 'rows.json'}, "))
    done = run(project, "verify")
    module.write_text(kept)
    assert done.returncode == 1
    assert "REST: accuracy 0.250, must be above 0.750" in done.stdout


def test_commands_where_nothing_runs() -> None:
    with new_project() as empty:
        empty.define(predictor())
        assert "runs nothing here" in run(empty, "status").stdout
        assert "it serves nothing" in refused(empty, "predict", "d")
        assert "its processes: none" in refused(empty, "logs", "d.main")


def test_a_stopped_process_makes_status_fail(project: Project) -> None:
    from seldon_infra.runtime.supervisor import Supervisor

    id = project.stack.process("d.main.version").id
    Supervisor(project.stack_dir).stop(id, 10)
    wait_until(lambda: run(project, "status").returncode == 1)
    project.engine.up()
    wait_until(lambda: run(project, "status").returncode == 0)
