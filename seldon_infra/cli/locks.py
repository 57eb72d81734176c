"""The engine's locks on a stack: who holds it, whether the holder lives, and a lock of our own.

A lock says which process of which host took it and when. Its process is gone where no process has its number, and where
the one that has it was started later. Containers may share a host's name: from the host itself every process is seen,
with the number that it has inside; inside a container a lock that is older than the container is nobody's that could be
asked, so it counts as held.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seldon_infra.cli.files import write_safely
from seldon_infra.core.errors import SeldonInfraError

_ROOT_PID_NAMESPACE = 0xEFFFFFFC
"""The inode of the kernel's first pid namespace, the same on every host."""
_CLOCK_MARGIN = 2.0
"""Seconds by which the kernel's start times may be off."""
_ENGINE = "pulumi"


class StackHeld(SeldonInfraError):
    """Somebody else holds the stack."""


@dataclass(frozen=True)
class Lock:
    """A lock on a stack: the process that holds it, as it wrote itself down."""

    path: Path
    pid: int
    host: str
    since: str

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be gone; a process of another host is never known to be."""
        return self.host == socket.gethostname() and not _may_live(self.pid, _seconds(self.since))

    def remove(self) -> None:
        """Take the lock away."""
        self.path.unlink(missing_ok=True)
        self.path.with_name(self.path.name + ".attrs").unlink(missing_ok=True)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


def locks_in(folder: Path) -> list[Lock]:
    """Return who holds the stack whose locks are in this folder."""
    return [lock for file in sorted(folder.glob("*.json")) if (lock := _read(file))]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the stack as the engine does: write a lock, and withdraw it if there is another one.

    Raises:
        StackHeld: somebody else holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{uuid.uuid4()}.json"
    now = datetime.now(UTC).isoformat()
    taken = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname(), "timestamp": now}
    try:
        write_safely(own, json.dumps(taken).encode())
        if others := [lock for lock in locks_in(folder) if lock.path != own]:
            raise StackHeld(f"held by {others[0]}")
        yield
    finally:
        own.unlink(missing_ok=True)


def _read(file: Path) -> Lock | None:
    try:
        taken = json.loads(file.read_bytes())
        return Lock(file, int(taken["pid"]), str(taken["hostname"]), str(taken["timestamp"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # An engine killed while it wrote its lock leaves half of it; without a process id nobody can be asked.
        return Lock(file, 0, "an unknown host", "an unknown time")


def _seconds(timestamp: str) -> float | None:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return None


def _may_live(pid: int, taken: float | None) -> bool:
    """Whether a process of this number took a lock then and still runs, for all that can be seen from here."""
    if not Path("/proc/self/status").exists():
        return _answers(pid)
    if not _sees_every_process() and (taken is None or taken < _start(1) - _CLOCK_MARGIN):
        return True
    return any(_is_holder(process, taken) for process in _numbered(pid)) or _is_hidden(pid)


def _is_holder(process: int, taken: float | None) -> bool:
    """Whether a process may have taken the lock: one that was started later and is no engine has only its number."""
    try:
        name = Path(f"/proc/{process}/comm").read_text().strip()
        return taken is None or name == _ENGINE or _start(process) <= taken + _CLOCK_MARGIN
    except OSError:
        return False


def _numbered(pid: int) -> Iterator[int]:
    """Every process that has this number, in whatever namespace it runs; one that waits for its parent does not run."""
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            numbers = fields.get("NSpid", fields.get("Pid", "")).split()
            if numbers and int(numbers[-1]) == pid and fields["State"].strip()[0] != "Z":
                yield int(status.parent.name)


def _is_hidden(pid: int) -> bool:
    """Whether a process of another user runs that the process list does not show."""
    return not Path(f"/proc/{pid}").exists() and _answers(pid)


def _answers(pid: int) -> bool:
    """Whether a signal would reach a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sees_every_process() -> bool:
    """Whether this process runs on the host itself, not in a container."""
    with contextlib.suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino == _ROOT_PID_NAMESPACE
    return False


def _start(pid: int) -> float:
    """When a process was started, in seconds since the epoch."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    return int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
