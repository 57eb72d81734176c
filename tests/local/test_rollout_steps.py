"""A rollout by the real engine: step by step, back by itself where a gate fails, and on from where it was ended."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from seldon_infra.runtime.gateway import Gateway
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import NUMBERS, PREDICT, Project, new_project, predictor
from tests.local.scene import kill, load

pytestmark = [pytest.mark.engine, pytest.mark.local]
BODY = json.dumps(NUMBERS).encode()
BROKEN = """class Version:
    def predict(self, rows, names, meta=None):
        raise RuntimeError("broken")
"""
STUCK = """import os, pathlib, time
import numpy as np
class Version:
    def predict(self, rows, names, meta=None):
        asked = pathlib.Path({file!r})
        with asked.open("a") as file:
            print(os.getpid(), file=file)
        while len(asked.read_text().splitlines()) == {question}:
            time.sleep(0.02)
        return np.asarray(rows) * 0 + {version}
"""
"""Says who asks it, and is stuck at one question; asked anew, it goes on."""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.define(predictor())
        made.engine.up()
        yield made


def declare(
    project: Project, *gates: str, steps: tuple[int, ...] = (10, 100), hold: str = "200ms", patience: str = "300s"
) -> None:
    listed = "".join(f"{gate}, " for gate in gates)
    rollout = f"Rollout(steps={steps}, hold='{hold}', patience='{patience}', gates=({listed}))"
    project.define(predictor(), more=f", rollout={rollout}")


def say(project: Project, version: int, name: str = "rows.json") -> str:
    """Write rows of which the right answer is this version."""
    data = {"input": "x", "datatype": "FP64", "rows": [[1.0, 2.0], [3.0, 4.0]], "labels": [version, version]}
    (project.folder / name).write_text(json.dumps(data))
    return name


def note(project: Project) -> Path:
    return project.stack_dir.gateway / "rollout.ns.d.json"


def weights(project: Project) -> list[int]:
    route = Gateway(project.stack_dir).route("ns", "d")
    assert route is not None
    return sorted(backend.weight for backend in route.backends)


def up_fails(project: Project) -> str:
    done = project.engine.up(check=False)
    assert done.returncode != 0
    return " ".join((done.stdout + done.stderr).split())


def test_a_new_version_arrives_in_steps_without_a_failed_request(project: Project) -> None:
    project.write_class(2)
    say(project, 2)
    declare(project, "SmokeGate(data='rows.json')", "ErrorGate(min_requests=2)")
    with load(project.port, PREDICT, per_second=40, body=BODY) as sent:
        project.engine.up()
    assert sent.failed == 0, sent.answers
    assert project.version() == 2
    assert weights(project) == [100]
    assert not note(project).exists()
    project.engine.preview("--expect-no-changes")


def test_a_gate_that_fails_brings_the_old_version_back_with_its_reason(project: Project) -> None:
    (project.folder / "version.py").write_text(BROKEN)
    declare(project, "SmokeGate(data='rows.json')")
    said = up_fails(project)
    assert (
        "the rollout to 'main' stopped at 10 %: SeldonDeployment 'd' → predictor 'main': /api/v1.0/predictions" in said
    )
    assert "all requests go where they went before" in said
    assert {project.version() for _ in range(20)} == {2}
    assert weights(project) == [100]


def test_a_gate_without_data_waits_and_then_fails_with_its_reason(project: Project) -> None:
    project.write_class(3)
    declare(project, "ErrorGate(min_requests=5)", patience="200ms")
    assert "stopped at 10 %: errors gate has had 0 of 5 requests within 0.4 s, so it can say nothing" in up_fails(
        project
    )
    assert project.version() == 2


def test_a_version_that_fails_its_requests_is_taken_back_while_the_step_holds(project: Project) -> None:
    (project.folder / "version.py").write_text(BROKEN.replace("broken", "worse"))
    declare(project, "ErrorGate(at_most=0.1, min_requests=3)", steps=(50, 100), hold="60s")
    with load(project.port, PREDICT, per_second=20, body=BODY):
        said = up_fails(project)
    assert "stopped at 50 %: 100 % of" in said
    assert "requests failed, at most 10 % may" in said
    assert project.version() == 2


def test_a_gate_whose_file_is_not_there_is_an_error_at_preview(project: Project) -> None:
    declare(project, "SmokeGate(data='nowhere.json')")
    done = project.engine.preview(check=False)
    assert done.returncode != 0
    assert "nowhere.json does not exist; give the path of a file with held-out rows" in done.stdout + done.stderr


def test_a_version_that_says_something_else_is_taken_back(project: Project) -> None:
    project.write_class(4)
    text = (project.folder / "version.py").read_text().replace("* 0 + 4", "* [1, 1]")
    (project.folder / "version.py").write_text(text)
    declare(project, "DifferenceGate(data='rows.json', at_most=0.2)")
    assert "stopped at 10 %: of 2 rows 100 % get another answer, at most 20 % may" in up_fails(project)


def test_a_version_that_answers_copies_of_live_requests_otherwise_is_taken_back(project: Project) -> None:
    project.write_class(6)
    text = (project.folder / "version.py").read_text().replace("* 0 + 6", "* [-1, 1]")
    (project.folder / "version.py").write_text(text)
    declare(project, "MirrorGate(at_most=0.2, min_requests=5)", steps=(1, 100), hold="60s")
    with load(project.port, PREDICT, per_second=20, body=BODY) as sent:
        said = up_fails(project)
    assert "stopped at 1 %: of " in said
    assert "live requests 100 % get another answer, at most 20 % may" in said
    assert sent.failed == 0, sent.answers
    assert project.version() == 2


def test_a_version_that_answers_copies_of_live_requests_alike_arrives(project: Project) -> None:
    project.write_class(7)
    declare(project, "MirrorGate(at_most=0, min_requests=5)", steps=(100,), hold="0s", patience="300s")
    with load(project.port, PREDICT, per_second=20, body=BODY) as sent:
        project.engine.up()
    assert sent.failed == 0, sent.answers
    assert project.version() == 7


@pytest.mark.parametrize(("question", "version"), [(1, 8), (2, 9)], ids=["over REST", "over gRPC"])
def test_gates_wait_for_a_version_whose_model_process_ends_while_it_is_asked(
    project: Project, question: int, version: int
) -> None:
    asked = project.folder / f"asked-{question}"
    (project.folder / "version.py").write_text(STUCK.format(file=str(asked), question=question, version=version))
    say(project, version)
    declare(project, "SmokeGate(data='rows.json')", steps=(100,), hold="0s")
    running = _come_to(project, 0)
    wait_until(lambda: asked.is_file() and len(asked.read_text().splitlines()) == question)
    kill(int(asked.read_text().splitlines()[-1]))
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    assert project.version() == version


def test_a_run_that_is_interrupted_or_killed_goes_on_at_its_step(project: Project) -> None:
    project.write_class(5)
    declare(project, steps=(1, 30, 100), hold="60s")
    _ended_at(project, 0, signal.SIGINT)
    assert weights(project) == [1, 99]
    declare(project, steps=(1, 30, 100), hold="5s")
    _ended_at(project, 1, signal.SIGKILL)
    project.engine.run("cancel", "--stack", STACK, "--yes", check=False)
    assert weights(project) == [30, 70]
    declare(project, steps=(1, 30, 100), hold="2s")
    assert _steps_of(project) == [1, 2]
    assert project.version() == 5
    assert weights(project) == [100]


def _come_to(project: Project, step: int) -> subprocess.Popen[str]:
    """Run `up` until it has come to a step; it goes on."""
    running = project.engine.start("up", "--stack", STACK, "--yes", "--skip-preview")
    wait_until(lambda: _step(project) == step)
    wait_until(lambda: len(weights(project)) == 2)
    return running


def _step(project: Project) -> int | None:
    """The step that is noted, None where none is."""
    try:
        return int(json.loads(note(project).read_text())["step"])
    except FileNotFoundError:
        return None


def _ended_at(project: Project, step: int, number: signal.Signals) -> None:
    """Run `up` until it has come to a step, and end it there."""
    running = _come_to(project, step)
    kill(running.pid, number)
    wait_until(lambda: running.poll() is not None)


def _steps_of(project: Project) -> list[int]:
    """Run `up` to its end, and give the steps that it noted."""
    running = project.engine.start("up", "--stack", STACK, "--yes", "--skip-preview")
    seen: list[int] = []

    def ended() -> bool:
        step = _step(project)
        seen.extend([] if step is None or step in seen else [step])
        return running.poll() is not None

    wait_until(ended)
    assert running.returncode == 0, running.communicate(timeout=60)[0]
    return seen
