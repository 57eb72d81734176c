"""Kills the plugin at every call that changes AWS, just before it takes effect and just after, one step a run.

    marched = march(engine, aws, "up")
    assert marched.names == {...}
    assert march(engine, aws, "destroy", at=every_call).names >= {...}    # at questions as well

Each call is held twice: when it is there for the first time, and once it has taken effect. Calls that come
side by side are held side by side, so one kill is the kill of each, and a stack of independent chains of calls takes as
many runs as twice its longest chain. To come to its next call, a chain must have healed from the kill before: a march
through a whole operation is a proof for each call of it. A call that is sent again although it took effect is told.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from seldon_infra.runtime.leftovers import is_alive
from tests.aws.loopback.wire import Call
from tests.engine.scratch import STACK, Engine

if TYPE_CHECKING:
    from tests.aws.loopback.server import Loopback

Key = tuple[str, str, bytes]
_QUIET_SECONDS = 0.4
"""How long nothing new has to come until all are taken to be there: who comes later is held in the next run."""
_SECONDS = 240
_TOKEN = rb'"clientRequestToken": ?"[^"]*"|ClientToken=[^&]*'


def changing_call(call: Call) -> bool:
    """A call that changes AWS."""
    return not call.reads


def every_call(call: Call) -> bool:
    """Any call. A question that is asked again, such as how far something is, is held the first time."""
    return True


class March:
    """What was held so far, in this run and in those before."""

    def __init__(self, at: Callable[[Call], bool]) -> None:
        self.at = at
        self.before: list[Key] = []
        """Calls that were held before they took effect."""
        self.after: list[Key] = []
        """Calls that were held after they took effect."""
        self.repeated: list[str] = []
        """Calls that came again after they had taken effect."""
        self._plugin, self._released = 0, threading.Event()
        self._last = time.monotonic()
        self._lock = threading.Lock()

    @property
    def names(self) -> set[str]:
        """The calls that were held both before and after."""
        return {name for name, *_ in set(self.before) & set(self.after)}

    @property
    def once(self) -> set[str]:
        """The calls that were held at one moment alone: the next run went another way."""
        return {name for name, *_ in set(self.before) ^ set(self.after)}

    def meet(self, call: Call, moment: Literal["before", "after"], process: int) -> threading.Event | None:
        """What a call has to wait for now; None where it had its turn at this moment, LookupError from the dead."""
        key = _key(call)
        with self._lock:
            if not is_alive(process):  # killed since it was looked up
                raise LookupError(process)
            self._last = time.monotonic()
            held = self.before if moment == "before" else self.after
            if key in held:
                self.repeated += [call.name] if key in self.after and not call.reads else []
                return None
            held.append(key)
            self._plugin = process
            return self._released

    def lose(self, call: Call, moment: Literal["before", "after"]) -> None:
        """A call of a process that is dead by now: what took effect was killed after that."""
        with self._lock:
            if moment == "after" and _key(call) not in self.after:
                self.after.append(_key(call))

    def kills(self, running: subprocess.Popen[str]) -> bool:
        """Kill a run's plugin as soon as all its chains are held; False where it came to its end."""
        while running.poll() is None and not self._is_still():
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(0.05)
        if self._plugin:
            self._kill()
        said, _ = running.communicate(timeout=_SECONDS)
        killed, self._plugin = bool(self._plugin), 0
        assert killed == bool(running.returncode), said
        return killed

    def _kill(self) -> None:
        with self._lock:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._plugin, signal.SIGKILL)
            while is_alive(self._plugin):
                time.sleep(0.01)
            released, self._released = self._released, threading.Event()
        released.set()

    def _is_still(self) -> bool:
        with self._lock:
            return bool(self._plugin) and time.monotonic() - self._last > _QUIET_SECONDS


def _key(call: Call) -> Key:
    """What a call asks; the token of an update is boto3's own each time, and an update may come twice."""
    body = call.request.body
    body = re.sub(_TOKEN, b"", body) if call.operation.startswith(("Update", "Modify")) else body
    return call.name, call.request.target, body


def march(engine: Engine, aws: Loopback, operation: str, at: Callable[[Call], bool] = changing_call) -> March:
    """Repeat an operation until it comes to its end, killed at each call on the way."""
    aws.faults.march = marched = March(at)
    while marched.kills(engine.start(operation, "--stack", STACK, "--yes", "--skip-preview", is_inline=True)):
        pass
    aws.faults.march = None
    return marched
