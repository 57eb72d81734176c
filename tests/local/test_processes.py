"""Processes under the real supervisord: start, crash, stop, and what is left when somebody is killed in between."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime import leftovers, ports
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.processes import ProcessSpec, process_id
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.runtime.supervisor import Supervisor
from tests.engine.waiting import wait_until
from tests.local.scene import Scene, backend_spec, kill, listening, processes_below

pytestmark = pytest.mark.local

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_removed_stack_leaves_no_process_no_port_and_no_file(scene: Scene) -> None:
    record = scene.backend("a")
    assert processes_below(scene.stack.root)
    scene.processes.remove(record.id)
    assert not scene.stack.root.exists()
    assert not processes_below(scene.stack.root)
    assert all(ports.is_free(port) for port in record.ports.values())


def test_a_crashed_process_comes_back_on_its_port(scene: Scene) -> None:
    """Row 40: kill -9 is followed by a restart."""
    record = scene.backend("a")
    first = scene.pid(record)
    kill(first)
    wait_until(lambda: scene.processes.state(record.id).pid not in (0, first))
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))


def test_a_process_that_never_stays_up_is_started_again_with_growing_pauses(scene: Scene) -> None:
    """Row 40: exit at start; the supervisor backs off instead of spinning, and the log says why."""
    record = scene.start(ProcessSpec("a", ["/bin/sh", "-c", "date +%s.%N; exit 3"]))

    def pauses_grow() -> bool:
        starts = [float(line) for line in scene.processes.log_tail(record.id)]
        pauses = [later - earlier for earlier, later in pairwise(starts)]
        # A start that the machine holds up counts as one that stayed up, and pauses begin anew.
        threes = [pauses[index : index + 3] for index in range(len(pauses) - 2)]
        return any(one >= 1 and two >= 2 and three >= 3 and three > one for one, two, three in threes)

    wait_until(pauses_grow)
    wait_until(lambda: scene.processes.state(record.id).state in {"BACKOFF", "STARTING"})


def test_the_answer_to_a_hang_is_the_probe(scene: Scene) -> None:
    """Row 41: a stopped process is not ready, and ready again when it goes on."""
    record = scene.backend("a")
    pid = scene.pid(record)
    kill(pid, signal.SIGSTOP)
    assert not is_ready("http", record.ports["http"], "/healthy")
    kill(pid, signal.SIGCONT)
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))


def test_only_the_owner_can_read_what_a_process_is_given(scene: Scene) -> None:
    secret = "hunter2-hunter2"
    record = scene.start(ProcessSpec("a", SLEEPS, {"TOKEN": secret}, {"conf/x.json": secret}))
    wait_until(lambda: b"time.sleep" in Path(f"/proc/{scene.pid(record)}/cmdline").read_bytes())
    for pid in processes_below(scene.stack.root):
        assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert secret in Path(f"/proc/{scene.pid(record)}/environ").read_text()
    for folder, folders, files in os.walk(scene.stack.root):
        for name in [*folders, *files]:
            mode = os.stat(Path(folder) / name).st_mode & 0o777
            assert mode & 0o077 == 0, f"{folder}/{name} has mode {mode:o}"


def test_placeholders_are_filled_in_in_command_environment_and_files(scene: Scene) -> None:
    write = "import os; print(os.environ['WHERE'], open('conf/x').read(), os.getcwd(), flush=True); input()"
    spec = ProcessSpec(
        "a", [sys.executable, "-c", write], {"WHERE": "{dir}"}, {"conf/x": "{port.http}"}, ports=["http"]
    )
    record = scene.start(spec)
    wait_until(lambda: bool(scene.processes.log_tail(record.id)))
    folder = scene.processes.folder(record.id)
    assert scene.processes.log_tail(record.id)[0] == f"{folder} {record.ports['http']} {folder}"


def test_a_folder_with_odd_characters_works(new_scene: Callable[[], Scene]) -> None:
    outer = new_scene()
    outer.stack.create()
    scene = Scene(StackDir(outer.stack.root / "a b;c #d %e'[1]ü"))
    try:
        scene.backend("a")
        scene.start_gateway()
    finally:
        scene.close()
    assert not scene.stack.root.exists()
    outer.stack.remove()


def test_a_stack_beside_one_of_a_similar_name_takes_none_of_its_programs(new_scene: Callable[[], Scene]) -> None:
    outer = new_scene()
    outer.stack.create()
    one, other = (Scene(StackDir(outer.stack.root / name)) for name in ("my-proj", "my proj"))
    try:
        one.backend("a")
        record = other.backend("b")
        names = {info["name"] for info in Supervisor(other.stack)._call("getAllProcessInfo")}
        assert names == {record.id, "watch"}
    finally:
        one.close()
        other.close()
        outer.stack.remove()


def test_a_port_that_somebody_holds_is_not_given_out(scene: Scene) -> None:
    """Row 39: the next free one is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = taken.getsockname()[1]
        record = scene.start(ProcessSpec("a", SLEEPS, ports=["http"], first_port=first))
        assert record.ports["http"] > first


def test_a_process_listens_on_loopback_only(scene: Scene) -> None:
    record = scene.backend("a")
    found = listening(processes_below(scene.stack.root))
    assert {port for _, port in found} == set(record.ports.values())
    assert {address for address, _ in found} == {"127.0.0.1"}


def test_two_stacks_side_by_side_share_nothing(new_scene: Callable[[], Scene]) -> None:
    one, two = new_scene(), new_scene()
    first, second = one.backend("a"), two.backend("a")
    assert not set(first.ports.values()) & set(second.ports.values())
    one.close()
    wait_until(lambda: is_ready("http", second.ports["http"], "/healthy"))
    two.close()


def test_a_folder_too_deep_for_a_socket_is_refused_with_a_reason(new_scene: Callable[[], Scene]) -> None:
    scene = Scene(StackDir(new_scene().stack.root / ("x" * 90)))
    with pytest.raises(LimitReached, match="shorter path"):
        scene.start(ProcessSpec("a", SLEEPS))
    assert not scene.stack.root.exists()


def test_a_killed_supervisor_is_followed_by_one_that_starts_no_doubles(scene: Scene) -> None:
    """Row 40, one storey up: kill -9 of supervisord leaves its children; the next start replaces them."""
    record, other = scene.backend("a"), scene.backend("b")
    orphan = scene.pid(record)
    kill(scene.supervisor_pid())
    wait_until(lambda: scene.processes.state(record.id).state == "ABSENT")
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))  # the children go on serving
    assert scene.processes.state(record.id).state == "ABSENT"
    scene.processes.restart(record.id)
    wait_until(lambda: scene.processes.state(record.id).pid not in (0, orphan))
    for each in (record, other):
        wait_until(lambda each=each: is_ready("http", each.ports["http"], "/healthy"))  # type: ignore[misc]
    assert len(processes_below(scene.stack.processes)) == 2


def test_a_stack_whose_supervisor_was_killed_is_removed_whole(scene: Scene) -> None:
    record = scene.backend("a")
    kill(scene.supervisor_pid())
    wait_until(lambda: scene.processes.state(record.id).state == "ABSENT")
    scene.processes.remove(record.id)
    assert not processes_below(scene.stack.root)
    assert not scene.stack.root.exists()
    assert ports.is_free(record.ports["http"])


def test_what_a_process_has_started_ends_with_it(scene: Scene) -> None:
    """A server's own workers, also those in sessions of their own, do not stay behind."""
    start = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "print('started', flush=True); time.sleep(600)"
    )
    record = scene.start(ProcessSpec("a", [sys.executable, "-c", start], grace_seconds=1))
    wait_until(lambda: bool(scene.processes.log_tail(record.id)))
    assert len(processes_below(scene.stack.processes)) == 2
    scene.processes.remove(record.id)
    assert not processes_below(scene.stack.root)


KILLED = """
import os, sys
from pathlib import Path
from seldon_infra.core import atomic
from seldon_infra.runtime import ports, processes
from seldon_infra.runtime.processes import Processes, ProcessSpec
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.runtime.supervisor import Supervisor

def die(*_):
    os.kill(os.getpid(), 9)

moment = sys.argv[2]
if moment == "record":
    Processes._write_files = die
elif moment == "files":
    Supervisor.add = die
elif moment == "supervisor":
    Supervisor._ensure_running = die
elif moment == "started":
    call = Supervisor._call
    def called(self, method, *rest, **named):
        try:
            return call(self, method, *rest, **named)
        finally:
            if method == "addProcessGroup":
                die()
    Supervisor._call = called
spec = ProcessSpec("a", [sys.executable, *sys.argv[3:], "a", "{port.http}", "{port.grpc}"], ports=["http", "grpc"])
Processes(StackDir(Path(sys.argv[1]))).start(spec, "owner", "tokentoken")
"""


@pytest.mark.parametrize("moment", ["record", "files", "supervisor", "started"])
def test_a_start_that_was_killed_is_finished_by_the_next(scene: Scene, moment: str) -> None:
    spec = backend_spec("a")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(scene.stack.root), moment, spec.command[1]], timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    before = scene.processes.record(process_id("a", "tokentoken"))
    assert before is not None
    assert before.owner == "owner"
    record = scene.processes.start(spec, "owner", "tokentoken")
    wait_until(lambda: is_ready("http", record.ports["http"], "/healthy"))
    assert [found.id for found in scene.processes.all()] == [record.id]
    assert len(processes_below(scene.stack.processes)) == 1


def test_a_long_stop_does_not_hold_up_other_starts(scene: Scene) -> None:
    """A server that takes its time to end keeps nobody waiting."""
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    slow = scene.start(ProcessSpec("slow", [sys.executable, "-c", stubborn], grace_seconds=300))
    wait_until(lambda: bool(scene.processes.log_tail(slow.id)))
    stopping = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from seldon_infra.runtime.processes import *; "
            "Processes(StackDir(Path(sys.argv[1]))).remove(sys.argv[2])",
            str(scene.stack.root),
            slow.id,
        ]
    )
    try:
        wait_until(lambda: scene.processes.state(slow.id).state == "STOPPING")
        scene.backend("fast")
        assert scene.processes.state(slow.id).state == "STOPPING"
        assert stopping.poll() is None
    finally:
        kill(scene.pid(slow))
        assert stopping.wait(timeout=120) == 0
    assert scene.processes.record(slow.id) is None


@pytest.mark.parametrize("broken", ["{}", "no JSON", None], ids=["empty", "garbage", "deleted"])
def test_a_process_that_no_record_tells_of_is_taken_away_by_the_next_change(scene: Scene, broken: str | None) -> None:
    """Whoever broke it: nobody could ever stop that process, and the stack would never be empty."""
    lost, kept = scene.backend("a"), scene.backend("b")
    file = scene.processes.folder(lost.id) / "record.json"
    file.unlink() if broken is None else file.write_text(broken)
    assert [record.id for record in scene.processes.all()] == [kept.id]
    scene.processes.restart(kept.id)
    assert not scene.processes.folder(lost.id).exists()
    assert all(ports.is_free(port) for port in lost.ports.values())
    scene.processes.remove(kept.id)
    assert not scene.stack.root.exists()
    assert not processes_below(scene.stack.root)


def test_edited_files_are_found(scene: Scene) -> None:
    record = scene.start(ProcessSpec("a", SLEEPS, files={"graph.json": "{}"}))
    assert not scene.processes.edited_files(record)
    (scene.processes.folder(record.id) / "graph.json").write_text("[]")
    assert scene.processes.edited_files(record) == {"graph.json": "[]"}
    (scene.processes.folder(record.id) / "graph.json").unlink()
    assert scene.processes.edited_files(record) == {"graph.json": ""}


def test_a_stack_folder_deleted_by_hand_can_be_used_again(scene: Scene) -> None:
    """The old processes are ended by the next start, wherever their folder has gone."""
    import shutil

    record = scene.backend("a")
    pid = scene.pid(record)
    shutil.rmtree(scene.stack.root)
    again = scene.backend("a")
    assert again.ports["http"] != record.ports["http"] or scene.pid(again) != pid
    wait_until(lambda: not leftovers.is_alive(pid))
