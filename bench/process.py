"""One command, measured with everything that it starts: how long it took, and how much memory it had at most."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY_SECONDS = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")
SESSION, RESIDENT = 3, 21
"""Places in /proc/PID/stat behind the command's name. Source: proc_pid_stat(5)."""


@dataclass(frozen=True)
class Measured:
    """What a command took."""

    seconds: float
    peak_bytes: int
    """The most that all its processes had in memory together; what they share is counted for each."""
    status: int
    said: str


def measure(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], timeout: float, allowed: int = 0
) -> Measured:
    """Run a command to its end.

    Args:
        command: what to run.
        folder: where.
        environment: all of its environment.
        timeout: how long it may take, in seconds.
        allowed: the exit status that is none of a failure, beside 0.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        peak = _Peak(process.pid)
        peak.start()
        status = process.wait(timeout=timeout)
        seconds = time.perf_counter() - start
        peak.stop()
        output.seek(0)
        said = output.read()
    if status not in (0, allowed):
        raise RuntimeError(f"{' '.join(str(part) for part in command)} ended with {status}:\n{said[-4000:]}")
    return Measured(seconds, peak.bytes, status, said)


class _Peak(threading.Thread):
    """Looks now and then at how much memory a session's processes have."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.bytes, self._session, self._over = 0, session, threading.Event()

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self._over.wait(EVERY_SECONDS):
            self.bytes = max(self.bytes, _resident(self._session))

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def _resident(session: int) -> int:
    return PAGE * sum(pages for owner, pages in map(_read, Path("/proc").glob("[0-9]*")) if owner == session)


def _read(process: Path) -> tuple[int, int]:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return 0, 0
    return int(fields[SESSION]), int(fields[RESIDENT])
