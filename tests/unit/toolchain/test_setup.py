"""Set-up: what it writes into the repository, and what it leaves alone."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import console, pulumi_cli, pulumi_yaml, setup

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address(lock: str) -> None:
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", (ROOT / lock).read_text()) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.findall(r"^[a-z0-9._-]+==[^\n]*(?:\n    --hash[^\n]*)*", text, re.MULTILINE)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert entries


def test_what_serves_development_serves_use() -> None:
    development = pins(LOCKS[1])
    assert {name: version for name, version in pins(LOCKS[0]).items() if development.get(name) != version} == {}


def test_development_tools_are_not_installed_for_use() -> None:
    assert {"pytest", "ruff", "mypy", "hypothesis", "pre-commit"} & set(pins(LOCKS[0])) == set()


def test_uv_is_pinned_by_the_lock() -> None:
    assert setup.uv_pin() == f"uv=={pins(LOCKS[0])['uv']}"


def test_the_go_modules_are_pinned_to_the_versions_that_are_built() -> None:
    module = (ROOT / "toolchain" / "pulumi" / "go.mod").read_text()
    assert f"require github.com/pulumi/pulumi/pkg/v3 v{pulumi_cli.VERSION}" in module
    assert (ROOT / "toolchain" / "pulumi" / "go.sum").is_file()
    module = (ROOT / "toolchain" / "pulumi-yaml" / "go.mod").read_text()
    assert f"require github.com/pulumi/pulumi-yaml v{pulumi_yaml.VERSION}" in module
    assert (ROOT / "toolchain" / "pulumi-yaml" / "go.sum").is_file()


def test_set_up_starts_on_a_python_without_any_package() -> None:
    code = "import sys; sys.path.insert(0, '.'); import toolchain.setup"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_purpose_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "toolchain.setup", "bogus"], cwd=ROOT, capture_output=True, timeout=30)
    assert done.returncode == 2


def script(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.mark.parametrize(
    ("version", "good"),
    [
        pytest.param("v3.259.0", True, id="the same"),
        pytest.param("3.300.1", True, id="newer"),
        pytest.param("v3.258.9", False, id="older"),
        pytest.param("v4.0.0", False, id="another generation"),
        pytest.param("nonsense", False, id="no version"),
    ],
)
def test_a_cli_is_taken_by_its_version(tmp_path: Path, version: str, good: bool) -> None:
    assert pulumi_cli.is_good(script(tmp_path, version)) is good


def test_a_file_that_does_not_run_is_no_cli(tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_bytes(b"\x7fELF half of it")
    assert not pulumi_cli.is_good(tmp_path / "pulumi")


def test_a_good_cli_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    official = script(tmp_path / "official", "v3.260.0")
    monkeypatch.setenv("PATH", f"{official.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    assert pulumi_cli.provide(tmp_path / ".venv") == official


def test_this_checkouts_own_shim_is_not_mistaken_for_a_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = tmp_path / ".venv"
    script(environment / "bin", "v3.260.0")
    kept = script(tmp_path / "cache" / "pulumi" / pulumi_cli.VERSION, f"v{pulumi_cli.VERSION}")
    monkeypatch.setenv("PATH", f"{environment / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    assert pulumi_cli.provide(environment) == kept


def test_an_official_cli_is_linked_with_its_own_language_host(tmp_path: Path) -> None:
    cli = script(tmp_path / "official", "v3.260.0")
    (cli.parent / "pulumi-language-python").touch()
    setup._link_pulumi(cli, tmp_path / "place")
    assert (tmp_path / "place").resolve() == cli.parent


def test_a_cli_alone_gets_our_language_host_beside_it(tmp_path: Path) -> None:
    cli = script(tmp_path / "built", "v3.259.0")
    for _ in range(2):  # a second set-up replaces the first
        setup._link_pulumi(cli, tmp_path / "place")
    assert sorted(file.name for file in (tmp_path / "place").iterdir()) == ["pulumi", "pulumi-language-python"]
    assert os.access(tmp_path / "place" / "pulumi-language-python", os.X_OK)


def test_a_failed_step_says_its_last_lines() -> None:
    with pytest.raises(console.SetupFailed, match=r"(?s)trying failed:.*no such thing"):
        console.run("trying", ["/bin/sh", "-c", "echo no such thing; exit 3"], timeout=20)


def test_a_step_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(console.SetupFailed, match=r"longer than 0 s and was stopped"):
        console.run("waiting", ["/bin/sleep", "600"], timeout=0.2)
