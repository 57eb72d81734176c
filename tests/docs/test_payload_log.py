"""docs/payload-log.md: its definition runs, its commands print what it says, its names are the code's."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.cli.render import cluster_manifests
from seldon_infra.core.yaml import dump
from seldon_infra.runtime.payloads.web import headers_of
from seldon_infra.stack import Stack
from seldon_infra.targets.spec import Kubernetes
from tests.docs.shell import shell
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.unit.runtime.test_payloads import PAYLOAD

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "payload-log.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SCORE = """
import numpy as np
class Score:
    def predict(self, rows, names, meta=None):
        return np.asarray(rows)[:, :1]
"""


COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def typed(block: str, project: Project) -> str:
    program = f'"{sys.executable}" -m seldon_infra.cli.main '
    return shell(block.replace("seldon-infra ", program).replace(" fraud", f" fraud --stack {STACK}"), project.folder)


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "score.py").write_text(SCORE)
        made.write(BLOCKS[0].replace("sample=0.1, ", ""))
        made.engine.up()
        yield made


@pytest.mark.engine
@pytest.mark.local
def test_the_commands_print_what_was_kept_without_what_is_redacted(project: Project) -> None:
    body = {"data": {"names": ["amount", "card"], "ndarray": [[12.5, 4111]]}}
    path = "/seldon/shop/fraud/api/v1.0/predictions"
    assert project.ask(body, path, headers={"Seldon-Puid": "ID"}).json["data"]["ndarray"] == [[12.5]]
    folder = project.stack_dir.payloads / "shop" / "fraud"
    wait_until(lambda: list(folder.glob("*.parquet")), 20)
    shown = typed(COMMANDS[0], project)
    lines = shown.splitlines()
    assert [line.split()[1:4] for line in lines[:2]] == [["request", "score", "ID"], ["response", "score", "ID"]]
    asked, answered = (json.loads(json.loads(line)["payload"]) for line in lines[2:])
    assert asked["data"]["ndarray"] == [[12.5, None]]
    assert answered["data"]["ndarray"] == [[12.5]]


@pytest.mark.engine
@pytest.mark.local
def test_feedback_is_kept_with_what_it_is_about(project: Project) -> None:
    (project.folder / "row.json").write_text('{"data": {"ndarray": [[3, 4]]}, "meta": {"puid": "rated"}}')
    printed = typed(COMMANDS[1], project).splitlines()
    assert printed == ["fraud over REST: told of request rated", "fraud over gRPC: told of request ID"]
    command = "seldon-infra payloads fraud --event feedback --json"
    kept = wait_for(lambda: [json.loads(line) for line in typed(command, project).splitlines()], 2)
    assert [row["request_id"] for row in kept] == ["rated", "ID"]
    rated = json.loads(kept[0]["payload"])
    assert (rated["reward"], rated["truth"]) == (1.0, {"data": {"ndarray": [[1]]}})


def wait_for(rows: Callable[[], list[dict[str, Any]]], count: int) -> list[dict[str, Any]]:
    wait_until(lambda: len(rows()) == count, 20)
    return rows()


WRONG = [
    ("--reward 1", "feedback is about an answer: give --answer FILE, or --request-id and --routing"),
    ("--answer row.txt", "--answer row.txt: No such file or directory"),
    ("--request-id ID --truth yes", "--truth must be JSON: Expecting value"),
    ("--request-id ID --routing by-amount", "--routing by-amount must be ROUTER=CHILD"),
]


@pytest.mark.engine
@pytest.mark.local
@pytest.mark.parametrize(("words", "said"), WRONG)
def test_feedback_that_says_nothing_is_one_message(project: Project, words: str, said: str) -> None:
    line = f'"{sys.executable}" -m seldon_infra.cli.main feedback fraud --stack {STACK} {words}'
    assert said in shell(line, project.folder, status=2)


@pytest.mark.engine
@pytest.mark.local
def test_a_preview_finds_nothing_to_change(project: Project) -> None:
    project.engine.preview("--expect-no-changes")


def test_the_topic_of_the_page_is_rendered_for_the_executor() -> None:
    import seldon_infra

    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(BLOCKS[1], "page", "exec", dont_inherit=True), names)
    stack = Stack(target=Kubernetes(), deployments=[names["fraud"]])
    assert stack.check() == []
    text = dump([each for each in cluster_manifests(stack) if each["kind"] == "SeldonDeployment"])
    assert "name: LOGGER_KAFKA_BROKER" in text
    assert "value: payloads" in text


def test_the_headers_are_those_that_are_sent() -> None:
    shown = {name.lower() for name in re.findall(r"`(Ce-\w+)`", PAGE)}
    assert shown == {name.lower() for name in headers_of(PAYLOAD) if name.startswith("Ce-")} - {"ce-specversion"}
