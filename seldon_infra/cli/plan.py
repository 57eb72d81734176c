"""Say what the next `pulumi up` does to traffic: shares, model versions, shadows, sticky users, restarts, replacements.

It compares what is there, read anew by the engine, with what is declared; nothing is changed.
"""

from __future__ import annotations

import argparse
import sys

from seldon_infra.cli.drift import add_engine_arguments
from seldon_infra.cli.engine import Engine, EngineFailed
from seldon_infra.plan.collect import collect
from seldon_infra.plan.report import FORMATS
from seldon_infra.stack import find_project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_engine_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; where the preview fails, its error with the engine's own exit status."""
    engine = Engine(find_project(arguments.project), arguments.stack, arguments.timeout)
    try:
        previewed = engine.run("preview", "--refresh")
    except EngineFailed as failed:
        print(failed, file=sys.stderr)
        return failed.status
    sys.stdout.write(FORMATS[arguments.format](collect(engine.stack, previewed.steps.values())))
    return 0
