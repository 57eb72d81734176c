"""Show what somebody changed by hand: per field what was applied, what is there, and who set it last.

The exit status is Pulumi's: 0 where nothing drifted, 7 where something did, else the engine's own. What an operator or
an autoscaler changes as its work is no drift, and neither is what is declared and not applied yet.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from seldon_infra.cli.aws_facts import ask_trail
from seldon_infra.cli.cluster_facts import ask
from seldon_infra.cli.engine import CHANGES_PROPOSED, Engine, EngineFailed
from seldon_infra.core.errors import LimitReached
from seldon_infra.drift.collect import collect
from seldon_infra.drift.events import Step
from seldon_infra.drift.report import FORMATS
from seldon_infra.stack import find_project

MOST_SECONDS = 1800.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_engine_arguments(parser)
    parser.add_argument(
        "--skip-preview",
        action="store_true",
        help="leave out what is declared and not applied: then neither program nor language host is needed",
    )


def add_engine_arguments(parser: argparse.ArgumentParser, *more_formats: str) -> None:
    """Declare which stack of which project the engine looks at, and how the answer is printed."""
    formats = [*FORMATS, *more_formats]
    parser.add_argument("--stack", required=True, help="the stack, as in `pulumi up --stack`")
    parser.add_argument("--format", choices=formats, default="table", help="how it is printed (default: table)")
    parser.add_argument(
        "--timeout", type=float, default=MOST_SECONDS, metavar="SECONDS", help="for each run of the engine"
    )
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one, or one above)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 7 where something drifted."""
    engine = Engine(find_project(arguments.project), arguments.stack, arguments.timeout)
    try:
        refreshed = engine.run("refresh", "--preview-only", "--expect-no-changes")
    except EngineFailed as failed:
        print(failed, file=sys.stderr)
        return failed.status
    steps = list(refreshed.steps.values())
    asked = ask(engine, steps)
    ask_trail(asked, steps)
    previewed = [] if arguments.skip_preview else _previewed(engine, asked.notes)
    drift = collect(engine.stack, steps, previewed, asked.facts, asked.notes)
    for note in asked.notes:
        print(f"note: {note}", file=sys.stderr)
    sys.stdout.write(FORMATS[arguments.format](drift))
    return CHANGES_PROPOSED if drift.objects else 0


def _previewed(engine: Engine, notes: list[str]) -> Sequence[Step]:
    """Preview the program; drift is told even where there is no program that runs."""
    try:
        told = engine.run("preview")
    except (EngineFailed, LimitReached) as failed:
        notes.append(f"what is declared and not applied is not known, for the preview failed: {failed}")
        return ()
    return list(told.steps.values())
