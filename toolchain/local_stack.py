"""Runs the Pulumi CLI for stack `local`: a file backend, no passphrase, and a state that survives what is killed.

Only what the user has not set is set: with PULUMI_BACKEND_URL or a passphrase of the user's own, those count. Before an
operation the state is healed as by `seldon-infra recover`; after one that may have changed it, a checked copy is kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from seldon_infra.cli.recover import heal, keep_copy, require_space
from seldon_infra.cli.state import StateFile, find_state
from seldon_infra.core.errors import SeldonInfraError

ROOT = Path(__file__).parent.parent
BACKEND = ROOT / ".seldon" / "backend"
STACK = "local"
READS = frozenset({"preview", "pre"})
CHANGES = frozenset({"up", "update", "refresh", "destroy", "down", "dn", "import", "watch"})
USAGE_EXIT_STATUS = 2


def main(cli: str, arguments: list[str]) -> int:
    """Run one command of the CLI; return its exit status."""
    set_defaults()
    operation = operation_of(arguments)
    if operation is None:
        os.execv(cli, [cli, *arguments])
    project = project_of(arguments)
    state = find_state(project, STACK, os.environ["PULUMI_BACKEND_URL"])
    try:
        prepare(cli, project, state, operation)
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return USAGE_EXIT_STATUS
    if operation in READS:
        os.execv(cli, [cli, *arguments])
    status = run([cli, *arguments])
    if state:
        keep_copy(state)
    return status


def set_defaults() -> None:
    """Set the backend and the passphrase where the user has set none."""
    os.environ.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    if "PULUMI_BACKEND_URL" not in os.environ:
        BACKEND.mkdir(parents=True, exist_ok=True)
        BACKEND.parent.chmod(0o700)
        os.environ["PULUMI_BACKEND_URL"] = f"file://{BACKEND}"
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in os.environ:
        os.environ.setdefault("PULUMI_CONFIG_PASSPHRASE", "")


def operation_of(arguments: list[str]) -> str | None:
    """Return which operation on the stack this is, None for a command that needs no preparation."""
    if {"-h", "--help"} & set(arguments):
        return None
    return next((word for word in arguments if word in READS | CHANGES), None)


def project_of(arguments: list[str]) -> Path:
    """Return the folder of the project that a command is about: the nearest with a Pulumi.yaml, else this checkout."""
    named = [after for word, after in pairwise(arguments) if word in ("-C", "--cwd")]
    named += [word.partition("=")[2] for word in arguments if word.startswith("--cwd=")]
    start = Path(named[-1] if named else ".").resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), ROOT)


def prepare(cli: str, project: Path, state: StateFile | None, operation: str) -> None:
    """Make the stack where it is not there yet, heal it where it is, and look for space before a change."""
    if state is None:
        return
    if not state.path.exists():
        made = [cli, "--non-interactive", "stack", "init", STACK, "--no-select", "--cwd", str(project)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, timeout=60)
    for line in heal(state):
        print(f"recover: {line}", file=sys.stderr)
    if operation in CHANGES:
        require_space(state)


def run(command: list[str]) -> int:
    """Run the CLI in the foreground; Ctrl-C reaches it from the terminal, so here it only must not end the wait."""
    with subprocess.Popen(command) as process:
        signal.signal(signal.SIGINT, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _: process.send_signal(received))
        return _status(process.wait())


def _status(code: int) -> int:
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
