"""Who holds a stack: a lock is removed only where its process is known to be gone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seldon_infra.cli import locks
from seldon_infra.cli.locks import Lock, StackHeld, held, locks_in
from tests.engine.waiting import wait_until

HOST = socket.gethostname()
LONG_AGO = "2020-01-01T00:00:00.123456789Z"


def now() -> str:
    return datetime.now(UTC).isoformat()


def lock(pid: int, since: str = LONG_AGO, host: str = HOST) -> Lock:
    return Lock(Path("one.json"), pid, host, since)


def test_the_lock_of_a_running_process_is_held() -> None:
    assert not lock(os.getpid(), now()).is_dead


def test_the_lock_of_a_process_that_ended_is_dead() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=240)
    assert lock(ended.pid, now()).is_dead


def test_a_number_that_another_process_has_got_since_holds_no_lock() -> None:
    assert lock(os.getpid(), LONG_AGO).is_dead


def test_an_engine_is_never_taken_for_another_process(tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    shutil.copy("/bin/sleep", engine)
    with subprocess.Popen([engine, "60"]) as running:
        name = Path(f"/proc/{running.pid}/comm")
        try:
            # It has begun before it has its name.
            wait_until(lambda: name.read_text() == "pulumi\n")
            assert not lock(running.pid, LONG_AGO).is_dead
        finally:
            running.kill()


def test_a_lock_without_a_readable_time_is_held_as_long_as_its_number_is_taken() -> None:
    assert not lock(os.getpid(), "an unknown time").is_dead


def test_the_lock_of_another_host_is_never_dead() -> None:
    assert not lock(1, host="elsewhere").is_dead


def test_in_a_container_a_lock_older_than_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_sees_every_process", lambda: False)
    assert not lock(2**22 + 1, LONG_AGO).is_dead
    assert lock(2**22 + 1, now()).is_dead


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="making a pid namespace needs root")
def test_a_process_in_a_container_with_this_hosts_name_is_seen() -> None:
    """Its own number is 1 there and another one here."""
    child = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        inside = [it for it in locks._numbered(1) if it != 1]
        running.communicate("", timeout=240)
    assert inside


def test_a_held_stack_is_locked_for_others_and_free_afterwards(tmp_path: Path) -> None:
    with held(tmp_path):
        (taken,) = locks_in(tmp_path)
        assert (taken.pid, taken.is_dead) == (os.getpid(), False)
        with pytest.raises(StackHeld, match=f"held by process {os.getpid()} on"), held(tmp_path):
            pass
    assert locks_in(tmp_path) == []


def test_half_a_lock_is_held_by_nobody_known(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"pid": 1')
    (half,) = locks_in(tmp_path)
    assert not half.is_dead


def test_the_engines_own_lock_is_read(tmp_path: Path) -> None:
    content = {"pid": os.getpid(), "username": "u", "hostname": HOST, "timestamp": now()}
    (tmp_path / "one.json").write_text(json.dumps(content))
    (taken,) = locks_in(tmp_path)
    assert not taken.is_dead
