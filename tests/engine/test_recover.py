"""`seldon-infra recover` on a real engine: what a kill leaves behind is healed, and nothing else is touched."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.engine import slow_plugin
from tests.engine.scratch import ENVIRONMENT, Engine
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.engine


class Held:
    """An engine whose plugin can be told to hold its calls."""

    def __init__(self, engine: Engine, folder: Path, kind: str) -> None:
        self.engine = engine
        self.folder = folder
        self.kind = kind
        name = kind.partition(":")[0]
        slow_plugin.install(folder, name)
        engine.use_plugin(name, folder)

    def declare(self, size: int) -> None:
        """Declare the one resource."""
        self.engine.write_program(
            "import pulumi\n"
            "class Thing(pulumi.CustomResource): pass\n"
            f"Thing({self.kind!r}, 'thing', {{'size': {size}}})\n"
        )

    def kill_during(self, *command: str) -> None:
        """Run a command and kill the engine while the plugin holds its call."""
        (self.folder / "held").unlink(missing_ok=True)
        (self.folder / "hold").touch()
        running = self.engine.start(*command, "--stack", "test", "--yes", "--skip-preview")
        try:
            wait_until((self.folder / "held").exists, 60)
        finally:
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)
            (self.folder / "hold").unlink()

    def sizes(self) -> list[float]:
        """Return the input of each such resource in the state."""
        return [resource["inputs"]["size"] for resource in self.engine.resources(self.kind)]


@pytest.fixture
def held(engine: Engine, tmp_path: Path) -> Held:
    return Held(engine, tmp_path / "plugin", "seldon:test:Thing")


def recover(engine: Engine, check: bool = True) -> str:
    command = [ENVIRONMENT / "bin" / "seldon-infra", "recover", "--stack", "test"]
    done = subprocess.run(
        command, cwd=engine.directory, env=engine.environment, capture_output=True, text=True, timeout=240
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def lock_file(engine: Engine) -> Path:
    return engine.directory / "backend/.pulumi/locks/organization/scratch/test/one.json"


def write_lock(engine: Engine, pid: int, host: str) -> Path:
    file = lock_file(engine)
    file.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat()
    file.write_text(json.dumps({"pid": pid, "username": "u", "hostname": host, "timestamp": now}))
    return file


def a_dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=60)
    return ended.pid


def test_a_killed_creation_is_healed_by_one_further_up(held: Held) -> None:
    held.declare(1)
    held.kill_during("up")
    assert held.engine.deployment()["pending_operations"]
    assert "locked" in held.engine.up(check=False).stderr
    said = recover(held.engine)
    assert "removed the lock" in said
    assert "thing was interrupted while creating" in said
    held.engine.up()
    assert held.sizes() == [1]
    assert not held.engine.deployment().get("pending_operations")


def test_a_killed_update_is_healed_by_one_further_up(held: Held) -> None:
    held.declare(1)
    held.engine.up()
    held.declare(2)
    held.kill_during("up")
    assert "thing was interrupted while updating" in recover(held.engine)
    assert held.sizes() == [1]
    held.engine.up()
    assert held.sizes() == [2]
    assert not held.engine.deployment().get("pending_operations")


def test_a_killed_deletion_is_healed_by_one_further_up(held: Held) -> None:
    held.declare(1)
    held.engine.up()
    held.engine.write_program("")
    held.kill_during("up")
    assert "thing was interrupted while deleting" in recover(held.engine)
    assert held.sizes() == [1]
    held.engine.up()
    assert held.sizes() == []


@pytest.mark.parametrize("kind", ["other:test:Thing", "kubernetes:helm.sh/v3:Release"])
def test_a_creation_that_nobody_takes_over_stays_and_is_named(engine: Engine, tmp_path: Path, kind: str) -> None:
    held = Held(engine, tmp_path / "plugin", kind)
    held.declare(1)
    held.kill_during("up")
    said = recover(engine)
    assert "look whether it exists" in said
    assert "pulumi refresh --stack test" in said
    assert len(engine.deployment()["pending_operations"]) == 1


def test_a_second_recovery_has_nothing_to_do(held: Held) -> None:
    held.declare(1)
    held.kill_during("up")
    recover(held.engine)
    assert recover(held.engine) == "stack 'test': nothing to heal\n"


def test_a_lock_of_a_dead_process_is_removed(engine: Engine) -> None:
    file = write_lock(engine, a_dead_process(), socket.gethostname())
    assert "removed the lock" in recover(engine)
    assert not file.exists()
    engine.up()


@pytest.mark.parametrize(
    ("pid", "host"),
    [pytest.param(os.getpid(), socket.gethostname(), id="living"), pytest.param(1, "elsewhere", id="another host")],
)
def test_any_other_lock_is_left_alone_and_named(engine: Engine, pid: int, host: str) -> None:
    file = write_lock(engine, pid, host)
    engine.state_file.write_text("{")
    assert f"held by process {pid} on {host}" in recover(engine)
    assert file.exists()
    assert engine.state_file.read_text() == "{"


def test_a_truncated_state_comes_back_whole(held: Held) -> None:
    held.declare(1)
    held.engine.up()
    recover(held.engine)
    whole = held.engine.state_file.read_bytes()
    for file in (held.engine.state_file, held.engine.state_file.with_name("test.json.bak")):
        file.write_bytes(file.read_bytes()[: len(whole) // 2])
    assert held.engine.preview(check=False).returncode != 0
    assert "WAS BROKEN" in recover(held.engine)
    assert held.engine.state_file.read_bytes() == whole
    assert "unchanged" in held.engine.preview("--expect-no-changes").stdout


def test_a_flipped_bit_is_found_and_repaired(held: Held) -> None:
    held.declare(1)
    held.engine.up()
    recover(held.engine)
    whole = held.engine.state_file.read_bytes()
    held.engine.state_file.write_bytes(whole.replace(b"::thing", b"::thinc"))
    assert "WAS BROKEN" in recover(held.engine)
    assert held.engine.state_file.read_bytes() == whole


def test_a_broken_state_without_a_copy_is_an_error_and_is_kept(engine: Engine) -> None:
    engine.state_file.write_text('{"version": 3, "check')
    engine.state_file.with_name("test.json.bak").unlink()
    said = recover(engine, check=False)
    assert "there is no copy" in said
    assert "Traceback" not in said
    assert engine.state_file.read_text() == '{"version": 3, "check'


def test_a_stack_on_another_backend_is_told_what_to_do(engine: Engine) -> None:
    engine.environment["PULUMI_BACKEND_URL"] = "s3://states"
    said = recover(engine, check=False)
    assert "pulumi cancel --stack test" in said
    assert "pulumi refresh --clear-pending-creates --stack test" in said
    assert "Traceback" not in said


def test_a_compressed_state_is_healed_too(held: Held) -> None:
    held.engine.environment["PULUMI_DIY_BACKEND_GZIP"] = "true"
    held.declare(1)
    held.kill_during("up")
    assert held.engine.state_file.with_name("test.json.gz").exists()
    assert "thing was interrupted while creating" in recover(held.engine)
    held.engine.up()
    assert held.sizes() == [1]
    assert not held.engine.deployment().get("pending_operations")
