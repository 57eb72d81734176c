"""Heal a stack whose last operation was killed, so that one further `pulumi up` puts all right.

Three things can be left behind. A broken state file gets replaced by its best whole copy. The lock of a process that
no longer runs on this host is removed; a lock of a living process or of another host never is. Operations that were
begun and not ended are taken out of the state: an update or a deletion is then simply done again, and the `seldon:`
provider finds what a creation has already made by its owner's mark and takes it over. Other providers cannot do that,
so their begun creations stay in the state and are named.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seldon_infra.cli.state import DiskAlmostFull, StateFile, find_state, keep_copy, restore
from seldon_infra.core.errors import SeldonInfraError

__all__ = ["add_arguments", "heal", "keep_copy", "require_space", "run", "use_empty_passphrase"]

TAKES_OVER = "seldon:"
COMMAND_TIMEOUT_SECONDS = 60
MIN_FREE_BYTES = 64 * 1024**2
WRITES_PER_OPERATION = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--stack", required=True, help="the stack to heal")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Heal the stack and say what was done."""
    project: Path = arguments.project.resolve()
    backend = os.environ.get("PULUMI_BACKEND_URL") or _default_backend(project, arguments.stack)
    state = find_state(project, arguments.stack, backend)
    if state is None:
        raise SeldonInfraError(
            f"stack '{arguments.stack}' is kept on {backend.split('://')[0]}://, which heals itself: "
            f"`pulumi cancel` removes its lock, `pulumi refresh --stack {arguments.stack}` settles what was begun"
        )
    done = list(heal(state, _cli()))
    keep_copy(state)
    print("\n".join(done) if done else f"stack '{state.stack}': nothing to heal")
    return 0


def heal(state: StateFile, cli: str) -> Iterator[str]:
    """Heal a stack on a file backend; yield one line for each thing done.

    Raises:
        StateLost: the state is broken and no whole copy is left.
    """
    if not state.path.exists():
        return
    yield from _remove_dead_locks(state)
    if held := state.locks():
        yield f"stack '{state.stack}' is held by {held[0]}; nothing else is touched"
        return
    if not state.is_whole():
        copy, broken = restore(state)
        yield f"THE STATE OF STACK '{state.stack}' WAS BROKEN. It is restored from {copy}; the broken file is {broken}"
    if state.pending():
        yield from _settle(state, cli)


def require_space(state: StateFile, least: int = MIN_FREE_BYTES) -> None:
    """Refuse an operation that may not be able to save its state.

    Raises:
        DiskAlmostFull: less is free than `least`, or than the operation may write.
    """
    size = state.path.stat().st_size if state.path.exists() else 0
    needed = max(least, size * WRITES_PER_OPERATION)
    free = shutil.disk_usage(state.backend).free
    if free < needed:
        raise DiskAlmostFull(
            f"{state.backend}: {free / 1e6:.1f} MB are free, the state of stack '{state.stack}' needs "
            f"{needed / 1e6:.0f} MB to be saved safely; free some space and run it again. Nothing has been changed."
        )


def _remove_dead_locks(state: StateFile) -> Iterator[str]:
    for lock in state.locks():
        if lock.is_dead:
            lock.path.unlink(missing_ok=True)
            lock.path.with_name(lock.path.name + ".attrs").unlink(missing_ok=True)
            yield f"removed the lock of {lock}, which no longer runs"


def _settle(state: StateFile, cli: str) -> Iterator[str]:
    """Take what was begun out of the state, through the engine's own export and import."""
    exported = json.loads(_pulumi(state, cli, "export"))
    pending = exported["deployment"].get("pending_operations") or []
    left = [operation for operation in pending if not _can_be_dropped(operation)]
    for operation in pending:
        yield _line(operation, operation in left, state.stack)
    if len(left) < len(pending):
        exported["deployment"]["pending_operations"] = left
        _pulumi(state, cli, "import", json.dumps(exported))


def _can_be_dropped(operation: dict[str, Any]) -> bool:
    return operation["type"] not in ("creating", "importing") or operation["resource"]["type"].startswith(TAKES_OVER)


def _line(operation: dict[str, Any], left: bool, stack: str) -> str:
    what = f"{operation['resource']['urn']} was interrupted while {operation['type']}"
    if left:
        return f"{what}: look whether it exists, then run `pulumi refresh --stack {stack}` and answer its question"
    return f"{what}; the next `pulumi up --stack {stack}` does it again"


def _pulumi(state: StateFile, cli: str, command: str, given: str | None = None) -> str:
    """Run `pulumi stack export` or `import` on this very state."""
    environment = os.environ | {
        "PULUMI_BACKEND_URL": f"file://{state.backend}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    arguments = ["--non-interactive", "stack", command, "--stack", f"organization/{state.project}/{state.stack}"]
    try:
        done = subprocess.run(
            [cli, *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise SeldonInfraError(
            f"`pulumi stack {command}` gave no answer in {COMMAND_TIMEOUT_SECONDS} s while healing stack "
            f"'{state.stack}' in {state.backend}; run it again"
        ) from None
    if done.returncode:
        raise SeldonInfraError(
            f"`pulumi stack {command}` failed while healing stack '{state.stack}': {done.stderr.strip()}"
        )
    return done.stdout


def _cli() -> str:
    """Return the Pulumi CLI: the one that set-up placed beside this interpreter, else the one on PATH."""
    placed = Path(sys.executable).parent.parent / "pulumi" / "pulumi"
    found = str(placed) if placed.exists() else shutil.which("pulumi")
    if not found:
        raise SeldonInfraError("there is no `pulumi` on PATH: run `make setup`, or install the Pulumi CLI")
    return found


def _default_backend(project: Path, stack: str) -> str:
    """Return the backend that the project's own `pulumi` takes for stack `local`."""
    if stack != "local":
        raise SeldonInfraError(f"PULUMI_BACKEND_URL is not set: set it to the file:// backend of stack '{stack}'")
    use_empty_passphrase()
    folders = [folder / ".seldon" / "backend" for folder in (project, *project.parents)]
    # A project inside the checkout, such as an example, shares the checkout's backend.
    return f"file://{next((folder for folder in folders if folder.is_dir()), folders[0])}"


def use_empty_passphrase() -> None:
    """Leave a passphrase that the user has set for other stacks unused: this one's salt goes with the empty one."""
    os.environ["PULUMI_CONFIG_PASSPHRASE"] = ""
    os.environ.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
