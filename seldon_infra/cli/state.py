"""The state file of a stack on a file backend: whether it is whole, and its checked copies.

The engine writes the file together with a file of attributes that holds its MD5 sum. A full disk leaves both the file
and its `.bak` truncated, a killed engine leaves its lock: neither does the engine repair by itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from seldon_infra.cli.files import packed_for, plain, write_safely
from seldon_infra.cli.locks import Lock, locks_in
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.settings_file import read_settings

KEPT_COPIES = 3
_UNREADABLE = ".zst"


class StateLost(SeldonInfraError):
    """The state file is broken and no whole copy of it is left."""


class DiskAlmostFull(SeldonInfraError):
    """There is too little space left to write the state safely."""


@dataclass(frozen=True)
class StateFile:
    """Where one stack's state lies on a file backend."""

    backend: Path
    project: str
    stack: str

    @property
    def path(self) -> Path:
        """The checkpoint that the engine reads and writes: the newest where compression has changed."""
        plain_file = self.backend / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"
        files = [plain_file, *(plain_file.with_name(plain_file.name + suffix) for suffix in (".gz", _UNREADABLE))]
        newest = max((file for file in files if file.is_file()), key=_changed, default=plain_file)
        if newest.suffix == _UNREADABLE:
            raise SeldonInfraError(
                f"{newest} is compressed with zstd, which `recover` cannot read: unset PULUMI_DIY_BACKEND_ZSTD "
                f"and run `pulumi stack export --stack {self.stack} | pulumi stack import --stack {self.stack}`"
            )
        return newest

    @property
    def copies(self) -> Path:
        """The folder of our own copies; each is named by its time and its SHA-256 sum."""
        return self.backend / ".pulumi" / "copies" / self.project / self.stack

    @property
    def engine_copies(self) -> Iterator[Path]:
        """The copies that the engine makes: the one before the last write, and one per operation."""
        yield self.path.with_name(self.path.name + ".bak")
        yield from (self.backend / ".pulumi" / "backups" / self.project / self.stack).glob("*.json*")

    @property
    def lock_folder(self) -> Path:
        """Where the engine keeps the stack's locks."""
        return self.backend / ".pulumi" / "locks" / "organization" / self.project / self.stack

    def locks(self) -> list[Lock]:
        """Return who holds the stack now."""
        return locks_in(self.lock_folder)

    def is_whole(self) -> bool:
        """Whether the state file is there and is what the engine wrote."""
        return is_whole(self.path)

    def read(self) -> dict[str, Any]:
        """Return the checkpoint."""
        return dict(json.loads(plain(self.path.read_bytes())))

    def write(self, checkpoint: dict[str, Any]) -> None:
        """Replace the checkpoint in the engine's own order: the old one aside, the new one's sum, the new one."""
        path = self.path
        content = packed_for(path, json.dumps(checkpoint, indent=4).encode())
        write_safely(path.with_name(path.name + ".bak"), path.read_bytes())
        write_safely(path.with_name(path.name + ".attrs"), _attributes(content))
        write_safely(path, content)

    def pending(self) -> list[dict[str, Any]]:
        """Return the operations that the engine began and did not end, as it wrote them down."""
        latest = self.read()["checkpoint"].get("latest") or {}
        return list(latest.get("pending_operations") or [])


def find_state(project_folder: Path, stack: str, backend_url: str) -> StateFile | None:
    """Return where a stack's state lies; None on a backend that is no folder of this machine.

    >>> find_state(Path("."), "prod", "s3://states")
    """
    address = urlsplit(backend_url)
    if address.scheme != "file":
        return None
    folder = Path(unquote(address.netloc + address.path)).expanduser()
    return StateFile(project_folder / folder, project_name(project_folder), stack.rsplit("/", 1)[-1])


def project_name(folder: Path) -> str:
    """Read the project's name from Pulumi.yaml."""
    file = folder / "Pulumi.yaml"
    if not file.is_file():
        raise SeldonInfraError(f"{folder}: there is no Pulumi.yaml; run this in the project's folder")
    name = read_settings(file).get("name")
    if not isinstance(name, str) or not name:
        raise SeldonInfraError(f"{file}: name is {name!r}, must be the project's name; write `name: my-models`")
    return name


def is_whole(file: Path) -> bool:
    """Whether a checkpoint can be read and, as far as the engine noted its sum, has not changed since."""
    try:
        content = file.read_bytes()
        parsed = json.loads(plain(content))
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    if not isinstance(parsed, dict) or not isinstance(parsed.get("checkpoint"), dict):
        return False
    return _sum_agrees(file, content)


def _sum_agrees(file: Path, content: bytes) -> bool:
    """Compare with the sum in the attributes, which the engine writes just before it moves the new file into place.

    An engine killed between the two leaves the new sum beside the old file, which then equals the `.bak`.
    """
    noted = _noted_sum(file)
    if noted is None or noted == md5(content):
        return True
    backup = file.with_name(file.name + ".bak")
    return backup.is_file() and backup.read_bytes() == content


def _noted_sum(file: Path) -> str | None:
    try:
        noted = json.loads(file.with_name(file.name + ".attrs").read_bytes()).get("md5")
    except (OSError, ValueError, AttributeError):
        return None
    return noted if isinstance(noted, str) else None


def md5(content: bytes) -> str:
    """Return the sum as the engine notes it.

    >>> md5(b"")
    '1B2M2Y8AsgTpgAmY7PhCfg=='
    """
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _attributes(content: bytes) -> bytes:
    """The file of attributes that the engine keeps beside a state."""
    return json.dumps({"md5": md5(content)}).encode()


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns


def keep_copy(state: StateFile) -> Path | None:
    """Keep a copy of a whole state on disk, safe from a crash; return it, or None where there was nothing new."""
    if not state.is_whole():
        return None
    content = state.path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    kept = own_copies(state)
    if kept and kept[-1].stem.endswith(digest):
        return None
    state.copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = state.copies / f"{time.time_ns():020d}-{digest}.json"
    write_safely(copy, content)
    for old in kept[: -(KEPT_COPIES - 1)]:
        old.unlink(missing_ok=True)
    return copy


def own_copies(state: StateFile) -> list[Path]:
    """Return our own copies that are whole, oldest first."""
    return [file for file in sorted(state.copies.glob("*-*.json")) if _is_whole_copy(file)]


def _is_whole_copy(file: Path) -> bool:
    return file.stem.rpartition("-")[2] == hashlib.sha256(file.read_bytes()).hexdigest()


def restore(state: StateFile) -> tuple[Path, Path]:
    """Put the best whole copy in place of a broken state; return that copy and where the broken file went.

    The best copy is the one whose sum the engine noted for the broken file, else the newest.

    Raises:
        StateLost: there is no whole copy.
    """
    candidates = [*(copy for copy in state.engine_copies if is_whole(copy)), *own_copies(state)]
    if not candidates:
        raise StateLost(
            f"the state of stack '{state.stack}' in {state.path} is broken, and there is no copy of it: "
            f"restore the file from a backup of yours, or remove it and run `pulumi up --stack {state.stack}`, "
            "which takes over what still runs"
        )
    noted = _noted_sum(state.path)
    best = max(candidates, key=lambda copy: (md5(copy.read_bytes()) == noted, copy.stat().st_mtime_ns))
    state.copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    broken = state.copies / f"broken.{time.time_ns()}"
    shutil.copyfile(state.path, broken)
    path = state.path
    content = packed_for(path, best.read_bytes())
    write_safely(path.with_name(path.name + ".attrs"), _attributes(content))
    write_safely(path, content)
    return best, broken
