"""The doctor: what it finds here, and what it says about a machine that lacks things."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seldon_infra.cli.doctor import Part, examine, table
from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime.stack_dir import LONGEST_SOCKET_PATH, StackDir
from seldon_infra.servers import catalogue
from seldon_infra.servers.catalogue import environment_path, load

ROOT = Path(__file__).parents[3]


def doctor(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "doctor", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment)


def named(project: Path, name: str) -> Part:
    return next(part for part in examine(project) if part.name == name)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing beside the interpreter; the folder that is returned is all of its PATH."""
    interpreter = tmp_path / "venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()
    return tmp_path / "path"


def program(file: Path, says: str) -> Path:
    file.write_text(f"#!/bin/sh\necho {says}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("version", "state"), [("v3.259.0", "ok"), ("v3.258.9", "too old"), ("v4.0.0", "too new"), ("nonsense", "missing")]
)
def test_a_cli_is_judged_by_its_version(machine: Path, version: str, state: str) -> None:
    program(machine / "pulumi", version)
    found = named(machine, "Pulumi CLI")
    assert (found.state, found.is_in_the_way) == (state, state != "ok")
    assert ("make setup" in found.fix) is (state != "ok")
    assert ("needs 3.259.0 or newer and below 4" in found.fix) is (state in ("too old", "too new"))


@pytest.mark.parametrize("part", ["Pulumi CLI", "Python language host", "uv", "seldon plugin", "Envoy", "supervisord"])
def test_a_part_that_is_missing_is_in_the_way(machine: Path, part: str) -> None:
    found = named(machine, part)
    assert (found.state, found.is_in_the_way, found.fix) == ("missing", True, "run `make setup`")


def test_an_official_language_host_has_the_version_of_the_cli_it_came_with(machine: Path) -> None:
    program(machine / "pulumi", "v3.260.1")
    program(machine / "pulumi-language-python", "")
    assert named(machine, "Python language host").version == "official 3.260.1"


def test_the_version_of_a_program_from_elsewhere_is_not_guessed(machine: Path) -> None:
    elsewhere = program(machine / "envoy", "")
    assert named(machine, "Envoy") == Part("Envoy", "ok", "", str(elsewhere))


def test_a_disk_that_is_almost_full_is_said(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seldon_infra.cli.doctor.LEAST_FREE_BYTES", 10**18)
    found = named(machine, "cache")
    assert (found.state, found.is_in_the_way) == ("low", True)
    assert "SELDON_INFRA_CACHE" in found.fix


def test_what_vanishes_from_the_cache_meanwhile_is_passed_over(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleeting = tmp_path / "cache" / "file"
    fleeting.parent.mkdir()
    fleeting.touch()
    look = os.lstat

    def look_too_late(path: str) -> os.stat_result:
        fleeting.unlink(missing_ok=True)
        return look(path)

    monkeypatch.setattr(os, "lstat", look_too_late)
    assert named(machine, "cache").state == "ok"
    assert not fleeting.exists()


def test_a_broken_entry_of_the_catalogue_is_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = shutil.copytree(ROOT / "servers", tmp_path / "servers")
    (servers / "triton" / "server.toml").write_text("version = [\n")
    (servers / "seldon-python" / "server.toml").write_text("version = 1\n")
    monkeypatch.setattr(catalogue, "_FOLDERS", (servers,))
    catalogue.load.cache_clear()
    parts = {part.name: part for part in examine(ROOT)}
    catalogue.load.cache_clear()
    assert [parts[f"server {name}"].state for name in ("mlserver", "triton", "seldon-python")] == [
        "ok",
        "broken",
        "broken",
    ]
    assert "must be TOML" in parts["server triton"].fix
    assert "state folder" in parts


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


@pytest.mark.parametrize("over", [0, 1])
def test_a_path_is_too_long_where_the_stack_would_be_refused(over: int) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a test's own may be too long already
        short = StackDir(Path(folder) / "x" / ".seldon" / "local").longest_socket_bytes - 1
        project = Path(folder) / ("x" * (LONGEST_SOCKET_PATH - short + over))
        found = named(project, "state folder")
        assert found.state == ("too long" if over else "ok")
        assert found.version == f"{LONGEST_SOCKET_PATH + over} bytes"
        if over:
            with pytest.raises(LimitReached):
                StackDir(project / ".seldon" / "local").create()


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
