"""Heal a stack whose last operation was killed, so that one further `pulumi up` puts all right.

Three things can be left behind. A broken state file gets replaced by its best whole copy. The lock of a process that
no longer runs on this host is removed; a lock of a living process or of another host never is. Operations that were
begun and not ended are settled: an update or a deletion is simply done again, and for a begun creation of a `seldon:`
resource an object to look for is put into the state. The provider finds what there is of it by its owner's mark: the
next `pulumi up` takes it over, `pulumi destroy` removes it. So is it with an object of a cluster, whose id follows from
its name. Other providers cannot do that, so their begun creations stay as they are and are named.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seldon_infra.cli.locks import StackHeld, held
from seldon_infra.cli.state import DiskAlmostFull, StateFile, find_state, keep_copy, restore
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.resources.interrupted import INTERRUPTED_ID

__all__ = ["add_arguments", "heal", "keep_copy", "require_space", "run", "use_empty_passphrase"]

TAKES_OVER = "seldon:"
CLUSTER, CHARTS = "kubernetes:", "kubernetes:helm.sh/"
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
            f"stack '{arguments.stack}' is kept on {backend.split('://')[0]}://, where `recover` cannot look. When "
            f"nobody works on it: `pulumi cancel --stack {arguments.stack}` removes its lock, `pulumi refresh "
            f"--clear-pending-creates --stack {arguments.stack}` forgets what was begun, and the next `pulumi up` "
            "takes over what a begun creation of a seldon: or kubernetes: resource made; look for those of other "
            "providers, and for Helm releases, yourself"
        )
    done = list(heal(state))
    keep_copy(state)
    print("\n".join(done) if done else f"stack '{state.stack}': nothing to heal")
    return 0


def heal(state: StateFile) -> Iterator[str]:
    """Heal a stack on a file backend; yield one line for each thing done.

    Raises:
        StateLost: the state is broken and no whole copy is left.
    """
    if not state.path.exists():
        return
    yield from _remove_dead_locks(state)
    if state.is_whole() and not state.pending() and not state.locks():
        return
    try:
        with held(state.lock_folder):
            done = _mend(state)
    except StackHeld as holder:
        done = [f"stack '{state.stack}' is {holder}; nothing else is touched"]
    yield from done


def _mend(state: StateFile) -> list[str]:
    """Repair the state of a stack that this process holds."""
    done = []
    if not state.is_whole():
        copy, broken = restore(state)
        done.append(
            f"THE STATE OF STACK '{state.stack}' WAS BROKEN. It is restored from {copy}; the broken file is {broken}"
        )
    return [*done, *_settle(state)] if state.pending() else done


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
            lock.remove()
            yield f"removed the lock of {lock}, which no longer runs"


def _settle(state: StateFile) -> list[str]:
    """Take what was begun out of the state, and put in what is to be looked for."""
    checkpoint = state.read()
    latest = checkpoint["checkpoint"]["latest"]
    pending = latest.get("pending_operations") or []
    left = [operation for operation in pending if not _can_be_dropped(operation)]
    for operation in pending:
        if operation["type"] == "creating" and operation not in left:
            _look_for(operation["resource"], latest)
    if len(left) < len(pending):
        latest["pending_operations"] = left
        state.write(checkpoint)
    return [_line(operation, operation in left, state.stack) for operation in pending]


def _look_for(begun: dict[str, Any], latest: dict[str, Any]) -> None:
    """Put into the state what stands for a begun creation, unless the state has an object of this name.

    The one that a replacement was to replace is such an object: its removal takes along what the replacement has made.
    One that has already been deleted to make room only waits for its successor, which now stands in its place.
    """
    resources = latest.setdefault("resources", [])
    needed = {begun.get("parent"), (begun.get("provider") or "").rpartition("::")[0]} - {None, ""}
    if not needed <= {it["urn"] for it in resources}:
        return
    there = [it for it in resources if it["urn"] == begun["urn"] and not it.get("delete")]
    if not all(it.get("pendingReplacement") for it in there):
        return
    latest["resources"] = [it for it in resources if it not in there] + [_interrupted(begun, resources)]


def _interrupted(begun: dict[str, Any], resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A resource of which only the provider knows whether it is there; nothing may keep the engine from asking it."""
    urns = {it["urn"] for it in resources}
    depends = begun.get("propertyDependencies") or {}
    kept = {key: value for key, value in begun.items() if key not in ("protect", "retainOnDelete", "deletedWith")}
    return kept | {
        "id": _id_of(begun),
        "outputs": {},
        "refreshBeforeUpdate": True,
        "dependencies": [urn for urn in begun.get("dependencies") or [] if urn in urns],
        "propertyDependencies": {key: [urn for urn in on or [] if urn in urns] for key, on in depends.items()},
    }


def _can_be_dropped(operation: dict[str, Any]) -> bool:
    return operation["type"] not in ("creating", "importing") or _id_of(operation["resource"]) is not None


def _id_of(begun: dict[str, Any]) -> str | None:
    """What the provider will know a begun creation by; None where only the provider could have told.

    pulumi-kubernetes composes an object's id as NAMESPACE/NAME, or NAME where it has no namespace.
    """
    if begun["type"].startswith(TAKES_OVER):
        return INTERRUPTED_ID
    if not begun["type"].startswith(CLUSTER) or begun["type"].startswith(CHARTS):
        return None
    metadata = (begun.get("inputs") or {}).get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str) or not isinstance(namespace, str | None):
        return None
    return f"{namespace}/{name}" if namespace else name


def _line(operation: dict[str, Any], left: bool, stack: str) -> str:
    what = f"{operation['resource']['urn']} was interrupted while {operation['type']}"
    if left:
        return f"{what}: look whether it exists, then run `pulumi refresh --stack {stack}` and answer its question"
    return f"{what}; the next `pulumi up --stack {stack}` does it again, and finds what is already there"


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
