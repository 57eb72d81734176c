"""Ends a process that hangs, so that the supervisor starts it again: a program of its own beside a stack's processes.

A crash the supervisor sees by itself; a hang only shows when somebody asks. Whoever answers anything at all lives. A
process that is silent but computes is left alone: a model server may do nothing else while it infers.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from enum import Enum, auto
from pathlib import Path

from seldon_infra.runtime import leftovers
from seldon_infra.runtime.processes import Liveness, Processes, Record
from seldon_infra.runtime.stack_dir import StackDir

PERIOD_SECONDS = 5.0
"""How often every process is asked."""
QUICK_SECONDS = 1.0
"""Within which a healthy process answers; only who does not is looked at more closely."""
IDLE_SHARE = 0.1
"""Of one processor: a process that wanted less while it was silent does nothing."""


class Heard(Enum):
    """What came back when a process was asked."""

    ANSWER = auto()
    SILENCE = auto()
    NOBODY = auto()
    """Nothing listens, or it broke off: the supervisor's business."""


class Watch:
    """Asks the processes of one stack, each in a thread of its own, for a hanging one keeps nobody else waiting."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._asking: dict[str, threading.Thread] = {}
        self._answered: dict[str, int] = {}
        """Process to the process id that has answered: before its first answer one may take longer."""

    def round(self) -> None:
        """Begin to ask every process that is not being asked already."""
        for record in self._processes.all():
            running = self._asking.get(record.id)
            if record.spec.live and not (running and running.is_alive()):
                thread = threading.Thread(target=self.look, args=(record, record.spec.live), daemon=True)
                self._asking[record.id] = thread
                thread.start()

    def look(self, record: Record, live: Liveness) -> None:
        """Ask one process, and end it if it hangs."""
        state = self._processes.state(record.id)
        if state.state != "RUNNING":
            return
        heard = self._ask(record, live)
        if heard is Heard.ANSWER and self._answered.get(record.id) != state.pid:
            self._answered[record.id] = state.pid
            print(f"{record.id} answers", flush=True)
        late = self._answered.get(record.id) == state.pid or time.time() - state.started > live.start_seconds
        if heard is Heard.SILENCE and late and self._processes.state(record.id).pid == state.pid:
            self._end(record, live)

    def _ask(self, record: Record, live: Liveness) -> Heard:
        port, folder = record.ports[live.port], self._processes.program(record)
        heard = ask(port, live.path, QUICK_SECONDS)
        if heard is not Heard.SILENCE:
            return heard
        before = leftovers.wanted_seconds(folder)
        heard = ask(port, live.path, live.silent_seconds)
        if leftovers.wanted_seconds(folder) - before > IDLE_SHARE * live.silent_seconds:
            return Heard.NOBODY
        return heard

    def _end(self, record: Record, live: Liveness) -> None:
        said = f"seldon-infra: did not answer for {live.silent_seconds:g} s and did nothing; it is started again"
        with open(self._processes.folder(record.id) / "log", "a", encoding="utf-8") as log:
            print(said, file=log)
        leftovers.kill_process(self._processes.program(record))


def ask(port: int, path: str, seconds: float) -> Heard:
    """Ask for a path and wait for the first byte of whatever is answered."""
    question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(question.encode())
            return Heard.ANSWER if connection.recv(1) else Heard.NOBODY
    except TimeoutError:
        return Heard.SILENCE
    except OSError:
        return Heard.NOBODY


def main() -> None:
    """Watch the stack whose supervisor has started this."""
    watch = Watch(Processes(StackDir(Path(os.environ[leftovers.STACK_MARK]))))
    while True:
        watch.round()
        time.sleep(PERIOD_SECONDS)


if __name__ == "__main__":
    main()
