"""docs/images.md: the command writes what the page shows, and the builders' lines name what it writes."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from seldon_infra.cli.containerfile import BASE, CONTAINERFILE
from seldon_infra.servers.image import PORTS, PYTHON, USER
from tests.docs.shell import shell

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "images.md").read_text()
DIGEST = f"sha256:{'0' * 64}"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that the page shows, after its command."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (folder / "local.py").write_text(f"from seldon_infra import *\n{blocks('python')[0]}")
    (folder / "score.py").write_text("class Score: ...\n")
    (console,) = blocks("console")
    command, *files = console.replace("sha256:…", DIGEST).splitlines()
    bin_folder = Path(sys.executable).parent
    assert shell(command, folder, PATH=f"{bin_folder}:/usr/bin:/bin").splitlines() == files
    return folder


def test_the_command_writes_the_files_that_are_shown(project: Path) -> None:
    written = {file.relative_to(project).as_posix() for file in (project / "build").rglob("*") if file.is_file()}
    assert written == set(blocks("console")[0].splitlines()[1:])


def test_what_the_class_requires_is_in_the_lock_with_hashes(project: Path) -> None:
    lock = (project / "build" / "score" / "requirements.lock").read_text()
    assert re.search(r"^shapely==2\.1\.0 \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)


def test_the_table_says_what_is_in_the_context(project: Path) -> None:
    there = {file.name + ("/" if file.is_dir() else "") for file in (project / "build" / "score").iterdir()}
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)) == there


def test_builders_are_given_the_folder_and_the_containerfile(project: Path) -> None:
    docker, buildctl = (shlex.split(text.replace("\\\n", " ")) for text in blocks("sh"))
    (project / docker[docker.index("--file") + 1]).read_text()
    assert (project / docker[-1] / CONTAINERFILE).is_file()
    local = dict(word.split("=", 1) for word in buildctl if word.startswith(("context=", "dockerfile=", "filename=")))
    assert (project / local["context"]).is_dir()
    assert (project / local["dockerfile"] / local["filename"]).is_file()
    (container,) = yaml.safe_load(blocks("yaml")[0])["containers"]
    kaniko = dict(word.removeprefix("--").split("=", 1) for word in container["args"] if "=" in word)
    assert (project / kaniko["context"].removeprefix("dir:///workspace/") / CONTAINERFILE).is_file()
    assert (project / kaniko["dockerfile"].removeprefix("/workspace/")).is_file()


def test_user_ports_and_python_are_those_of_the_image() -> None:
    assert f"runs as user {USER}" in PAGE
    assert f"listens on {PORTS['http']} (REST), {PORTS['grpc']} (gRPC) and {PORTS['metrics']} (metrics)" in PAGE
    assert f"must have Python {PYTHON} and pip" in PAGE
    assert BASE.endswith("python:3.11-slim-bookworm")
