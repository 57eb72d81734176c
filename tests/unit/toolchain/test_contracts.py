"""The import contracts hold here, and each one catches a breach of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT = Path(sys.executable).with_name("lint-imports")

BREACHES = {
    "storeys": ("graph/spec/nodes.py", "import seldon_infra.graph.check"),
    "rooms": ("servers/breach.py", "import seldon_infra.graph.spec"),
    "rooms, side by side": ("targets/breach.py", "import seldon_infra.provider.main"),
    "rooms, a new one": ("cellar/wine.py", "year = 1982"),
    "purity: what is declared": ("core/breach.py", "def late():\n    import pulumi"),
    "purity: what is declared, through a third file": (
        "graph/check.py",
        "import seldon_infra.core.third",
        "core/third.py",
        "def late():\n    import boto3",
    ),
    "purity: the local data plane": ("runtime/breach.py", "import pulumi"),
    "two processes": ("provider/breach.py", "import seldon_infra.stack"),
    "artifact I/O": ("graph/breach.py", "import seldon_infra.artifacts.stores"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120)


def plant(package: Path, file: str, line: str) -> None:
    """Append a line to a module of the copy; make the module, and its room, where there is none."""
    module = package / file
    module.parent.mkdir(exist_ok=True)
    (module.parent / "__init__.py").touch()
    with module.open("a") as text:
        text.write(f"\n{line}\n")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package in which every room and module that a breach names exists."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "seldon_infra"
    shutil.copytree(ROOT / "seldon_infra", package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("graph/spec/nodes.py", "graph/check.py", "provider/main.py", "stack.py", "artifacts/stores.py"):
        plant(package, file, "")
    return tmp_path


def test_all_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_caught(copy: Path, name: str) -> None:
    before = lint(copy)
    assert before.returncode == 0, before.stdout
    planted = BREACHES[name]
    for file, line in zip(planted[::2], planted[1::2], strict=True):
        plant(copy / "seldon_infra", file, line)
    done = lint(copy)
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(line.startswith(name.partition(",")[0]) for line in broken), done.stdout


def test_an_import_for_type_checking_alone_is_no_breach(copy: Path) -> None:
    line = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pulumi"
    plant(copy / "seldon_infra", "core/breach.py", line)
    assert lint(copy).returncode == 0
