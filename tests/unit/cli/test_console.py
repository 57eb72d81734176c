"""`seldon-infra console`: what it refuses before it serves anything."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: stacks\n")
    (tmp_path / ".seldon" / "local").mkdir(parents=True)
    return tmp_path


def run(project: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "console", "--project", str(project), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    return done.returncode, done.stderr


def test_a_port_that_is_taken_is_named(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, said = run(project, "--port", str(taken.getsockname()[1]))
    assert status == 2
    assert said.startswith("--port: ")
    assert "choose another" in said


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_is_none_is_named(project: Path, port: str) -> None:
    status, said = run(project, f"--port={port}")
    assert (status, said.partition(",")[0]) == (2, f"--port: {port}")


def test_a_stack_of_this_machine_takes_no_prometheus(project: Path) -> None:
    status, said = run(project, "--prometheus", "http://127.0.0.1:9090")
    assert status == 2
    assert "leave it out" in said


def test_a_stack_that_is_not_there_is_named(project: Path) -> None:
    status, said = run(project, "--stack", "nowhere")
    assert status == 2
    assert "nowhere" in said
    assert "Traceback" not in said
