"""Row 41: a process that hangs is ended and started again, and one that only takes its time is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from seldon_infra.runtime import leftovers
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import Liveness, ProcessSpec, Record
from tests.engine.waiting import wait_until
from tests.local.backend import BUSY
from tests.local.scene import Answer, Scene, ask, backend_spec, behind, kill, processes_below

pytestmark = pytest.mark.local
LIVE = Liveness("http", "/healthy", silent_seconds=1, start_seconds=600)


def watched(scene: Scene, live: Liveness = LIVE) -> Record:
    record = scene.start(replace(backend_spec("a"), live=live))
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))
    return record


def watch_pid(scene: Scene) -> int:
    found = [pid for pid in processes_below(scene.stack.root) if b"runtime.watch" in cmdline(pid)]
    return found[0] if found else 0


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def asked(scene: Scene, record: Record) -> None:
    """Wait until the watch has asked a process, so that it knows that it answers."""
    log = scene.stack.root / "watch.log"
    wait_until(lambda: log.exists() and f"{record.id} answers" in log.read_text())


def test_a_hanging_process_is_ended_and_comes_back_on_its_port(scene: Scene) -> None:
    scene.start_gateway()
    record = watched(scene)
    scene.put(behind(record), rest_seconds=0.5)
    asked(scene, record)
    hung = scene.pid(record)
    kill(hung, signal.SIGSTOP)
    status = scene.ask().status
    if scene.processes.state(record.id).pid == hung:
        assert status == 504, "until it is ended, its requests end with their time-out"
    wait_until(lambda: scene.processes.state(record.id).pid not in (0, hung))
    wait_until(lambda: scene.ask().status == 200)
    assert any("did not answer for 1 s" in line for line in scene.processes.log_tail(record.id))


def test_a_hanging_gateway_comes_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seldon_infra.runtime.gateway.LIVE", replace(LIVE, port="gateway", path="/"))
    record = scene.start_gateway()
    asked(scene, record)
    hung = scene.pid(record)
    kill(hung, signal.SIGSTOP)
    wait_until(lambda: scene.processes.state(record.id).pid not in (0, hung))
    wait_until(scene.gateway.is_live)


def test_a_process_that_computes_is_left_alone_however_long_it_takes(scene: Scene) -> None:
    record = watched(scene)
    asked(scene, record)
    first = scene.pid(record)
    answers: list[Answer] = []
    work = threading.Thread(target=lambda: answers.append(ask(record.ports["http"], "/x", headers={BUSY: "12"})))
    work.start()
    work.join()
    assert [answer.status for answer in answers] == [200]
    assert scene.pid(record) == first


def test_a_process_that_gets_no_processor_counts_as_one_that_computes(tmp_path: Path) -> None:
    """On a machine that has too much to do a healthy process may be silent for long and have computed nothing."""
    mark = {leftovers.PROCESS_MARK: str(tmp_path)}
    spins = [sys.executable, "-c", "while True: pass"]
    with ExitStack() as stack:
        made = [stack.enter_context(subprocess.Popen(spins, env=os.environ | more)) for more in (mark, {}, {})]
        for process in made:
            stack.callback(process.kill)
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        os.setpriority(os.PRIO_PROCESS, made[0].pid, 19)
        before = leftovers.wanted_seconds(tmp_path)
        wait_until(lambda: leftovers.wanted_seconds(tmp_path) - before > 1)


def test_a_process_may_take_its_time_until_it_answers_at_all(scene: Scene) -> None:
    """It listens while it loads its model, which can take longer than any answer."""
    slow = (
        "import socket, sys, time\n"
        "server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
        "held = []\n"
        "while len(held) < 4: held.append(server.accept()[0])\n"
        "print('asked again and again', flush=True)\n"
        "time.sleep(600)"
    )
    spec = ProcessSpec("a", [sys.executable, "-c", slow, "{port.http}"], ports=["http"], live=LIVE)
    record = scene.start(spec)
    first = scene.pid(record)
    wait_until(lambda: bool(scene.processes.log_tail(record.id)))
    assert scene.pid(record) == first


def test_a_killed_watch_comes_back_and_goes_with_the_stack(scene: Scene) -> None:
    record = watched(scene)
    wait_until(lambda: watch_pid(scene) > 0)
    first = watch_pid(scene)
    kill(first)
    wait_until(lambda: watch_pid(scene) not in (0, first))
    scene.processes.remove(record.id)
    assert not processes_below(scene.stack.root)
