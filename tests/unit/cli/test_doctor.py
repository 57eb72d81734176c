"""The doctor: what it finds here, and what it says about a machine that lacks things."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_infra.cli.doctor import LONGEST_SOCKET_PATH, Part, examine, table
from seldon_infra.servers.catalogue import environment_path, load

ROOT = Path(__file__).parents[3]


def doctor(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "doctor", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment)


def test_this_checkout_has_every_required_part() -> None:
    done = doctor("--json")
    parts = {part["name"]: part for part in json.loads(done.stdout)}
    assert [name for name, part in parts.items() if part["required"] and part["state"] != "ok"] == []
    assert {"Python", "uv", "Pulumi CLI", "Python language host", "seldon plugin", "Envoy", "supervisord"} <= set(parts)
    assert done.returncode == 0


def test_a_path_that_is_too_long_for_sockets_is_said_and_fails(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * LONGEST_SOCKET_PATH)
    deep.mkdir()
    done = doctor("--project", str(deep))
    assert done.returncode == 1
    assert "move the checkout up" in done.stdout


def test_a_model_server_that_is_not_made_yet_is_named_but_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path))
    triton = load("triton")
    half_made = environment_path(triton)
    half_made.mkdir(parents=True)
    half_made.with_name(f"{half_made.name}.lock").touch()
    part = next(part for part in examine(tmp_path) if part.name == "server triton")
    assert (part.state, part.version, part.is_in_the_way) == ("missing", triton.version, False)
    assert "make setup" in part.fix


def test_a_model_server_that_is_made_is_shown_with_its_folder() -> None:
    part = next(part for part in examine(ROOT) if part.name == "server mlserver")
    assert (part.state, part.where) == ("ok", str(environment_path(load("mlserver"))))


def test_the_table_says_below_what_to_do() -> None:
    rows = [Part("Python", "ok", "3.11.7", "/usr/bin/python3"), Part("Envoy", "missing", fix="run `make setup`")]
    assert table(rows).splitlines() == [
        "PART    STATE    VERSION  WHERE",
        "Python  ok       3.11.7   /usr/bin/python3",
        "Envoy   missing",
        "",
        "Envoy: run `make setup`",
    ]
