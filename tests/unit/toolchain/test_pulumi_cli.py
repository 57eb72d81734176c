"""Getting the Pulumi CLI: the official install where it can be reached, else a build; never half of one.

The environment's Python and `go` are scripts here, which do what the real ones would leave on disk.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain import console, go_build, pulumi_cli

VERSION = pulumi_cli.VERSION
PYTHON = """#!/bin/sh
case $2 in
*urlopen*) {reach} ;;
*) mkdir -p "$3/bin" && {cli} > "$3/bin/pulumi" && chmod +x "$3/bin/pulumi" && {install} ;;
esac
"""
GO = """#!/bin/sh
echo "$1" >> "{calls}"
case $1 in
env) echo go1.99.1 ;;
build)
    for word; do
        test "$before" != -o || out=$word
        before=$word
    done
    {cli} > "$out/pulumi" && chmod +x "$out/pulumi" && {build} ;;
esac
"""
CLI = "printf '#!/bin/sh\\necho v%s\\n' {}".format


class Machine:
    """A machine without a Pulumi CLI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = folder / ".venv"
        (self.environment / "bin").mkdir(parents=True)
        (folder / "path").mkdir()
        self.python()
        self.go()

    def python(self, reach: str = "true", install: str = "true", version: str = VERSION) -> None:
        self._write(self.environment / "bin" / "python", PYTHON.format(reach=reach, install=install, cli=CLI(version)))

    def go(self, build: str = "true", version: str = VERSION) -> None:
        calls = self.folder / "calls"
        self._write(self.folder / "path" / "go", GO.format(calls=calls, build=build, cli=CLI(version)))

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)

    def provide(self) -> str:
        return pulumi_cli.provide(self.environment).relative_to(self.folder / "cache" / "pulumi").as_posix()

    @property
    def built(self) -> bool:
        return (self.folder / "calls").exists()

    @property
    def kept(self) -> list[str]:
        folder = self.folder / "cache" / "pulumi"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "path"), "/usr/bin", "/bin"]))
    monkeypatch.setattr(go_build, "BUILD_SPACE_BYTES", 0)
    return Machine(tmp_path)


def test_the_official_install_is_used_where_it_can_be_reached(machine: Machine) -> None:
    assert machine.provide() == f"{VERSION}/bin/pulumi"
    assert not machine.built


def test_what_is_installed_is_found_by_the_next_set_up(machine: Machine) -> None:
    machine.provide()
    machine.python(reach="exit 1")
    assert machine.provide() == f"{VERSION}/bin/pulumi"


@pytest.mark.parametrize("how", [{"reach": "exit 1"}, {"install": "exit 1"}])
def test_without_the_official_install_the_cli_is_built(machine: Machine, how: dict[str, str]) -> None:
    machine.python(**how)
    assert machine.provide() == f"{VERSION}/pulumi"
    assert machine.kept == [".lock", f"{VERSION}/pulumi"]


def test_a_build_that_fails_half_way_leaves_nothing_and_says_another_way(machine: Machine) -> None:
    machine.python(reach="exit 1")
    machine.go(build="exit 1")
    with pytest.raises(console.SetupFailed, match="Or install the Pulumi CLI yourself and have it on PATH"):
        machine.provide()
    assert machine.kept == [".lock"]
    machine.go()
    assert machine.provide() == f"{VERSION}/pulumi"


def test_a_build_that_does_not_run_is_said(machine: Machine) -> None:
    machine.python(reach="exit 1")
    machine.go(version="nonsense")
    with pytest.raises(console.SetupFailed, match=rf"does not run: try `.*/{VERSION}/pulumi version`"):
        machine.provide()


def test_an_install_that_does_not_run_is_not_used(machine: Machine) -> None:
    machine.python(version="nonsense")
    assert machine.provide() == f"{VERSION}/pulumi"
