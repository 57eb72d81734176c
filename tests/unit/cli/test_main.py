"""The dispatcher: what is imported, what is printed, which exit status."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_infra.cli import main as cli


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seldon_infra.cli.main", *words], capture_output=True, text=True, timeout=240
    )


def test_help_lists_every_command() -> None:
    said = run("--help").stdout
    assert [name for name in cli.COMMANDS if not re.search(rf"\n    {name}\s", said)] == []


def test_commands_are_in_order() -> None:
    assert list(cli.COMMANDS) == sorted(cli.COMMANDS)


def test_a_users_mistake_is_one_message_and_status_2(tmp_path: Path) -> None:
    done = run("recover", "--stack", "prod", "--project", str(tmp_path))
    assert done.returncode == cli.USER_ERROR
    assert "stack 'prod'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_names_those_that_there_are() -> None:
    done = run("destroy")
    assert done.returncode == 2
    assert "recover" in done.stderr


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    from seldon_infra.cli import recover

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(recover, "run", interrupted)
    assert cli.main(["recover", "--stack", "local"]) == cli.INTERRUPTED


def test_only_the_asked_commands_module_is_imported() -> None:
    code = (
        "import sys; from seldon_infra.cli.main import main\n"
        "try: main(['recover', '--help'])\n"
        "except SystemExit: pass\n"
        "loaded = {name.rpartition('.')[2] for name in sys.modules if name.startswith('seldon_infra.cli.')}\n"
        "print(sorted(loaded), [m for m in ('pulumi', 'pydantic', 'grpc') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines()[-1] == "['files', 'locks', 'main', 'recover', 'state'] []"
