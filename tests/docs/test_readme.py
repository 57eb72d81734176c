"""The README's and the first page's commands, typed by a newcomer into a clean clone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.shell import accuracies, shell
from tests.local.scene import processes_below

pytestmark = [pytest.mark.docs, pytest.mark.engine, pytest.mark.local, pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]


class Clone:
    """A clone of the repository, used from a shell as the README says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True, timeout=60)

    def run(self, line: str, status: int = 0) -> str:
        """Run a line with the environment activated, if there is one yet."""
        return shell("test ! -f .venv/bin/activate || . .venv/bin/activate; " + line, self.folder, status)


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    folder = Path(tempfile.mkdtemp(prefix="clone-")).resolve()
    made = Clone(folder / "project")
    made.run("make up")
    yield made
    made.run("pulumi destroy --stack local --yes || true")
    for pid in processes_below(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def test_make_up_prints_accuracy_urls_and_what_to_try_and_the_second_one_changes_nothing(clone: Clone) -> None:
    text = clone.run("make up")
    found = accuracies(text)
    assert set(found) == {"REST", "gRPC"}
    assert min(found.values()) > 0.95
    assert "14 unchanged" in text
    assert "created" not in text
    assert re.search(r"main \d+, canary \d+", text)
    assert re.search(r"REST +http://127.0.0.1:\d+/seldon/models/digits/", text)
    assert "Traceback" not in text


def commands(file: Path, after: str) -> list[str]:
    """The lines of the first code block after a text, without their comments."""
    (block,) = re.findall(r"```sh\n(.*?)```", file.read_text().partition(after)[2], re.DOTALL)[:1]
    return [line.partition("#")[0].strip() for line in block.splitlines() if line.partition("#")[0].strip()]


README = commands(ROOT / "README.md", "After `make up`")


@pytest.mark.parametrize("line", [line for line in README if "destroy" not in line])
def test_the_readmes_commands_do_what_they_say(clone: Clone, line: str) -> None:
    text = clone.run(line + " --yes" if line.startswith("pulumi refresh") else line)
    assert text.strip()
    assert "Traceback" not in text


def test_a_newcomer_changes_a_weight_and_a_class(clone: Clone) -> None:
    models = clone.folder / "stacks" / "models.py"
    source = models.read_text()
    models.write_text(source.replace("traffic=100 - canary_traffic", "traffic=80"))
    said = clone.run("pulumi preview --stack local", status=1)
    assert "traffic 80 + 10 = 90, must sum to 100" in said
    models.write_text(source.replace("canary_traffic: int = 10", "canary_traffic: int = 25"))
    assert "1 to update" in clone.run("pulumi preview --stack local")
    models.write_text(source)


def test_what_is_broken_by_hand_shows_and_is_mended(clone: Clone) -> None:
    clone.run("rm -r .seldon/local/processes/digits.main.classify-*")
    assert re.search(r"digits\.main\.classify.*create", clone.run("pulumi preview --stack local"))
    clone.run("pulumi up --stack local --yes")
    assert min(accuracies(clone.run("seldon-infra verify --stack local")).values()) > 0.95


def test_destroy_leaves_nothing(clone: Clone) -> None:
    (line,) = [line for line in README if "destroy" in line]
    clone.run(f"{line} --yes")
    assert not (clone.folder / ".seldon" / "local").exists()
    assert processes_below(clone.folder) == []
