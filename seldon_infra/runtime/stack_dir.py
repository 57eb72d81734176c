"""The folder that holds everything of one local stack: its supervisor, processes, gateway and models.

Nothing of a stack is anywhere else but its ports in the user's register (``ports.py``), so an empty folder is an empty
stack, and two checkouts are two stacks.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seldon_infra.core.errors import LimitReached

LONGEST_SOCKET_PATH = 100
"""Bytes. Linux allows 107 for a unix socket's path (``sun_path``); some are left for temporary names beside it."""
LOCK_SECONDS = 120.0
"""How long to wait for another run that changes the same stack."""
_LONGEST_SOCKET = Path("gateway/admin.sock")


@dataclass(frozen=True)
class StackDir:
    """Paths inside one stack's folder."""

    root: Path

    @property
    def supervisor_config(self) -> Path:
        """Configuration of the stack's supervisord."""
        return self.root / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        """Where the stack's supervisord listens."""
        return self.root / "supervisor.sock"

    @property
    def programs(self) -> Path:
        """One file per program of the supervisord."""
        return self.root / "programs"

    @property
    def processes(self) -> Path:
        """One folder per process."""
        return self.root / "processes"

    @property
    def gateway(self) -> Path:
        """Configuration, routes and admin socket of Envoy."""
        return self.root / "gateway"

    @property
    def models(self) -> Path:
        """Content-addressed copies of model files."""
        return self.root / "models"

    @property
    def payloads(self) -> Path:
        """Files with what loggers took, one folder per namespace and deployment."""
        return self.root / "payloads"

    @property
    def longest_socket_bytes(self) -> int:
        """Length of the longest path of a socket in it, at most LONGEST_SOCKET_PATH."""
        return len(os.fsencode(self.root / _LONGEST_SOCKET))

    def create(self) -> None:
        """Make the folder, for its owner only.

        Raises:
            LimitReached: its path is too long for the unix sockets that it will hold.
        """
        length = self.longest_socket_bytes
        if length > LONGEST_SOCKET_PATH:
            raise LimitReached(
                f"stack folder {self.root}: a socket's path in it would have {length} bytes, must be at most "
                f"{LONGEST_SOCKET_PATH}; move the project to a folder with a shorter path"
            )
        make_private(self.root)

    def remove(self) -> None:
        """Remove the folder with all that is left in it; call it inside :meth:`locked`."""
        shutil.rmtree(self.root, ignore_errors=True)

    @contextmanager
    def locked(self, name: str = "lock", timeout: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the stack, or another thing of it by name, alone among all processes of this machine."""
        descriptor = self._lock(self.root / name, timeout)
        try:
            yield
        finally:
            os.close(descriptor)

    def _lock(self, path: Path, timeout: float) -> int:
        while True:
            self.create()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                take_lock(descriptor, path, timeout)
            except LimitReached:
                os.close(descriptor)
                raise
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
            # Whoever held the lock removed the whole folder: what was opened is no longer the lock.
            os.close(descriptor)


def take_lock(descriptor: int, path: Path, timeout: float = LOCK_SECONDS) -> None:
    """Lock an open file alone, waiting for whoever has it.

    Raises:
        LimitReached: somebody has held it for longer than anything here takes.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise LimitReached(f"{path} has been locked for {timeout:g} s; end the run that hangs") from None
            time.sleep(0.02)


def make_private(folder: Path) -> None:
    """Make a folder and those above it, each that is new for its owner only."""
    for each in (*reversed(folder.parents), folder):
        each.mkdir(exist_ok=True, mode=0o700)
