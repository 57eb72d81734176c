"""Runs the Pulumi CLI for a command that only looks, and hears its events as they come.

The engine gets a process group of its own: Ctrl-C is handed on once, so that it can end its plugins, and what does not
end then is killed.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from seldon_infra.cli.doctor import find
from seldon_infra.core.errors import LimitReached, PartNotFound, SeldonInfraError
from seldon_infra.drift.events import Told

ENVIRONMENT = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
"""One event a line, as they happen, instead of one document at the end."""
EXPECTED = "no changes were expected"
PROGRESS_SECONDS = 10.0
"""How often a long run says how far it is."""
LISTEN_SECONDS = 0.5
GRACE_SECONDS = 20.0
"""How long the engine may take to end its plugins when it is told to stop."""
EXPORT_SECONDS = 120.0
CHANGES_PROPOSED = 7
"""Exit status of `--expect-no-changes`. Source: sdk/go/common/util/cmdutil/exit_codes.go."""


class EngineFailed(SeldonInfraError):
    """The engine ended with an error of its own; ``status`` is its exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Engine:
    """The Pulumi CLI on one stack of a project."""

    project: Path
    stack: str
    seconds: float
    """How long one run may take."""
    progress: Callable[[str], None] = field(default=lambda line: print(line, file=sys.stderr, flush=True))

    def run(self, command: str, *options: str) -> Told:
        """Run one command to its end, and give what it told.

        Raises:
            EngineFailed: it failed; what was proposed with `--expect-no-changes` is no failure.
            LimitReached: it took too long and was ended.
            PartNotFound: there is no Pulumi CLI.
        """
        words = [_cli(), "--non-interactive", "--color", "never", command, "--stack", self.stack, "--json", *options]
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                words,
                cwd=self.project,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            try:
                heard = self._listen(process, command)
            finally:
                _end(process)
            errors.seek(0)
            return _judged(heard, _status(process.returncode), errors.read().decode("utf-8", "replace"))

    def providers(self) -> dict[str, dict[str, Any]]:
        """Give the inputs of the stack's providers by their URNs, as the state has them; secrets stay encrypted.

        Raises:
            EngineFailed: the state cannot be read.
        """
        resources = json.loads(self._read("stack", "export"))["deployment"].get("resources") or []
        kept = (it for it in resources if it["type"].startswith("pulumi:providers:"))
        return {it["urn"]: it.get("inputs") or {} for it in kept}

    def history(self, count: int) -> list[dict[str, Any]]:
        """Give the stack's last updates, newest first; secrets among their settings stay encrypted.

        Raises:
            EngineFailed: they cannot be read.
        """
        return list(json.loads(self._read("stack", "history", "--json", "--page-size", str(count))))

    def _read(self, *command: str) -> str:
        """Run a command that only reads, and give what it prints."""
        words = [_cli(), "--non-interactive", "--color", "never", *command, "--stack", self.stack]
        try:
            done = subprocess.run(
                words,
                cwd=self.project,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=EXPORT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"pulumi {' '.join(command)} was not done within {EXPORT_SECONDS:g} s", 1) from None
        if done.returncode:
            raise EngineFailed(done.stderr.strip().removeprefix("error: "), done.returncode)
        return done.stdout

    def _listen(self, process: subprocess.Popen[bytes], command: str) -> Told:
        told, start = Told(), time.monotonic()
        said = start
        assert process.stdout is not None
        for event in _events(process.stdout):
            now = time.monotonic()
            if event is not None:
                told.hear(event)
            if now - start > self.seconds:
                raise LimitReached(_too_slow(told, command, self.seconds))
            if now - said >= PROGRESS_SECONDS:
                said = now
                self.progress(progress(told, command, now - start))
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_SECONDS)
        return told


def progress(told: Told, command: str, seconds: float) -> str:
    """Say how far a run is."""
    waiting = f", waiting for {_some(told)}" if told.begun else ""
    return f"pulumi {command}: {len(told.steps)} objects after {seconds:.0f} s{waiting}"


def _too_slow(told: Told, command: str, seconds: float) -> str:
    waiting = f"; it was waiting for {_some(told)}" if told.begun else ""
    return f"pulumi {command} was not done within {seconds:g} s{waiting}; give it longer with --timeout SECONDS"


def _some(told: Told) -> str:
    names = sorted(" ".join(urn.split("::")[2:]).rpartition("$")[2] for urn in told.begun)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _cli() -> str:
    found = find("pulumi")
    if found is None:
        raise PartNotFound("the Pulumi CLI", "run `make setup`, or install it and have it on PATH")
    return found


def _events(stream: IO[bytes]) -> Iterator[dict[str, Any] | None]:
    """Give events as they come, and None now and then while none does."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=LISTEN_SECONDS)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        with suppress(ValueError):
            event = json.loads(line)
            yield event if isinstance(event, dict) else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs: first as Ctrl-C does, so that the engine ends its plugins."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_SECONDS)


def _status(code: int) -> int:
    """Give a process's exit status as a shell does: one that a signal ended has 128 and the signal's number."""
    return 128 - code if code < 0 else code


def _judged(told: Told, status: int, said: str) -> Told:
    lines = [line.removeprefix("error: ") for line in said.splitlines() if line.strip() and EXPECTED not in line]
    if status not in (0, CHANGES_PROPOSED):
        errors = told.errors or lines or [f"pulumi ended with {status}"]
        raise EngineFailed("\n".join(map(with_hint, [*told.warnings, *errors])), status)
    for line in [*told.warnings, *lines]:
        print(line, file=sys.stderr)
    return told


HINTS: Sequence[tuple[str, str]] = (
    ("forbidden", "ask for a Role with that verb and resource"),
    ("unauthorized", "the cluster does not know who asks: log in again"),
    ("must be logged in", "the cluster does not know who asks: log in again"),
    ("unreachable", "check the connection and your kubeconfig"),
    ("cannot reach", "check the connection and your kubeconfig"),
    ("connection refused", "check the connection and your kubeconfig"),
    ("no stack named", "make it with: pulumi up, or correct --stack"),
)
"""What an error's words ask of the user."""


def with_hint(error: str) -> str:
    """Add to an error what to do about it, where that is known."""
    hint = next((hint for word, hint in HINTS if word in error.lower()), None)
    return f"{error}; {hint}" if hint else error
