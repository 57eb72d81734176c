"""What a server has of Debian's lies in its environment, and one Python finds its libraries. apt is a script here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from seldon_infra.core import debian as packages
from seldon_infra.core.errors import PartNotFound
from seldon_infra.servers import debian, install
from seldon_infra.servers.catalogue import load
from seldon_infra.servers.entry import Debian

ENTRY = load("torchserve")
UV = """#!/bin/sh
case $1 in
venv) for path; do :; done; mkdir -p "$path/bin" "$path/lib/python3.11/site-packages"
      printf '#!/bin/sh\\necho "$LD_LIBRARY_PATH"\\n{imports}\\n' > "$path/bin/python"; chmod +x "$path/bin/python" ;;
esac
"""
APT = """#!/bin/sh
case "$*" in
*download-only*) for word; do case $word in Dir::Cache=*) touch "${{word#*=}}/archives/{package}.deb" ;; esac; done ;;
esac
"""
UNPACK = """#!/bin/sh
mkdir -p "$3/usr/lib/x86_64-linux-gnu/openblas-pthread"
cd "$3/usr/lib" && touch libgloo.so.0 x86_64-linux-gnu/liba.so.1 x86_64-linux-gnu/openblas-pthread/libblas.so.3
"""


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only what a shell needs, and the scripts, are on PATH."""
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(install, "program", lambda: str(tmp_path / "bin" / "uv"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"uv": uv(), "apt-get": APT.format(package="torch"), "dpkg-deb": UNPACK}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


def uv(imports: str = ":") -> str:
    return UV.replace("{imports}", imports)


def test_the_python_that_finds_the_libraries_finds_the_fastest_first() -> None:
    made = install.environment(ENTRY)
    done = subprocess.run([made / "bin" / debian.PYTHON], capture_output=True, text=True, timeout=240, check=True)
    modules = (made / "lib/python3.11/site-packages/debian.pth").read_text().strip()
    tree = modules.removesuffix("/usr/lib/python3/dist-packages")
    folders = [Path(each).relative_to(tree).as_posix() for each in done.stdout.strip().split(os.pathsep)]
    assert folders == ["usr/lib/x86_64-linux-gnu/openblas-pthread", "usr/lib", "usr/lib/x86_64-linux-gnu"]


def test_packages_for_another_python_are_said_to_be_and_the_environment_is_not_whole(programs: Path) -> None:
    (programs / "uv").write_text(uv("echo no module; exit 1"))
    with pytest.raises(PartNotFound, match=r"(?s)python3-torch for Python >=3.11,<3.12.*with Debian 12.*no module"):
        install.environment(ENTRY)
    assert not install.is_made(ENTRY)


def test_a_machine_without_apt_is_told_what_would_do(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "has_apt", lambda: False)
    with pytest.raises(PartNotFound, match=r"apt, which fetches python3-torch for server 'torchserve', is not on this"):
        install.environment(ENTRY)


def test_other_packages_make_another_environment() -> None:
    assert ENTRY.debian is not None
    other = ENTRY.model_copy(update={"debian": Debian(packages=("python3-torch",), imports="torch")})
    assert install.environment_path(other) != install.environment_path(ENTRY)


def test_packages_are_fetched_once_for_all_servers_that_have_the_same(programs: Path) -> None:
    install.environment(ENTRY)
    (programs / "apt-get").unlink()
    (programs / "apt-get").symlink_to("/bin/false")
    install.environment(load("huggingface"))
