"""Processes that a stack has started, found by a mark in their environment that all their children inherit.

A supervisor that is killed leaves its children running, a server may start workers in sessions of their own, and a
folder may be deleted by hand under what runs in it. The mark finds them all, whoever their parent is by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

STACK_MARK = "SELDON_INFRA_STACK"
"""Holds the stack's folder, in the supervisor and everything below it."""
PROCESS_MARK = "SELDON_INFRA_PROCESS"
"""Holds the process's folder, in a process and everything below it."""
TERM_SECONDS = 3.0
KILL_SECONDS = 10.0


def end_process(folder: Path) -> None:
    """End what is left of one process."""
    _end(f"{PROCESS_MARK}={folder}", TERM_SECONDS)


def kill_process(folder: Path) -> None:
    """Kill one process with all that it has started, at once."""
    for pid in list(_marked(f"{PROCESS_MARK}={folder}")):
        _signal(pid, signal.SIGKILL)


def wanted_seconds(folder: Path) -> float:
    """Time that one process and all that it has started have computed so far, or have waited for a processor to do so.

    Where others take all of the machine, who has something to do has not done it yet. Source of what is waited: the
    second number of /proc/PID/task/TID/schedstat in nanoseconds, Documentation/scheduler/sched-stats.rst of Linux.
    """
    return sum(_processor_seconds(pid) + _waited_seconds(pid) for pid in _marked(f"{PROCESS_MARK}={folder}"))


def end_stack(root: Path) -> None:
    """End whatever a supervisor that is no longer there has left of a stack."""
    # First what would start the rest again.
    for pid in list(_marked(f"{STACK_MARK}={root}")):
        if not any(variable.startswith(os.fsencode(f"{PROCESS_MARK}=")) for variable in _environment(pid)):
            _signal(pid, signal.SIGKILL)
    _end(f"{STACK_MARK}={root}", TERM_SECONDS)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and only waits for its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _processor_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _waited_seconds(pid: int) -> float:
    waited = 0
    with contextlib.suppress(OSError):  # the process has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):  # the thread has ended, or this kernel does not count
                waited += int((thread / "schedstat").read_text(encoding="ascii").split()[1])
    return waited / 1e9


def _end(mark: str, term_seconds: float) -> None:
    for how, seconds in ((signal.SIGTERM, term_seconds), (signal.SIGKILL, KILL_SECONDS)):
        end = time.monotonic() + seconds
        for pid in (pids := list(_marked(mark))):
            _signal(pid, how)
        while any(map(is_alive, pids)) and time.monotonic() < end:
            time.sleep(0.02)


def _marked(mark: str) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if (
            entry.name.isdigit()
            and int(entry.name) != os.getpid()
            and os.fsencode(mark) in _environment(int(entry.name))
        ):
            yield int(entry.name)


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        # Another user's, or gone by now.
        return []


def _signal(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
