"""A model that another process serves together with others: it is loaded and unloaded there by its folder's name.

The process answers MLServer's repository API on loopback, on a port that no route leads to. Beside a model's log it
writes the file ``state``: a word of the supervisor's, and in which process it holds. What has once been ready is linked
in the process's folder, and is loaded again wherever that process is started again.
"""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from pathlib import Path

from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime.supervisor import ProgramState

SETTINGS = "settings.json"
"""File with the variables that the model's server would have alone."""
LINKS = "models"
"""Folder of the serving process, with a link for each model that has once been ready."""
ANSWER_SECONDS = 30.0
"""How long the serving process may take to answer, also while the supervisor starts it again."""
_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Host:
    """A process that serves models of others."""

    folder: Path
    port: int
    """Where it answers MLServer's repository API; 0 where it is gone."""

    def link(self, id: str) -> Path:
        """What is there if the model has once been ready."""
        return self.folder / LINKS / id


def load(host: Host, id: str) -> None:
    """Let a process begin to serve a model; it is not yet ready then.

    Raises:
        LimitReached: the process does not answer, or refuses.
    """
    end = time.monotonic() + ANSWER_SECONDS
    while (status := _post(host, id, "load", ANSWER_SECONDS)) != http.client.OK:
        if time.monotonic() > end:
            said = f"answered {status}" if status else "did not answer"
            raise LimitReached(f"the process '{host.folder.name}', which should serve '{id}', {said}")
        time.sleep(_TICK_SECONDS)


def unload(host: Host, id: str, seconds: float) -> None:
    """Let a process stop serving a model once its open requests are answered; one that is gone serves nothing."""
    _post(host, id, "unload", seconds + ANSWER_SECONDS)
    host.link(id).unlink(missing_ok=True)


def state(host: Host, folder: Path, program: ProgramState) -> ProgramState:
    """Say how a model is, by what the supervisor says of the process that serves it."""
    if program.state not in {"STARTING", "RUNNING"}:
        return program
    try:
        word, pid = (folder / "state").read_text(encoding="utf-8").split()
    except (FileNotFoundError, ValueError):
        word, pid = "STARTING", str(program.pid)
    if pid != str(program.pid):
        # What broke the process while it was loaded for the first time does not come back with it.
        broke = "FATAL" if word == "STARTING" else "STOPPED"
        word = "STARTING" if host.link(folder.name).is_symlink() else broke
    return ProgramState(word, program.pid, program.started)


def _post(host: Host, id: str, verb: str, seconds: float) -> int:
    """Ask for something; the status, 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=seconds)
    try:
        connection.request("POST", f"/v2/repository/models/{id}/{verb}")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
