"""What the pages show is there: pictures are what the command draws, links lead somewhere, limits are the code's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.cli.main import COMMANDS
from seldon_infra.ingress.routes import Limits
from seldon_infra.servers import catalogue
from seldon_infra.targets.spec import Local

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]


@pytest.mark.parametrize(("picture", "project"), [("digits.svg", "."), ("fraud.svg", "examples/fraud")])
def test_a_picture_is_what_the_command_draws(picture: str, project: str) -> None:
    command = [sys.executable, "-m", "seldon_infra.cli.main", "graph", "--stack", "local", "--format", "svg"]
    done = subprocess.run(command, cwd=ROOT / project, capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == (ROOT / "docs" / picture).read_text()


def anchors(page: Path) -> set[str]:
    """What a link may name in a page: its headings, as GitHub writes them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_the_limits_are_those_of_the_code() -> None:
    text, limits = (ROOT / "docs" / "local.md").read_text(), Limits()
    assert f"| {limits.max_body_bytes // 2**20} MiB |" in text
    assert f"| {limits.headers_seconds:g} s, {limits.request_seconds:g} s |" in text
    assert f"| {limits.idle_seconds:g} s |" in text
    assert f"| {limits.max_connections:,} |" in text
    assert f"max_in_flight={Local().max_in_flight}" in text


def test_the_servers_are_those_of_the_catalogue() -> None:
    text = (ROOT / "docs" / "servers.md").read_text()
    for name in catalogue.names():
        assert f"`{name}` {catalogue.load(name).version}" in text


def python_blocks() -> list[tuple[str, str]]:
    """The pages' Python; a block that names its file is run by a test of its page."""
    found = [(page, re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)) for page in PAGES]
    return [(f"{page.relative_to(ROOT)} {number}", text) for page, texts in found for number, text in enumerate(texts)]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in python_blocks()])
def test_python_that_is_shown_runs(text: str) -> None:
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(text, "page", "exec", dont_inherit=True), names)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown_on_a_page(command: str) -> None:
    pages = [page for page in PAGES if re.search(rf"^ *seldon-infra {command}\b", page.read_text(), re.MULTILINE)]
    assert pages, f"no page shows a line that begins with `seldon-infra {command}`"
