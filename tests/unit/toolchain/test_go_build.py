"""Building Go programs: what `go`, here a script that notes its words, is asked for; what a failing step leaves."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from toolchain import console, go_build

GO = """#!/bin/sh
echo "$PWD: $*" >> "{calls}"
case $1 in
env) echo go1.99.1 ;;
list) {list} ;;
build)
    for word in "$@"; do
        test -z "$out" || echo "$word" > "$out${{word##*/}}"
        test "$before" != -o || out=$word
        before=$word
    done
    {build} ;;
esac
"""


@pytest.fixture
def program(tmp_path: Path) -> go_build.GoProgram:
    source = tmp_path / "module"
    source.mkdir()
    (source / "go.mod").write_text("module example.com/pins\n\ngo 1.98.0\n")
    packages = ("example.com/cmd/server", "example.com/cmd/client")
    return go_build.GoProgram("Example", "1.2.3", source, packages, ldflags="-s -w", minutes=1)


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in `go` on PATH; every step of it works."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(go_build, "BUILD_SPACE_BYTES", 0)
    (tmp_path / "bin").mkdir()
    (tmp_path / "cache").mkdir()
    return install(tmp_path)


def install(folder: Path, list: str = "true", build: str = "true") -> Path:
    file = folder / "bin" / "go"
    file.write_text(GO.format(calls=folder / "calls", list=list, build=build))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def there(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("go")
def test_each_package_becomes_an_executable_of_one_folder(program: go_build.GoProgram, tmp_path: Path) -> None:
    target = go_build.build(program, tmp_path / ".venv", tmp_path / "cache" / "1.2.3")
    assert there(target) == ["client", "server"]
    assert there(tmp_path / "cache") == ["1.2.3/client", "1.2.3/server"]


@pytest.mark.usefixtures("go")
def test_go_works_in_the_pinned_module_and_changes_no_pin(program: go_build.GoProgram, tmp_path: Path) -> None:
    go_build.build(program, tmp_path / ".venv", tmp_path / "cache" / "1.2.3")
    _, listed, built = (tmp_path / "calls").read_text().splitlines()
    packages = " ".join(program.packages)
    assert listed == f"{program.source}: list -mod=readonly -deps {packages}"
    assert built.startswith(f"{program.source}: build -v -mod=readonly -trimpath -ldflags -s -w -o ")
    assert built.endswith(f"/ {packages}")


@pytest.mark.parametrize("step", ["list", "build"])
def test_a_step_that_fails_leaves_what_was_there(
    program: go_build.GoProgram, tmp_path: Path, go: Path, step: str
) -> None:
    before = tmp_path / "cache" / "1.2.3" / "before"
    before.parent.mkdir()
    before.touch()
    install(tmp_path, **{step: "echo no route to host; exit 1"})
    with pytest.raises(console.SetupFailed, match=r"Example 1.2.3.*failed:\nno route to host") as failed:
        go_build.build(program, tmp_path / ".venv", before.parent)
    assert ("set GOPROXY" in str(failed.value)) is (step == "list")
    assert there(tmp_path / "cache") == ["1.2.3/before"]


@pytest.mark.usefixtures("go")
def test_a_go_that_is_too_old_is_not_used(program: go_build.GoProgram, tmp_path: Path) -> None:
    (program.source / "go.mod").write_text("module example.com/pins\n\ngo 2.0.0\n")
    uv = tmp_path / ".venv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(f'#!/bin/sh\nmkdir -p "$4/go/bin" && cp "{tmp_path}/bin/go" "$4/go/bin/go"\n')
    uv.chmod(0o755)
    go_build.build(program, tmp_path / ".venv", tmp_path / "cache" / "example" / "1.2.3")
    version = go_build.GO_PACKAGE.partition("==")[2]
    assert (tmp_path / "cache" / "go" / version / "go" / "bin" / "go").exists()


@pytest.mark.usefixtures("go")
def test_a_small_disk_is_refused_before_the_build(
    program: go_build.GoProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go_build, "BUILD_SPACE_BYTES", 10**18)
    with pytest.raises(console.SetupFailed, match="SELDON_INFRA_CACHE"):
        go_build.build(program, tmp_path / ".venv", tmp_path / "cache" / "1.2.3")
    assert not (tmp_path / "calls").exists()


def test_what_a_killed_set_up_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    for left in (".build-abc/made/pulumi", ".install-abc/half", ".1.2.3.new-77/pulumi", "1.2.3/pulumi", ".go/pkg/mod"):
        (tmp_path / left).parent.mkdir(parents=True)
        (tmp_path / left).touch()
    with go_build.only_one(tmp_path, "it"):
        assert there(tmp_path) == [".go/pkg/mod", ".lock", "1.2.3/pulumi"]


def test_a_set_up_that_waits_too_long_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_build, "WAIT_SECONDS", 0.1)
    expected = pytest.raises(console.SetupFailed, match="end the one that hangs")
    with go_build.only_one(tmp_path, "it"), expected, go_build.only_one(tmp_path, "it"):
        pass


def test_a_finished_folder_replaces_a_broken_one_at_once(tmp_path: Path) -> None:
    made, target = tmp_path / "made", tmp_path / "3.259.0"
    for folder, name in ((made, "whole"), (target, "half")):
        folder.mkdir()
        (folder / name).touch()
    go_build.move_into_place(made, target)
    assert [file.name for file in target.iterdir()] == ["whole"]
