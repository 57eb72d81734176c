"""Runs the Pulumi CLI for stack `local`: a file backend, no passphrase, and a state that survives what is killed.

With a PULUMI_BACKEND_URL of the user's own, that backend counts and the user's passphrase with it. Before an operation
the state is healed as by `seldon-infra recover`; after one that may have changed it, a checked copy is kept. A command
that is about another stack goes to the CLI as it is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from seldon_infra.cli.recover import heal, keep_copy, require_space, use_empty_passphrase
from seldon_infra.cli.state import StateFile, find_state
from seldon_infra.core.errors import SeldonInfraError
from toolchain.command_line import CommandLine, parse
from toolchain.own_backend import own_settings

ROOT = Path(__file__).parent.parent
BACKEND = ROOT / ".seldon" / "backend"
STACK = "local"
READS = frozenset({"preview", "pre"})
CHANGES = frozenset({"up", "update", "refresh", "destroy", "down", "dn", "import", "watch"})
READ_SETTINGS = READS | CHANGES | {"config", "logs"}
"""Commands that have the option `--config-file`."""
INIT_TIMEOUT_SECONDS = 60
USAGE_EXIT_STATUS = 2


def main(cli: str, arguments: list[str]) -> int:
    """Run one command of the CLI; return its exit status."""
    line = parse(arguments)
    stack = line.stack or os.environ.get("PULUMI_STACK", "")
    if stack.rpartition("/")[2] != STACK or {"h", "help"} & set(line.options):
        os.execv(cli, [cli, *arguments])
    try:
        return _run_for_local(cli, line, arguments)
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return USAGE_EXIT_STATUS


def _run_for_local(cli: str, line: CommandLine, arguments: list[str]) -> int:
    project = project_of(line)
    settings = set_backend(project)
    command = [cli, *arguments, *_options(line, settings)]
    if line.command not in READS | CHANGES:
        os.execv(cli, command)
    state = find_state(project, STACK, os.environ["PULUMI_BACKEND_URL"])
    if state:
        _prepare(cli, settings.parent if settings else project, state, line.command)
    if line.command in READS:
        os.execv(cli, command)
    status = run(command)
    if state:
        keep_copy(state)
    return status


def set_backend(project: Path) -> Path | None:
    """Choose backend and passphrase; return the file of settings that goes with them if it is not the project's own."""
    os.environ.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    if os.environ.get("PULUMI_BACKEND_URL"):
        if "PULUMI_CONFIG_PASSPHRASE_FILE" not in os.environ:
            os.environ.setdefault("PULUMI_CONFIG_PASSPHRASE", "")
        return own_settings(project)
    BACKEND.mkdir(parents=True, exist_ok=True)
    BACKEND.parent.chmod(0o700)
    os.environ["PULUMI_BACKEND_URL"] = f"file://{BACKEND}"
    use_empty_passphrase()
    return None


def _options(line: CommandLine, settings: Path | None) -> list[str]:
    """Return what has to be added to a command for other settings than the project's own."""
    if settings and line.is_stack_init:
        return ["--cwd", str(settings.parent)]
    if settings and line.command in READ_SETTINGS and "config-file" not in line.options:
        return ["--config-file", str(settings)]
    return []


def project_of(line: CommandLine) -> Path:
    """Return the folder of the project that a command is about: the nearest with a Pulumi.yaml, else this checkout."""
    start = Path(line.options.get("cwd", ".")).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), ROOT)


def _prepare(cli: str, project: Path, state: StateFile, operation: str) -> None:
    """Make the stack where it is not there yet, heal it where it is, and look for space before a change."""
    if not state.path.exists():
        _init(cli, project)
    for line in heal(state):
        print(f"recover: {line}", file=sys.stderr)
    if operation in CHANGES:
        require_space(state)


def _init(cli: str, project: Path) -> None:
    command = [cli, "--non-interactive", "stack", "init", STACK, "--no-select", "--cwd", str(project)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INIT_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise SeldonInfraError(
            f"stack '{STACK}' was not made on {os.environ['PULUMI_BACKEND_URL']} in {INIT_TIMEOUT_SECONDS} s; "
            "look whether that folder answers and run it again"
        ) from None
    if done.returncode:
        said = done.stderr.strip().removeprefix("error: ")
        raise SeldonInfraError(f"stack '{STACK}' cannot be made on {os.environ['PULUMI_BACKEND_URL']}: {said}")


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
