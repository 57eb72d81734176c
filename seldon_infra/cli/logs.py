"""Print what a process of a local stack wrote: a model server, an orchestrator or the gateway."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from seldon_infra.cli.local_stack import LocalStack, add_stack_arguments
from seldon_infra.runtime.processes import LOG_TAIL_BYTES

POLL_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="the process, as `seldon-infra status` calls it")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as the process writes; Ctrl-C ends it")
    parser.add_argument("-n", "--lines", type=int, default=100, help="lines to start with (default: 100)")
    add_stack_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the last lines, and with ``-f`` what comes after them."""
    stack = LocalStack.of(arguments)
    record = stack.process(arguments.name)
    log = stack.processes.folder(record.id) / "log"
    if not log.exists():
        # It has not even been started.
        return 0
    file = log.open(encoding="utf-8", errors="replace")
    for line in last_lines(file, arguments.lines):
        print(line)
    sys.stdout.flush()
    if arguments.follow:
        _follow(log, file)
    return 0


def last_lines(file: TextIO, lines: int) -> list[str]:
    """The last lines of a log, however long it is; what is read next is what comes after them."""
    file.seek(max(file.seek(0, os.SEEK_END) - LOG_TAIL_BYTES, 0))
    found = file.read().splitlines()
    return found[max(len(found) - lines, 0) :]


def _follow(log: Path, file: TextIO) -> None:
    """Print what is added, across rotations, until interrupted or until the process's folder is gone."""
    while log.parent.is_dir():
        text = file.read()
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
        elif _rotated(log, file.fileno()):
            file.close()
            file = log.open(encoding="utf-8", errors="replace")
        else:
            time.sleep(POLL_SECONDS)
    file.close()


def _rotated(log: Path, descriptor: int) -> bool:
    return log.exists() and log.stat().st_ino != os.fstat(descriptor).st_ino
