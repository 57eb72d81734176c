"""The long steps of a set-up: what is said when one fails, is late or is interrupted, and that it is over then."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seldon_infra.runtime.leftovers import is_alive
from tests.engine.waiting import wait_until
from toolchain import console

ROOT = Path(__file__).parents[3]
STARTS_ANOTHER = "sleep 300 & echo $! > {file}; wait"
RUNS = [console.run, console.run_shown]


def started(file: Path) -> int:
    return int(file.read_text())


def test_a_failed_step_says_its_last_lines() -> None:
    with pytest.raises(console.SetupFailed, match=r"(?s)trying failed:.*no such thing"):
        console.run("trying", ["/bin/sh", "-c", "echo no such thing; exit 3"], timeout=60)


def test_a_step_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(console.SetupFailed, match=r"longer than 0 s and was stopped"):
        console.run("waiting", ["/bin/sleep", "600"], timeout=0.2)


def has_begun(file: Path) -> bool:
    return file.exists() and file.read_text() != ""


@pytest.mark.parametrize("run", RUNS)
def test_what_a_late_step_has_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., object]
) -> None:
    command = ["/bin/sh", "-c", STARTS_ANOTHER.format(file=tmp_path / "pid")]
    bounded = console._bounded

    def bounded_when_it_has_begun(name: str, start: Callable[[], subprocess.Popen[bytes]], timeout: float) -> object:
        def begun() -> subprocess.Popen[bytes]:
            process = start()
            wait_until(lambda: has_begun(tmp_path / "pid"))
            return process

        return bounded(name, begun, timeout)

    monkeypatch.setattr(console, "_bounded", bounded_when_it_has_begun)
    with pytest.raises(console.SetupFailed, match="took longer than"):
        run("waiting", command, timeout=0.2)
    wait_until(lambda: not is_alive(started(tmp_path / "pid")))


@pytest.mark.parametrize("run", RUNS)
def test_what_an_interrupted_step_has_started_ends_with_it(tmp_path: Path, run: Callable[..., object]) -> None:
    command = ["/bin/sh", "-c", STARTS_ANOTHER.format(file=tmp_path / "pid")]
    program = f"from toolchain import console; console.{run.__name__}('waiting', {command!r}, timeout=300)"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL)
    wait_until(lambda: has_begun(tmp_path / "pid"))
    process.send_signal(signal.SIGINT)
    process.wait(60)
    wait_until(lambda: not is_alive(started(tmp_path / "pid")))


def test_an_interrupt_while_a_step_starts_ends_what_has_started() -> None:
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        running.append(subprocess.Popen(["/bin/sleep", "300"], start_new_session=True))
        signal.raise_signal(signal.SIGINT)
        return running[0]

    with pytest.raises(KeyboardInterrupt), console._bounded("waiting", start, 300):
        pytest.fail("the step went on")
    assert running[0].wait(60) == -signal.SIGKILL


def test_a_command_that_is_not_there_leaves_interrupts_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(FileNotFoundError):
        console.run("trying", ["/no/such/command"], timeout=60)
    assert signal.getsignal(signal.SIGINT) == before


def test_a_step_that_shows_its_own_progress_fails_by_name() -> None:
    with pytest.raises(console.SetupFailed, match="trying failed; what is said above says why"):
        console.run_shown("trying", ["/bin/false"], timeout=60)
