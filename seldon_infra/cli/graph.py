"""Draw the predictor graphs of a stack: which way requests take, and how much of the traffic goes where."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.problems import Problems
from seldon_infra.graph.check import too_large
from seldon_infra.graph.draw import mermaid, svg
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.stack import Stack, find_project, load_stack

FORMATS = {"svg": svg, "mermaid": mermaid}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("deployment", nargs="?", metavar="DEPLOYMENT", help="the one to draw (default: all)")
    parser.add_argument("--stack", required=True, help="the stack, as in `pulumi up --stack`")
    parser.add_argument("--format", choices=FORMATS, default="svg", help="the picture's format (default: svg)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a file instead of printing")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one, or one above)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the picture, or write it to a file."""
    stack = load_stack(arguments.stack, find_project(arguments.project))
    deployments = chosen(stack, arguments.stack, arguments.deployment)
    problems = Problems([problem for deployment in deployments for problem in too_large(deployment)])
    problems.raise_if_any()
    drawn = FORMATS[arguments.format](*deployments)
    if arguments.output is None:
        sys.stdout.write(drawn)
    else:
        write(arguments.output, drawn)
    return 0


def chosen(stack: Stack, stack_name: str, deployment: str | None) -> tuple[SeldonDeployment, ...]:
    """Find the deployments to draw: the one of that name, or all."""
    found = tuple(each for each in stack.deployments if deployment in (None, each.name))
    if not found:
        there = ", ".join(f"'{each.name}'" for each in stack.deployments) or "none"
        asked = f"deployment '{deployment}' is not in stack" if deployment else "there is no deployment in stack"
        raise SeldonInfraError(f"{asked} '{stack_name}'; deployments there: {there}")
    return found


def write(file: Path, text: str) -> None:
    """Write a whole file or nothing."""
    if file.name in ("", "..") or file.is_dir():
        raise SeldonInfraError(f"'{file}' is a folder; give --output a file, such as {file / 'graph.svg'}")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise SeldonInfraError(f"{file} cannot be written: {error.strerror}; give --output a folder of yours") from None
