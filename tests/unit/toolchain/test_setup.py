"""Set-up: what it writes into the repository, and what it leaves alone."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_infra.servers import catalogue
from toolchain import lock, pulumi_cli, pulumi_yaml, setup

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_address(name: str) -> None:
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", (ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text()
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
        [sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr


def test_what_commands_load_is_compiled_where_nothing_else_may_write_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("good.py", "x = 1\n"), ("bad.py", "x = \n")):
        (tmp_path / "stacks").mkdir(exist_ok=True)
        (tmp_path / "stacks" / name).write_text(text)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    setup.compile_project()
    assert [file.name.partition(".")[0] for file in tmp_path.rglob("*.pyc")] == ["good"]


def test_an_unknown_purpose_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toolchain.setup", "bogus"], cwd=ROOT, capture_output=True, timeout=240
    )
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
    setup.link_pulumi(cli, tmp_path / "place")
    assert (tmp_path / "place").resolve() == cli.parent


def test_a_cli_alone_gets_our_language_host_beside_it(tmp_path: Path) -> None:
    cli = script(tmp_path / "built", "v3.259.0")
    for _ in range(2):  # a second set-up replaces the first
        setup.link_pulumi(cli, tmp_path / "place")
    assert sorted(file.name for file in (tmp_path / "place").iterdir()) == ["pulumi", "pulumi-language-python"]
    assert os.access(tmp_path / "place" / "pulumi-language-python", os.X_OK)


@pytest.mark.parametrize("below", ["", "below"])
def test_a_cache_folder_that_cannot_be_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / below
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(cache))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(setup, "_set_up", lambda _: pulumi_cli.provide(tmp_path / ".venv"))
    assert setup.main(["run"]) == 1
    said = capsys.readouterr().err
    assert "Not a directory" in said or "File exists" in said
    assert f"the cache folder is {cache}: let SELDON_INFRA_CACHE name a folder of yours" in said


def test_a_full_disk_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w") as file:

        def fill(_: str) -> None:
            file.write("x" * 100_000)

        monkeypatch.setattr(setup, "_set_up", fill)
        assert setup.main(["run"]) == 1
    assert "No space left on device; make it yours, with some GB free" in capsys.readouterr().err


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return a `pulumi` that is a link to a program which looks by which name it is called, as mise's is."""
    program = tmp_path / "bin" / "many"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncase $0 in */pulumi) echo v3.260.0 ;; *) echo many 1.2 ;; esac\n")
    program.chmod(0o755)
    link = tmp_path / "shims" / "pulumi"
    link.parent.mkdir()
    link.symlink_to(program)
    return link


def test_a_cli_behind_a_program_for_many_is_used(tmp_path: Path, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{many.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    cli = pulumi_cli.provide(tmp_path / ".venv")
    assert cli == many
    setup.link_pulumi(cli, tmp_path / "place")
    assert pulumi_cli.version_of(tmp_path / "place" / "pulumi") == (3, 260, 0)
    assert (tmp_path / "place" / "pulumi-language-python").is_file()


@pytest.mark.parametrize("name", ["official", "behind a program for many"])
def test_a_cli_that_was_upgraded_to_another_generation_is_no_longer_used(tmp_path: Path, many: Path, name: str) -> None:
    cli = many
    if name == "official":
        cli = script(tmp_path / "official", "v3.260.0")
        (cli.parent / "pulumi-language-python").touch()
    setup.link_pulumi(cli, tmp_path / "place")
    assert setup._is_still_good(tmp_path / "place")
    program = cli.resolve()
    program.write_text(program.read_text().replace("v3", "v4"))
    assert not setup._is_still_good(tmp_path / "place")


SERVERS = sorted({file.parent for file in (ROOT / "servers").glob("*/*.toml")})


@pytest.mark.parametrize("server", SERVERS, ids=lambda folder: folder.name)
def test_a_servers_lock_is_written_by_make_lock(server: Path) -> None:
    home = catalogue.load(server.name).home
    assert (server == home) == (server / "requirements.in").exists(), "it has packages of its own, or another one's"
    assert home.name in lock.SERVERS
    text = (home / "requirements.lock").read_text()
    assert text.splitlines()[1] == f"#    {lock.SERVER_COMMAND}"
    assert re.findall(r"https?://\S+", text) == []
