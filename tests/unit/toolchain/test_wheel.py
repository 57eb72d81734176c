"""The wheel holds all that the library needs without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from seldon_infra.servers import catalogue

ROOT = Path(__file__).parents[3]
LOAD = """
import json, seldon_infra
from seldon_infra.servers import catalogue
entries = [catalogue.load(name) for name in catalogue.names()]
print(json.dumps({entry.name: [str(entry.folder), entry.version, entry.lock.is_file()] for entry in entries}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which the wheel was unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_every_entry_of_the_catalogue_loads_from_the_wheel(installed: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=installed, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    expected = {
        name: [str(installed / "seldon_infra" / "_servers" / name), catalogue.load(name).version, True]
        for name in catalogue.names()
    }
    assert json.loads(done.stdout) == expected


def test_every_file_of_the_catalogue_is_in_the_wheel(installed: Path) -> None:
    def files(folder: Path) -> list[str]:
        found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        return sorted(path.relative_to(folder).as_posix() for path in found)

    assert files(installed / "seldon_infra" / "_servers") == files(ROOT / "servers")
    assert (installed / "seldon_infra" / "py.typed").is_file()


def test_the_wheel_holds_the_library_alone(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert tops == {"seldon_infra"}
