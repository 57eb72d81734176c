"""A program's process that is started before the engine asks to run the program.

Before it runs a program, the engine reads what the stack has, and waits for the providers that tell it. Meanwhile the
process loads what programs use. No line of the user's runs in it until the host hands the engine's request over.
"""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

PROGRAM = Path(__file__).with_name("program.py")


class Ahead:
    """At most one process that waits for its program's request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._command: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, python: str, program: str) -> None:
        """Start a program's process, unless there is no such Python."""
        self.stop()
        if Path(python).is_file():
            command = _command(python, program)
            with self._lock:
                self._command, self._process = command, _started(command)

    def take(self, python: str, program: str) -> subprocess.Popen[bytes]:
        """Give the process that waits if it is this program's, else a new one."""
        command = _command(python, program)
        with self._lock:
            if self._process is not None and self._command == command and self._process.poll() is None:
                waiting, self._process = self._process, None
                return waiting
        self.stop()
        return _started(command)

    def stop(self) -> None:
        """End the process that waits, if there is one; there is nothing in it that could be lost."""
        with self._lock:
            waiting, self._process = self._process, None
        if waiting is not None:
            waiting.kill()
            waiting.wait()


def _command(python: str, program: str) -> list[str]:
    return [python, "-u", str(PROGRAM), program]


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE)
