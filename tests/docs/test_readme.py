"""The README's and the first page's commands, typed by a newcomer into a clean clone."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.shell import accuracies, shell
from tests.engine.waiting import wait_until
from tests.local.scene import end_below, processes_below

pytestmark = [pytest.mark.docs, pytest.mark.engine, pytest.mark.local, pytest.mark.slow, pytest.mark.timeout(1800)]
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
    end_below(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_make_up_prints_accuracy_urls_and_what_to_try_and_the_second_one_changes_nothing(clone: Clone) -> None:
    text = clone.run("make up")
    found = accuracies(text)
    assert set(found) == {"REST", "gRPC"}
    assert min(found.values()) > 0.95
    assert "15 unchanged" in text
    assert "created" not in text
    assert re.search(r"main \d+, canary \d+", text)
    assert re.search(r"REST +http://127.0.0.1:\d+/seldon/models/digits/", text)
    assert "Traceback" not in text


def commands(page: str, after: str = "") -> list[str]:
    """The lines of a page's first block of shell commands after a text, without their comments."""
    text = (ROOT / page).read_text().partition(after)[2] if after else (ROOT / page).read_text()
    fenced, indented = re.search(r"```sh\n(.*?)```", text, re.DOTALL), re.search(r"(?:^    .+\n)+", text, re.MULTILINE)
    block = min((found for found in (fenced, indented) if found), key=lambda found: found.start())
    lines = [line.partition("#")[0].strip() for line in block[block.re.groups].splitlines()]
    return [line for line in lines if line]


README = commands("README.md", "After `make up`")
NOTHING = r"(?m)^ +15 unchanged$"
SAYS = {
    "pulumi preview --stack local": NOTHING,
    "pulumi up --stack local": NOTHING,
    "seldon-infra predict digits --rest": r"^digits over REST, answered by (main|canary)\n\n  PREDICTED",
    "seldon-infra status": r"(?s)digits  protocol v2.*REST  http://127.0.0.1:\d+/.*digits\.main\.classify +running",
    "seldon-infra graph --stack local": "^<svg ",
    "seldon-infra render --stack prod": "(?m)^kind: SeldonDeployment$",
    "seldon-infra plan --stack local": r"^stack 'local': pulumi up changes nothing",
    "seldon-infra drift --stack local": r"^stack 'local': no drift$",
    "pulumi refresh --stack local": NOTHING,
    "seldon-infra doctor": r"(?m)^Pulumi CLI +ok ",
    "seldon-infra predict digits --grpc": r"^digits over gRPC, answered by (main|canary)\n\n  PREDICTED",
    "seldon-infra logs digits.main.classify": "uvicorn|mlserver",
    "seldon-infra verify": r"(?m)^  gRPC  0\.9\d\d",
    "seldon-infra bench-model digits --batches 1,8 --seconds 0.5": r"(?s)BATCH +CONN.*\n +8 +4 +\d+",
    "seldon-infra recover --stack local": "^stack 'local': nothing to heal$",
    "seldon-infra graph --stack local --format svg > digits.svg": "^$",
    "seldon-infra graph --stack local --format mermaid": "^flowchart LR\n",
}
"""What a page's command prints, once the stack is as it is declared."""


def lines_to_try() -> list[str]:
    pages = [README, commands("docs/getting-started.md", "## Ask"), commands("docs/local.md", "## Look")]
    pages += [commands("docs/local.md", "another file backend"), commands("docs/graphs.md", "## Draw it")]
    return list(dict.fromkeys(line for page in pages for line in page if "destroy" not in line))


@pytest.mark.parametrize("line", lines_to_try())
def test_the_pages_commands_do_what_they_say(clone: Clone, line: str) -> None:
    asks = line.startswith(("pulumi refresh", "pulumi up"))
    text = clone.run(line + " --yes" if asks else line)
    assert re.search(SAYS[line], text), text
    assert "Traceback" not in text


def test_the_picture_that_is_drawn_is_the_pages(clone: Clone) -> None:
    assert (clone.folder / "digits.svg").read_text() == (ROOT / "docs" / "digits.svg").read_text()


def test_a_newcomer_changes_a_weight_and_a_class(clone: Clone) -> None:
    preview, up = commands("docs/getting-started.md", "## Change")
    models = clone.folder / "stacks" / "models.py"
    source = models.read_text()
    models.write_text(source.replace("traffic=100 - canary_traffic", "traffic=80"))
    said = clone.run(preview, status=1)
    assert "traffic 80 + 10 = 90, must sum to 100" in said
    models.write_text(source.replace("canary_traffic: int = 10", "canary_traffic: int = 25"))
    assert "1 to update" in clone.run(preview)
    assert "1 updated" in clone.run(up)
    models.write_text(source)
    clone.run(up)


def test_what_is_broken_by_hand_shows_and_is_mended(clone: Clone) -> None:
    remove, preview, up = commands("docs/getting-started.md", "## Break")
    clone.run(remove)
    assert re.search(r"digits\.main\.classify.*create", clone.run(preview))
    clone.run(up)
    assert min(accuracies(clone.run("seldon-infra verify --stack local")).values()) > 0.95


def test_destroy_leaves_nothing(clone: Clone) -> None:
    (line,) = [line for line in README if "destroy" in line]
    clone.run(f"{line} --yes")
    assert not (clone.folder / ".seldon" / "local").exists()
    wait_until(lambda: not processes_below(clone.folder))


def test_the_demo_plays_a_day_in_which_a_shift_is_seen_and_no_request_fails(clone: Clone) -> None:
    text = clone.run("make demo ARGS='--seconds 36'")
    assert "\n0 requests failed\n" in text
    hours = dict(re.findall(r"^  (\d\d):00 (.*)$", text, re.MULTILINE))
    assert len(hours) == 24
    assert not any("SeldonDrift" in hours[f"{hour:02d}"] for hour in range(14))
    assert "SeldonDrift" in hours["23"]
    # In a day this short there are too few payments for a verdict.
    assert re.search(r"(?m)^users +\d{3} +\d{3} +split 50 to 50$", text)
    assert "guardrail of 1 points: not broken" in text
    assert re.search(r"(?m)^  \+0\.\d+  distance_km = 120$", text)
    assert "request" in clone.run("seldon-infra payloads fraud --last 3")
    back = (ROOT / "docs" / "demo.md").read_text().partition("## Back again")[2]
    (line,) = re.findall(r"(?m)^pulumi config rm .*$", back)
    assert "deleted" in clone.run(f"{line} --yes")
    assert clone.run("git diff --stat") == ""
