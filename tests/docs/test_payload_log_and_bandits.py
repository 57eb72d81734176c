"""docs/payload-log.md and docs/bandits.md on one real stack: their commands print what they say, routers learn."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.cli.payloads import files_of, last_rows
from seldon_infra.cli.render import cluster_manifests
from seldon_infra.core.yaml import dump
from seldon_infra.payload_log.spec import PayloadKafka
from seldon_infra.runtime.payloads.kafka import OUTCOMES
from seldon_infra.runtime.payloads.web import headers_of
from seldon_infra.stack import Stack
from seldon_infra.targets.spec import Kubernetes
from tests.docs.shell import shell
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.unit.payload_log.cases import deployment
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


BANDITS = (Path(__file__).parents[2] / "docs" / "bandits.md").read_text()
BANDIT_BLOCKS = re.findall(r"```python\n(.*?)```", BANDITS, re.DOTALL)
BANDIT_COMMANDS = re.findall(r"```sh\n(.*?)```", BANDITS, re.DOTALL)
BOTH = """
{payloads}
logged = stack
{bandits}
stack = Stack(target=logged.target, deployments=(*logged.deployments, *stack.deployments))
"""
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def typed(block: str, project: Project) -> str:
    program = f'"{sys.executable}" -m seldon_infra.cli.main '
    named = re.sub(r" (fraud|offers) ", rf" \1 --stack {STACK} ", block.replace(" --stack local", ""))
    return shell(named.replace("seldon-infra ", program), project.folder)


def both(bandits: str = BANDIT_BLOCKS[0]) -> str:
    """The definitions of both pages as one stack; every request is logged."""
    return BOTH.format(payloads=BLOCKS[0].replace("sample=0.1, ", ""), bandits=bandits)


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        (made.folder / "score.py").write_text(SCORE)
        (made.folder / "offers.py").write_text(OFFERS)
        made.write(both())
        made.engine.up()
        yield made


@pytest.mark.engine
@pytest.mark.local
def test_the_commands_print_what_was_kept_without_what_is_redacted(project: Project) -> None:
    body = {"data": {"names": ["amount", "card"], "ndarray": [[12.5, 4111]]}}
    path = "/seldon/shop/fraud/api/v1.0/predictions"
    assert project.ask(body, path, headers={"Seldon-Puid": "ID"}).json["data"]["ndarray"] == [[12.5]]
    folder = project.stack_dir.payloads / "shop" / "fraud"
    # The two may come to be in two files, of which the second is due later.
    wait_until(lambda: list(folder.glob("*.parquet")) and len(rows_of(project)) == 2)
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
    wait_until(lambda: len(rows_of(project, event="feedback")) == 2)
    kept = [
        json.loads(line) for line in typed("seldon-infra payloads fraud --event feedback --json", project).splitlines()
    ]
    assert [row["request_id"] for row in kept] == ["rated", "ID"]
    rated = json.loads(kept[0]["payload"])
    assert (rated["reward"], rated["truth"]) == (1.0, {"data": {"ndarray": [[1]]}})


def rows_of(project: Project, **filters: str) -> list[dict[str, Any]]:
    return last_rows(files_of(project.stack, "fraud"), filters, 10)


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
    exec(compile(BLOCKS[2], "page", "exec", dont_inherit=True), names)
    stack = Stack(target=Kubernetes(), deployments=[names["fraud"]])
    assert stack.check() == []
    text = dump([each for each in cluster_manifests(stack) if each["kind"] == "SeldonDeployment"])
    assert "name: LOGGER_KAFKA_BROKER" in text
    assert "value: payloads" in text


def test_the_log_of_the_page_is_right_and_has_the_objects_that_are_listed() -> None:
    import seldon_infra

    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    exec(compile(BLOCKS[1].replace("sha256:…", f"sha256:{'0' * 64}"), "page", "exec", dont_inherit=True), names)
    stack = names["stack"]
    assert stack.check() == []
    made = {each["kind"] for each in cluster_manifests(stack) if each["metadata"].get("namespace") == "payloads"}
    told = set(re.findall(r"^\| ([A-Z]\w+) \|", PAGE.partition("## On a cluster")[2], re.MULTILINE))
    assert made == (told | {"ServiceAccount"}) - {"PodDisruptionBudget", "Secret"}


def test_kafka_of_the_page_is_right_on_both_targets_and_its_fields_and_outcomes_are_those_of_the_log() -> None:
    import seldon_infra

    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__} | {"secret": str}
    page = PAGE.partition("## To Kafka")[2].partition("\n## ")[0]
    block = page.partition("```py\n")[2].partition("```")[0]
    exec(compile(block, "page", "exec", dont_inherit=True), names)
    made = deployment().model_copy(update={"protocol": "v2"})
    for target in (names["here"], names["there"]):
        assert Stack(target=target, deployments=[made]).check() == []
    rows = [row.partition(" | ")[0] for row in page.splitlines() if row.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert set(PayloadKafka.model_fields) | {*OUTCOMES, "sent", "dropped: queue full"} == told


def test_the_headers_are_those_that_are_sent() -> None:
    shown = {name.lower() for name in re.findall(r"`(Ce-\w+)`", PAGE)}
    assert shown == {name.lower() for name in headers_of(PAYLOAD) if name.startswith("Ce-")} - {"ce-specversion"}


OFFERS = """
class Old:
    def predict(self, rows, names, meta=None):
        return [["old"]]
class New:
    def predict(self, rows, names, meta=None):
        return [["new"]]
"""
GOOD = {"old": 0.2, "new": 0.8}
PATH = "/seldon/shop/offers/api/v1.0/"


class Offers:
    """The page's stack, and a world in which one of the offers is better."""

    def __init__(self, project: Project) -> None:
        self.project, self.world, self.sent = project, random.Random(7), 0

    def play(self, requests: int) -> float:
        """Ask and tell; give the share of the better offer."""
        taken = []
        for _ in range(requests):
            self.sent += 1
            asked = {"data": {"ndarray": [[1]]}, "meta": {"puid": f"request-{self.sent}"}}
            got = self.project.ask(asked, f"{PATH}predictions")
            assert got.status == 200, got.body
            answer = got.json
            offer = answer["data"]["ndarray"][0][0]
            taken.append(offer)
            self.tell(answer["meta"], float(self.world.random() < GOOD[offer]))
        return taken.count("new") / requests

    def tell(self, meta: object, reward: float) -> int:
        return self.project.ask({"response": {"meta": meta}, "reward": reward}, f"{PATH}feedback").status

    def known(self) -> dict[str, dict[str, float]]:
        file = self.project.stack_dir.root / "state" / "offers.main.best.json"
        return dict(json.loads(file.read_text())["arms"])

    def rewards(self) -> float:
        return sum(arm["rewards"] for arm in self.known().values())


@pytest.fixture(scope="module")
def offers(project: Project) -> Offers:
    return Offers(project)


@pytest.mark.engine
@pytest.mark.local
def test_the_better_child_gets_the_traffic_also_after_a_crash_and_a_replacement(offers: Offers) -> None:
    offers.play(80)
    assert offers.play(40) > 0.7
    assert offers.rewards() == 120

    scene = offers.project.scene
    router = offers.project.stack.process("offers.main.best")
    pid = scene.pid(router)
    os.killpg(pid, signal.SIGKILL)  # its worker with it
    wait_until(lambda: scene.pid(router) != pid)
    wait_until(lambda: offers.project.ask({"data": {"ndarray": [[1]]}}, f"{PATH}predictions").status == 200)
    assert offers.play(30) > 0.7
    assert offers.rewards() == 150

    offers.project.write(both(BANDIT_BLOCKS[0].replace("ThompsonSampling()", "EpsilonGreedy(epsilon=0.1)")))
    offers.project.engine.up()
    assert offers.play(30) > 0.7
    assert offers.rewards() == 180


@pytest.mark.engine
@pytest.mark.local
def test_a_reward_counts_once_and_one_that_is_none_is_refused(offers: Offers) -> None:
    before = offers.rewards() if offers.sent else 0
    meta = {"puid": "twice", "routing": {"best": 1}}
    for reward in (1.0, 1.0, 0.0):
        assert offers.tell(meta, reward) == 200
    assert offers.rewards() == before + 1
    assert offers.tell({"puid": "odd", "routing": {"best": 1}}, 7.0) == 400
    assert offers.tell({"puid": "odd"}, 1.0) == 400
    assert offers.rewards() == before + 1


@pytest.mark.engine
@pytest.mark.local
def test_the_commands_of_the_page_ask_tell_and_write_what_an_image_is_built_from(offers: Offers) -> None:
    before = offers.rewards() if (offers.project.stack_dir.root / "state").exists() else 0
    (offers.project.folder / "row.json").write_text('{"data": {"ndarray": [[1]]}, "meta": {"puid": "by-hand"}}')
    assert "told of request by-hand" in typed(BANDIT_COMMANDS[0], offers.project)
    assert offers.rewards() == before + 1
    over_grpc = BANDIT_COMMANDS[0].replace("--data", "--grpc --data").replace("--answer", "--grpc --answer")
    (offers.project.folder / "row.json").write_text('{"data": {"ndarray": [[1]]}, "meta": {"puid": "by-wire"}}')
    assert "over gRPC: told of request by-wire" in typed(over_grpc, offers.project)
    assert offers.rewards() == before + 2
    typed(BANDIT_COMMANDS[1], offers.project)
    built = offers.project.folder / "build" / "bandit"
    assert (
        'CMD ["/opt/venv/bin/python", "-P", "/opt/server/serve.py", "bandit.Bandit"]'
        in (built / "Containerfile").read_text()
    )
    assert (built / "server" / "bandit.py").exists()
    assert not (built / "source").exists()
