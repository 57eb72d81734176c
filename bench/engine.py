"""What the project's stack costs the engine: preview and no-op `up`, against an empty Python stack in the same run.

In between stands a stack of as many resources whose plugin does nothing: what the engine, the SDK and a plugin in
Python take by themselves.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from bench.projects import Project, applied_checkout, empty_project, nothing_project
from bench.table import Figure, in_turns

ROUNDS = 5
AIM = "aim: at most 1.5 times"


def figures() -> list[Figure]:
    """Measure preview and no-op `up` of the three stacks in turns."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = empty_project(Path(folder)), nothing_project(Path(folder)), applied_checkout()
        return [*_compare("preview", *stacks), *_compare("up", *stacks)]


def _compare(command: str, empty: Project, nothing: Project, full: Project) -> list[Figure]:
    arguments = [
        command,
        "--non-interactive",
        "--stack",
        "local",
        *(["--yes", "--skip-preview"] if command == "up" else []),
    ]
    calls = [partial(project.pulumi, *arguments) for project in (empty, nothing, full)]
    bare, least, ours = in_turns(*calls, rounds=ROUNDS)
    return [
        Figure(f"{command} of an empty Python stack", f"{bare:.2f} s"),
        Figure(f"{command} of as many resources that do nothing", f"{least:.2f} s"),
        Figure(f"{command} of stack local", f"{ours:.2f} s"),
        Figure(f"ratio of {command} where resources do nothing", f"{least / bare:.2f}"),
        Figure(f"ratio of {command}", f"{ours / bare:.2f}", AIM),
    ]
