"""`seldon-infra`: finds the sub-command's module, hands it its arguments, and turns its errors into one message.

A sub-command is a module of this package with `add_arguments(parser)` and `run(arguments) -> int`; the first paragraph
of its docstring is its help. Only the module of the command that is asked for is imported.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seldon_infra.core.errors import SeldonInfraError

COMMANDS = (
    "bench-model",
    "console",
    "containerfile",
    "dashboards",
    "digest",
    "doctor",
    "drift",
    "eks-token",
    "experiment",
    "explain",
    "explainer",
    "feedback",
    "graph",
    "import",
    "logs",
    "payload-image",
    "payloads",
    "plan",
    "predict",
    "recover",
    "render",
    "servers",
    "status",
    "verify",
)
"""Every sub-command; tests hold this against the modules that are there."""

USER_ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = next((word for word in words if word in COMMANDS), None)
    parsed = _parser(asked).parse_args(words)
    try:
        return int(_module(parsed.command).run(parsed))
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough of it. Python flushes again at exit, which must find an open file.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _parser(asked: str | None) -> argparse.ArgumentParser:
    """Build the parser: all commands with their help, and the arguments of the one that is asked for."""
    parser = argparse.ArgumentParser(prog="seldon-infra", description="Look after what seldon_infra declares.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        summary = help_of(name) if asked in (None, name) else None
        child = commands.add_parser(name, help=summary, description=summary)
        if name == asked:
            _module(name).add_arguments(child)
    return parser


def _module(command: str) -> Any:
    return importlib.import_module(f"seldon_infra.cli.{_file(command)}")


def _file(command: str) -> str:
    return command.replace("-", "_")


def help_of(command: str) -> str:
    """Return the first paragraph of a command's docstring, without importing the command."""
    source = Path(__file__).with_name(f"{_file(command)}.py")
    if not source.exists():
        return "(not there yet)"
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
