"""Runs the long steps of a set-up with a sign of life on standard error, and says what failed in one message."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

TICK_SECONDS = 5.0
LAST_LINES = 15
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Text = TypeVar("Text", str, bytes)


class SetupFailed(Exception):
    """A step did not work; the text says which, why and what to do."""


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[setup] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(name: str, count: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Announce a step, print its elapsed time every few seconds, and how long it took."""
    say(f"{name} …")
    started = time.monotonic()
    over = threading.Event()

    def tick() -> None:
        while not over.wait(TICK_SECONDS):
            say(f"{name}: {time.monotonic() - started:.0f} s{count()}")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
    say(f"{name}: done in {time.monotonic() - started:.1f} s")


def run(
    name: str,
    command: Sequence[str | Path],
    *,
    timeout: float,
    unit: str = "lines",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    advice: str = "",
) -> list[str]:
    """Run a command as a step, counting the lines it writes; on failure raise with the last of them and an advice."""
    lines: deque[str] = deque(maxlen=100_000)
    with step(name, lambda: f", {len(lines)} {unit}" if lines else ""):
        start = partial(
            subprocess.Popen[str],
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with _bounded(name, start, timeout) as process:
            assert process.stdout is not None
            lines.extend(line.rstrip() for line in process.stdout)
    if process.returncode:
        said = list(lines)[-LAST_LINES:]
        raise SetupFailed("\n".join([f"{name} failed:", *said, *([advice] if advice else [])]))
    return list(lines)


def run_shown(name: str, command: Sequence[str | Path], *, timeout: float, cwd: Path | None = None) -> None:
    """Run a command that shows its own progress and says itself what failed."""
    words = [str(part) for part in command]
    start = partial(subprocess.Popen[bytes], words, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True)
    with _bounded(name, start, timeout) as process:
        process.wait()
    if process.returncode:
        raise SetupFailed(f"{name} failed; what is said above says why")


@contextmanager
def _bounded(
    name: str, start: Callable[[], subprocess.Popen[Text]], timeout: float
) -> Iterator[subprocess.Popen[Text]]:
    """Start a process, and end it with all that it has started if it takes too long or we are interrupted.

    It leads a session of its own, so what it started can be ended with it, and holds no pipe of ours open. The
    terminal's Ctrl-C then reaches us alone. One that comes while the process starts is heard when it can be ended.
    """
    too_late = threading.Event()
    deliver = _hold_interrupts()
    try:
        process = start()
    except BaseException:
        deliver()
        raise

    def stop() -> None:
        too_late.set()
        _end(process)

    late = threading.Timer(timeout, stop)
    late.start()
    try:
        deliver()
        yield process
        process.wait()
    except BaseException:
        _end(process)
        process.wait()
        raise
    finally:
        late.cancel()
    if too_late.is_set():
        raise SetupFailed(f"{name} took longer than {timeout:.0f} s and was stopped; run it again to go on")


def _hold_interrupts() -> Callable[[], None]:
    """Hold interrupts back until the function that is given back is called, which raises where there was one."""
    held: list[int] = []
    before = {number: signal.signal(number, lambda number, _: held.append(number)) for number in INTERRUPTS}

    def deliver() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            os.kill(os.getpid(), held[0])

    return deliver


def _end(process: subprocess.Popen[Any]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
