"""The stack's supervisord: started when the first program comes, stopped when the last one goes.

It outlives ``pulumi up``, restarts what crashes with growing pauses, rotates logs, and is driven over XML-RPC on a unix
socket that only its owner can open. Each program is one file in ``programs/``; adding one touches no other. Beside them
runs ``watch.py``, which ends those that hang.
"""

from __future__ import annotations

import http.client
import shlex
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seldon_infra.core import atomic
from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime import leftovers
from seldon_infra.runtime.stack_dir import StackDir, make_private

CALL_TIMEOUT_SECONDS = 30.0
START_TIMEOUT_SECONDS = 20.0
RESTARTS = 100
"""How often a program that does not stay up is started again; the pause before each grows by a second."""
STAYED_UP_SECONDS = 2
LOG_BYTES, LOG_FILES = "10MB", 2

# Paths are relative to the folder that it is started in: it would expand and split what stands in the folder's path,
# and take brackets in it for a pattern of other folders.
_CONFIG_FILE = "/proc/self/cwd/supervisord.conf"
_CONFIG = """\
[unix_http_server]
file=supervisor.sock
chmod=0600

[supervisord]
logfile=supervisord.log
logfile_maxbytes={log_bytes}
logfile_backups=1
pidfile=supervisord.pid
umask=077

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[program:watch]
command=/bin/sh -c 'exec "$PYTHON" -P -m seldon_infra.runtime.watch'
autorestart=true
startretries={restarts}
redirect_stderr=true
stdout_logfile=watch.log
stdout_logfile_maxbytes={log_bytes}
stdout_logfile_backups=1

[include]
files=programs/*.conf
"""

_PROGRAM = """\
[program:{name}]
command=/bin/sh run
directory=processes/{name}
autorestart=true
startsecs={stayed_up}
startretries={restarts}
stopsignal=TERM
stopwaitsecs={grace}
killasgroup=true
redirect_stderr=true
stdout_logfile=processes/{name}/log
stdout_logfile_maxbytes={log_bytes}
stdout_logfile_backups={log_files}
"""


@dataclass(frozen=True)
class ProgramState:
    """What the supervisor says of one program."""

    state: str
    """STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or ABSENT."""
    pid: int = 0
    started: float = 0.0
    """When it was started, in seconds since the epoch."""

    @property
    def wanted(self) -> bool:
        """Whether the supervisor keeps it up or is trying to."""
        return self.state in {"STARTING", "RUNNING", "BACKOFF"}


ABSENT = ProgramState("ABSENT")


@dataclass(frozen=True)
class Supervisor:
    """The supervisord of one stack. What changes anything, but for :meth:`stop`, needs the stack locked."""

    stack: StackDir

    def add(self, name: str, grace_seconds: float) -> None:
        """Start the program whose folder in ``processes/`` holds the script ``run``; it may be there already."""
        make_private(self.stack.programs)
        text = _PROGRAM.format(
            name=name,
            stayed_up=STAYED_UP_SECONDS,
            restarts=RESTARTS,
            grace=max(1, round(grace_seconds)),
            log_bytes=LOG_BYTES,
            log_files=LOG_FILES,
        )
        atomic.write(self._program_file(name), text)
        self._ensure_running()
        self._call("reloadConfig")
        try:
            self._call("addProcessGroup", name)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_ADDED" not in fault.faultString:
                raise
            self.start(name)

    def start(self, name: str) -> None:
        """Start a program that is stopped, or that the supervisor has given up."""
        self._ensure_running()
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise

    def stop(self, name: str, grace_seconds: float) -> None:
        """Stop a program, by TERM and after its grace by KILL; needs no lock, so that nobody waits for it."""
        if self.is_running():
            self._call_unless_gone("stopProcess", name, True, timeout=grace_seconds + CALL_TIMEOUT_SECONDS)

    def forget(self, name: str) -> None:
        """Take away a program that is stopped, and with the last one the supervisor."""
        self._program_file(name).unlink(missing_ok=True)
        if self.is_running():
            self._call_unless_gone("removeProcessGroup", name)
            self._forget_lost()
            self._call("reloadConfig")
            if not any(self.stack.programs.glob("*.conf")):
                self.shutdown()
        elif not any(self.stack.programs.glob("*.conf")):
            # One that was killed has left the watch behind.
            leftovers.end_stack(self.stack.root)

    def state(self, name: str) -> ProgramState:
        """Say how a program is; ABSENT where there is no supervisor or no such program."""
        try:
            info = self._call("getProcessInfo", name)
        except (OSError, xmlrpc.client.Fault, http.client.HTTPException):
            return ABSENT
        return _state(info)

    def states(self) -> dict[str, ProgramState]:
        """Say how all programs are, by their names; none where there is no supervisor."""
        try:
            infos = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Fault, http.client.HTTPException):
            return {}
        return {info["name"]: _state(info) for info in infos}

    def is_running(self) -> bool:
        """Tell whether the supervisor answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, http.client.HTTPException):
            return False

    def shutdown(self) -> None:
        """Stop the supervisor and wait until its process is gone."""
        pid = int(self._call("getPID"))
        self._call("shutdown")
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while leftovers.is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        leftovers.end_stack(self.stack.root)

    def _forget_lost(self) -> None:
        """End programs whose folder somebody has deleted: with one of them the supervisor takes no configuration."""
        for file in self.stack.programs.glob("*.conf"):
            if not (self.stack.processes / file.stem / "run").exists():
                self.stop(file.stem, CALL_TIMEOUT_SECONDS)
                file.unlink(missing_ok=True)
                if self.is_running():
                    self._call_unless_gone("removeProcessGroup", file.stem)

    def _ensure_running(self) -> None:
        self._forget_lost()
        if self.is_running():
            return
        # What an earlier one has left holds the ports that its successor's programs need.
        leftovers.end_stack(self.stack.root)
        atomic.write(self.stack.supervisor_config, _CONFIG.format(log_bytes=LOG_BYTES, restarts=RESTARTS))
        subprocess.run(
            # Isolated: a file of the user's own that is called like a module must not be taken for it.
            [sys.executable, "-I", "-m", "supervisor.supervisord", "-c", _CONFIG_FILE],
            cwd=self.stack.root,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": str(self.stack.root),
                "PYTHON": sys.executable,
                leftovers.STACK_MARK: str(self.stack.root),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=0o077,
            check=True,
            timeout=START_TIMEOUT_SECONDS,
        )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise LimitReached(f"supervisord of {self.stack.root} did not answer within {START_TIMEOUT_SECONDS} s")
            time.sleep(0.05)

    def _program_file(self, name: str) -> Path:
        return self.stack.programs / f"{name}.conf"

    def _call_unless_gone(self, method: str, *arguments: object, timeout: float = CALL_TIMEOUT_SECONDS) -> None:
        try:
            self._call(method, *arguments, timeout=timeout)
        except xmlrpc.client.Fault as fault:
            if not {"NOT_RUNNING", "BAD_NAME"} & set(fault.faultString.replace(":", " ").split()):
                raise

    def _call(self, method: str, *arguments: object, timeout: float = CALL_TIMEOUT_SECONDS) -> Any:
        transport = _UnixTransport(self.stack.supervisor_socket, timeout)
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _state(info: Mapping[str, Any]) -> ProgramState:
    return ProgramState(info["statename"], info["pid"], float(info["start"]))


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket, with a bound on every call."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__()
        self._path, self._timeout = path, timeout

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return UnixConnection(self._path, self._timeout)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def script(command: Sequence[str], environment: dict[str, str]) -> str:
    """Write the shell script that becomes ``command`` with ``environment``; values stay out of process arguments."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(environment.items())]
    return "\n".join(["#!/bin/sh", *lines, f"exec {shlex.join(command)}", ""])
