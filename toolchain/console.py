"""Runs the long steps of a set-up with a sign of life on standard error, and says what failed in one message."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TICK_SECONDS = 5.0
LAST_LINES = 15


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
) -> list[str]:
    """Run a command as a step, counting the lines it writes; on failure raise with the last of them."""
    lines: deque[str] = deque(maxlen=100_000)
    with step(name, lambda: f", {len(lines)} {unit}" if lines else ""):
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _collect(name, process, lines, timeout)
    if process.returncode:
        raise SetupFailed(f"{name} failed:\n" + "\n".join(list(lines)[-LAST_LINES:]))
    return list(lines)


def _collect(name: str, process: subprocess.Popen[str], lines: deque[str], timeout: float) -> None:
    """Read the output to its end, and end the process if it takes too long or we are interrupted."""
    assert process.stdout is not None
    late = threading.Timer(timeout, process.kill)
    late.start()
    try:
        lines.extend(line.rstrip() for line in process.stdout)
        process.wait()
    except BaseException:
        process.kill()
        raise
    finally:
        timed_out = not late.is_alive()
        late.cancel()
    if timed_out:
        raise SetupFailed(f"{name} took longer than {timeout:.0f} s and was stopped; run it again to go on")
