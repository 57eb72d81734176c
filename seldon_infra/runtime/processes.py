"""One supervised process: its folder, its ports, its files, and its life from start to drained stop.

A change makes a new process beside the old, but for files that a running one takes over (``reload``). Its folder holds
``record.json`` (who it belongs to and what it was made from), ``run`` (what the supervisor starts), its files and its
log.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from seldon_infra.core import atomic
from seldon_infra.runtime import hosted, leftovers, ports
from seldon_infra.runtime.records import known_fields
from seldon_infra.runtime.stack_dir import StackDir, make_private
from seldon_infra.runtime.supervisor import ABSENT, ProgramState, Supervisor, script

LOG_TAIL_LINES = 20
LOG_TAIL_BYTES = 64 * 1024
RECORD = "record.json"
RELOAD = "reload"
SETTLED = "settled"
LOST_SECONDS = 30.0
"""How long a process may take to end whose own grace nobody knows any more."""


@dataclass(frozen=True)
class Liveness:
    """How one can tell that a process hangs; see ``watch.py``."""

    port: str
    """Name of the port that is asked."""
    path: str
    """HTTP path that is answered, whatever the status."""
    silent_seconds: float = 60.0
    """How long a process that does nothing may be silent; then it is ended and started again."""
    start_seconds: float = 120.0
    """How long it may take until it answers at all."""


@dataclass(frozen=True)
class ProcessSpec:
    """What a process is made from. ``{port.NAME}`` and ``{dir}`` are filled in in command, environment and files."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the process's folder → text."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Path in the process's folder → absolute path that it leads to."""
    ports: Sequence[str] = ()
    first_port: int | None = None
    """Take the first free ports from here upwards; None takes any."""
    last_port: int | None = None
    """And none above this one."""
    grace_seconds: float = 30.0
    host: str = ""
    """Id of the process that serves it together with others; empty where it is a program of its own."""
    live: Liveness | None = None
    """How one can tell that it hangs; None lets it."""
    reload: Sequence[str] | None = None
    """Command that takes changed files and links over while it runs; None where nothing does."""


@dataclass(frozen=True)
class Record:
    """What a process's folder says of it."""

    id: str
    owner: str
    token: str
    spec: ProcessSpec
    ports: Mapping[str, int]


def process_id(name: str, token: str) -> str:
    """Name one process of a declaration: a replacement has another token, so it lives beside what it replaces."""
    return f"{name}-{token[:8]}"


@dataclass(frozen=True)
class Processes:
    """The processes of one stack."""

    stack: StackDir

    def start(
        self,
        spec: ProcessSpec,
        owner: str,
        token: str,
        prepare: Callable[[Mapping[str, int]], None] | None = None,
    ) -> Record:
        """Start a process, or finish what a killed run began; it is not yet ready then.

        Args:
            spec: what it is made from.
            owner: the declaration that it belongs to.
            token: tells this object from those that the declaration made before.
            prepare: called with the ports by name, before the start.
        """
        id = process_id(spec.name, token)
        folder = self.folder(id)
        with self.stack.locked():
            self._remove_lost(but=id)
            make_private(folder)
            # The record comes first: from here on a later run can find, finish or remove the process.
            self._write_record(Record(id, owner, token, spec, {}))
            given = ports.allocate(folder, spec.ports, spec.first_port, spec.last_port) if spec.ports else {}
            record = Record(id, owner, token, spec, given)
            self._write_record(record)
            self._write_files(record)
            if prepare:
                prepare(given)
            if spec.host:
                hosted.load(self._host(spec), id)
            else:
                Supervisor(self.stack).add(id, spec.grace_seconds)
        return record

    def take_over(self, record: Record, spec: ProcessSpec, seconds: float) -> str | None:
        """Let a running process take over what differs in its files and links; give its reason where it does not.

        Its files are then what they were before.
        """
        self._rewrite(record, spec)
        failure = _run(self.folder(record.id), seconds)
        if failure is not None:
            self._rewrite(replace(record, spec=spec), record.spec)
        return failure

    def _rewrite(self, record: Record, spec: ProcessSpec) -> None:
        with self.stack.locked():
            for path in (record.spec.files.keys() | record.spec.links.keys()) - spec.files.keys() - spec.links.keys():
                (self.folder(record.id) / path).unlink(missing_ok=True)
                with suppress(OSError):  # other files may be there
                    (self.folder(record.id) / path).parent.rmdir()
            changed = replace(record, spec=spec)
            self._write_record(changed)
            self._write_files(changed)

    def restart(self, id: str) -> None:
        """Start a process that somebody stopped."""
        record = self.record(id)
        if record:
            self.start(record.spec, record.owner, record.token)

    def stop(self, id: str) -> None:
        """Stop a process, and keep everything of it."""
        record = self.record(id)
        if record and record.spec.host:
            hosted.unload(self._host(record.spec), id, record.spec.grace_seconds)
        elif record:
            Supervisor(self.stack).stop(id, record.spec.grace_seconds)

    def remove(self, id: str) -> None:
        """Stop a process and take everything of it away, with the stack's folder if it was the last."""
        if not self.stack.root.exists():
            return
        if self.record(id):
            self.stop(id)
        else:
            Supervisor(self.stack).stop(id, 1.0)
        leftovers.end_process(self.folder(id))
        with self.stack.locked():
            self._forget(id)
            self._remove_lost(but=id)
            self._remove_empty_stack()

    def all(self) -> Iterator[Record]:
        """Every process that the stack has, by id."""
        for file in sorted(self.stack.processes.glob(f"*/{RECORD}")):
            record = self.record(file.parent.name)
            if record:
                yield record

    def owned(self, owner: str) -> Iterator[Record]:
        """Every process of one declaration, by id."""
        for file in sorted(self.stack.processes.glob(f"*/{RECORD}")):
            text = _written(file)  # Most belong to others, and a search tells that sooner than a parser.
            record = _parsed(text) if owner in text else None
            if record and record.owner == owner:
                yield record

    def record(self, id: str) -> Record | None:
        """What is known of a process, None if it is not there or nobody can tell any more."""
        return _parsed(_written(self.folder(id) / RECORD))

    def settle(self, id: str, owner: str) -> None:
        """Note that the stack's state has the process, and for which declaration."""
        atomic.write(self.folder(id) / SETTLED, owner)

    def settled(self, id: str) -> str:
        """The declaration that was noted, empty where none was."""
        return _text(self.folder(id) / SETTLED)

    def state(self, id: str) -> ProgramState:
        """How the supervisor sees a process, or the one that serves it."""
        record = self.record(id)
        if record is None:
            return Supervisor(self.stack).state(id)
        return self._state(record, Supervisor(self.stack).state(record.spec.host or id))

    def states(self, records: Iterable[Record]) -> dict[str, ProgramState]:
        """How the supervisor sees processes, by their ids; it is asked once for all."""
        programs = Supervisor(self.stack).states()
        return {
            record.id: self._state(record, programs.get(record.spec.host or record.id, ABSENT)) for record in records
        }

    def _state(self, record: Record, program: ProgramState) -> ProgramState:
        if not record.spec.host:
            return program
        return hosted.state(self._host(record.spec), self.folder(record.id), program)

    def program(self, record: Record) -> Path:
        """The folder of the program that a process is or that serves it."""
        return self.folder(record.spec.host or record.id)

    def edited_files(self, record: Record) -> dict[str, str]:
        """Files whose text somebody changed: path → what is there now, empty where the file is gone."""
        folder, wanted = self.folder(record.id), _rendered_files(record, self.folder(record.id))
        there = {path: _text(folder / path) for path in wanted}
        return {path: text for path, text in there.items() if text != wanted[path]}

    def log_tail(self, id: str, lines: int = LOG_TAIL_LINES) -> list[str]:
        """The last lines that a process wrote."""
        return tail(self.folder(id) / "log", lines)

    def folder(self, id: str) -> Path:
        """The folder of a process."""
        return self.stack.processes / id

    def _host(self, spec: ProcessSpec) -> hosted.Host:
        record = self.record(spec.host)
        return hosted.Host(self.folder(spec.host), record.ports.get("http", 0) if record else 0)

    def _write_record(self, record: Record) -> None:
        atomic.write(self.folder(record.id) / RECORD, json.dumps(asdict(record), indent=1))

    def _write_files(self, record: Record) -> None:
        folder = self.folder(record.id)
        for path, text in _rendered_files(record, folder).items():
            make_private((folder / path).parent)
            atomic.write(folder / path, text)
        for path, target in record.spec.links.items():
            make_private((folder / path).parent)
            (folder / path).unlink(missing_ok=True)
            os.symlink(target, folder / path)

    def _forget(self, id: str) -> None:
        """Take everything away of a process that has been stopped."""
        leftovers.end_process(self.folder(id))
        Supervisor(self.stack).forget(id)
        ports.release(self.folder(id))
        shutil.rmtree(self.folder(id), ignore_errors=True)

    def _remove_lost(self, but: str) -> None:
        """Take processes away whose record is broken or gone: nobody could find them to stop them."""
        folders = self.stack.processes.iterdir() if self.stack.processes.exists() else ()
        for lost in [folder.name for folder in folders if folder.name != but and not self.record(folder.name)]:
            for link in self.stack.processes.glob(f"*/{hosted.LINKS}/{lost}"):
                hosted.unload(self._host(ProcessSpec(lost, [], host=link.parent.parent.name)), lost, LOST_SECONDS)
            Supervisor(self.stack).stop(lost, LOST_SECONDS)
            self._forget(lost)

    def _remove_empty_stack(self) -> None:
        if self.stack.processes.exists() and not any(self.stack.processes.iterdir()):
            self.stack.processes.rmdir()
        remove_if_empty(self.stack)


def _run(folder: Path, seconds: float) -> str | None:
    """Run the script that takes files over; give its last words where it fails."""
    try:
        done = subprocess.run(
            ["/bin/sh", RELOAD], cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"it did not take over its files within {round(seconds, 1):g} s"
    return None if done.returncode == 0 else "\n".join((done.stderr or done.stdout).splitlines()[-LOG_TAIL_LINES:])


def _written(record: Path) -> str:
    try:
        return record.read_text(encoding="utf-8")
    except (FileNotFoundError, ValueError):
        return ""


def _parsed(text: str) -> Record | None:
    try:
        raw = json.loads(text)
        spec = known_fields(ProcessSpec, raw["spec"])
        live = Liveness(**known_fields(Liveness, spec["live"])) if spec.get("live") else None
        return Record(**{**known_fields(Record, raw), "spec": ProcessSpec(**{**spec, "live": live})})
    except (KeyError, TypeError, ValueError):
        return None


def tail(log: Path, lines: int = LOG_TAIL_LINES) -> list[str]:
    """The last lines of a log, however long it is; none where it is not there."""
    try:
        with open(log, "rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - LOG_TAIL_BYTES, 0))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def remove_if_empty(stack: StackDir) -> None:
    """Remove the folder of a stack that has neither process nor model nor route; call it with the stack locked."""
    kept = (stack.processes, stack.models, stack.gateway / "routes.d")
    if not any(folder.exists() and any(folder.iterdir()) for folder in kept):
        stack.remove()


def _rendered_files(record: Record, folder: Path) -> dict[str, str]:
    places = {"{dir}": str(folder)} | {f"{{port.{name}}}": str(port) for name, port in record.ports.items()}
    spec = record.spec
    command = [_fill(word, places) for word in spec.command]
    own = {leftovers.PROCESS_MARK: str(folder), "HOME": str(folder)}
    environment = own | {name: _fill(value, places) for name, value in spec.environment.items()}
    files = {path: _fill(text, places) for path, text in spec.files.items()}
    if spec.host:
        return {**files, hosted.SETTINGS: json.dumps(environment, indent=1)}
    if spec.reload:
        files[RELOAD] = script([_fill(word, places) for word in spec.reload], environment)
    return {**files, "run": script(command, environment)}


def _fill(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
