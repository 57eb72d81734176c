"""`seldon-infra drift` and `plan` on this machine: what a hand changed, what the next `up` does to traffic."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import Project, model, new_project, predictor
from tests.local.scene import processes_below
from tests.local.test_drift import delete_the_route, edit_a_file_of_the_server, stop_the_gateway

pytestmark = [pytest.mark.engine, pytest.mark.local]

SECRET = "hunter2-hunter2"
CANARY = predictor("canary", model("next"), traffic=10)
BOTH = (predictor(traffic=90), CANARY)
STICKY = ", sticky=StickySession(header='x-user')"


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        made.engine.set_secret("token", SECRET)
        made.write_class(2, "next")
        made.define(*BOTH, more=STICKY)
        made.engine.up()
        yield made


def command(name: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "seldon_infra.cli.main", name, "--stack", STACK, *words]


def run(project: Project, name: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(name, *words),
        cwd=project.folder,
        env=project.engine.environment | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def told(project: Project, name: str, status: int = 0) -> dict[str, Any]:
    done = run(project, name, "--format", "json")
    assert done.returncode == status, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def test_a_stack_that_nobody_changed_has_no_drift_and_nothing_to_do(project: Project) -> None:
    done = run(project, "drift")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"stack '{STACK}': no drift\n", "")
    found = told(project, "plan")
    assert (found["objects"], found["pods"]) == ([], [])
    assert [route["action"] for route in found["routes"]] == ["none"]


def test_what_a_hand_changed_is_named_in_words(project: Project) -> None:
    edit_a_file_of_the_server(project)
    delete_the_route(project)
    stop_the_gateway(project)
    found = told(project, "drift", 7)
    assert found["pending"] == []
    states = {each["object"]: each["fields"] for each in found["objects"]}
    assert states["Route d"] == []
    assert (states["Gateway gateway"][0]["applied"], states["Gateway gateway"][0]["there"]) == ("running", "stopped")
    assert states["Process d.main.version"][0]["field"] == 'files["serve.py"]'
    shown = run(project, "drift", "--skip-preview").stdout
    assert "by hand" in shown
    assert "Route d: gone, somebody deleted it" in shown
    project.engine.up()
    assert told(project, "drift")["objects"] == []


def test_a_plan_says_what_becomes_of_traffic_models_users_and_processes(project: Project) -> None:
    project.write_class(3, "next")
    project.define(predictor(traffic=50), CANARY.replace("traffic=10", "traffic=50"), more=STICKY)
    found = told(project, "plan")
    (route,) = found["routes"]
    assert {
        it["predictor"]: (it["before"]["share"], it["after"]["share"]) for it in route["shares"]
    } == {"main": (90, 50), "canary": (10, 50)}  # fmt: skip
    before, after = (route["shares"][1][side]["models"][0] for side in ("before", "after"))
    assert before["uri"] == after["uri"] == "next.py"
    assert before["digest"] != after["digest"]
    assert after["digest"].startswith("sha256:")
    assert route["stickiness"] == {"before": "x-user", "after": "x-user", "moved": 40}
    assert {each["object"] for each in found["pods"]} == {"Process d.canary", "Process d.canary.next"}
    assert {each["what"] for each in found["pods"]} == {"restart"}
    project.write_class(2, "next")
    project.define(*BOTH, more=STICKY)


def test_a_plan_says_what_becomes_a_shadow_and_who_loses_stickiness(project: Project) -> None:
    project.define(predictor(), CANARY.replace("traffic=10", "traffic=10, shadow=True"))
    shown = run(project, "plan").stdout
    assert "main       90 %  100 %" in shown
    assert "canary     10 %  shadow of 10 %" in shown
    assert "users lose stickiness: header x-user no longer decides" in shown
    assert told(project, "plan")["pods"] == []
    project.define(*BOTH, more=STICKY)


def test_a_definition_that_breaks_rules_is_told_with_the_engines_status(project: Project) -> None:
    project.define(predictor(traffic=90), CANARY.replace("traffic=10", "traffic=20"))
    done = run(project, "plan")
    assert done.returncode not in (0, 7)
    assert "traffic 90 + 20 = 110, must sum to 100" in done.stderr
    assert done.stdout == ""
    done = run(project, "drift")
    assert done.returncode == 0
    assert "what is declared and not applied is not known" in done.stderr
    project.define(*BOTH, more=STICKY)


def test_a_run_that_takes_too_long_is_ended_and_says_so(project: Project) -> None:
    done = run(project, "drift", "--timeout", "0.01")
    assert done.returncode == 2
    assert done.stderr.startswith("pulumi refresh was not done within 0.01 s")
    assert "--timeout SECONDS" in done.stderr


def test_ctrl_c_ends_the_engine_and_leaves_no_process(project: Project) -> None:
    before = set(processes_below(project.folder))
    running = subprocess.Popen(
        command("drift"),
        cwd=project.folder,
        env=project.engine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "pulumi" in {_program(pid) for pid in processes_below(project.folder)})
    running.send_signal(signal.SIGINT)
    said, errors = running.communicate(timeout=120)
    assert (running.returncode, said) == (130, "")
    assert "Traceback" not in errors
    wait_until(lambda: set(processes_below(project.folder)) <= before)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # it has ended meanwhile
