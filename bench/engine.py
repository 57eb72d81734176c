"""What the project's stack costs the engine: preview and no-op `up`, against an empty Python stack in the same run."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.projects import Project, applied_checkout, empty_project
from bench.table import Figure, in_turns

ROUNDS = 5
AIM = "aim: at most 1.5 times"


def figures() -> list[Figure]:
    """Measure preview and no-op `up` of both stacks in turns."""
    with tempfile.TemporaryDirectory() as folder:
        empty, full = empty_project(Path(folder)), applied_checkout()
        return [*_compare("preview", full, empty), *_compare("up", full, empty)]


def _compare(command: str, full: Project, empty: Project) -> list[Figure]:
    arguments = [
        command,
        "--non-interactive",
        "--stack",
        "local",
        *(["--yes", "--skip-preview"] if command == "up" else []),
    ]
    ours, bare = in_turns(lambda: full.pulumi(*arguments), lambda: empty.pulumi(*arguments), ROUNDS)
    return [
        Figure(f"{command} of stack local", f"{ours:.2f} s"),
        Figure(f"{command} of an empty Python stack", f"{bare:.2f} s"),
        Figure(f"ratio of {command}", f"{ours / bare:.2f}", AIM),
    ]
