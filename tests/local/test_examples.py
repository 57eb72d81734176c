"""The examples, each by the commands of its own README, and what they show."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.cli.client import GrpcClient, RestClient
from seldon_infra.cli.local_stack import LocalStack
from tests.docs.shell import accuracies, shell
from tests.engine.scratch import ENVIRONMENT
from tests.engine.waiting import wait_until
from tests.local.scene import Answer, ask, end_below, processes_below

pytestmark = [pytest.mark.engine, pytest.mark.local, pytest.mark.docs]
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Example:
    """A copy of the examples, with one of them applied, and what its README's commands printed."""

    name: str
    folder: Path
    said: str

    @property
    def stack(self) -> LocalStack:
        return LocalStack("local", self.folder)

    def predict(self, rows: list[list[float]], **headers: str) -> Answer:
        path = f"/seldon/examples/{self.name}/api/v1.0/predictions"
        body = json.dumps({"data": {"ndarray": rows}}).encode()
        return ask(self.stack.gateway_port(), path, "POST", body, headers)

    def tags(self, amount: float) -> dict[str, Any]:
        return dict(self.predict([[amount, 14, 2, 1, 0]]).json["meta"]["tags"])


@pytest.fixture(scope="module")
def applied() -> Iterator[Callable[[str], Example]]:
    project = Path(tempfile.mkdtemp(prefix="ex-")).resolve()
    shutil.copytree(EXAMPLES, project / "examples", ignore=shutil.ignore_patterns("models", ".seldon", "__pycache__"))
    (project / ".venv").symlink_to(ENVIRONMENT)
    (project / "backend").mkdir()
    names: list[str] = []

    def apply(name: str) -> Example:
        names.append(name)
        blocks = re.findall(r"```sh\n(.*?)```", (project / "examples" / name / "README.md").read_text(), re.DOTALL)
        script = "\n".join(blocks).replace("pulumi destroy --stack local --yes\n", "")
        return Example(
            name, project / "examples" / name, shell(script, project, PULUMI_BACKEND_URL=f"file://{project}/backend")
        )

    yield apply
    for name in names:
        folder = project / "examples" / name
        shell(
            "../../.venv/bin/pulumi destroy --stack local --yes", folder, PULUMI_BACKEND_URL=f"file://{project}/backend"
        )
        assert not (folder / ".seldon" / "local").exists()
    try:
        wait_until(lambda: not processes_below(project))
    finally:
        end_below(project)
        shutil.rmtree(project)


@pytest.fixture(scope="module")
def fraud(applied: Callable[[str], Example]) -> Example:
    return applied("fraud")


def test_fraud_is_found_on_both_transports(fraud: Example) -> None:
    found = accuracies(fraud.said)
    assert set(found) == {"REST", "gRPC"}
    assert min(found.values()) > 0.9  # 87 % are honest
    assert (fraud.folder / "fraud.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("amount", "route", "path"), [(9.5, 0, {"quick"}), (950, 1, {"mean", "linear", "network"})])
def test_the_router_sends_by_amount(fraud: Example, amount: float, route: int, path: set[str]) -> None:
    meta = fraud.predict([[amount, 14, 2, 1, 0]]).json["meta"]
    assert meta["routing"] == {"by-amount": route}
    assert set(meta["requestPath"]) == {"normalise", "by-amount"} | path


def test_the_combiner_gives_the_mean_of_both_models(fraud: Example) -> None:
    row = [950.0, 3.0, 80.0, 4.0, 1.0]
    found = fraud.predict([row]).json["data"]["ndarray"][0][1]
    scaled = json.dumps({"data": {"ndarray": [normalised(row)]}}).encode()
    ports = [fraud.stack.process(f"fraud.main.{name}").ports["http"] for name in ("linear", "network")]
    json_type = {"Content-Type": "application/json"}
    alone = [ask(port, "/predict", "POST", scaled, json_type) for port in ports]
    assert found == pytest.approx(sum(answer.json["data"]["ndarray"][0][1] for answer in alone) / 2)


def normalised(row: list[float]) -> list[float]:
    import math

    amount, hour, distance, count, new_shop = row
    return [math.log1p(amount) / 10, hour / 24, math.log1p(distance) / 10, count / 10, new_shop]


def test_feedback_reaches_the_router_and_the_models_of_the_branch(fraud: Example) -> None:
    before = {"small": fraud.tags(9.5), "large": fraud.tags(950)}
    answer = fraud.predict([[950, 14, 2, 1, 0]]).json
    sent = json.dumps({"response": answer, "reward": 0.25}).encode()
    told = ask(fraud.stack.gateway_port(), "/seldon/examples/fraud/api/v1.0/feedback", "POST", sent)
    assert told.status == 200
    small, large = fraud.tags(9.5), fraud.tags(950)
    assert small["rewards-quick"] == before["small"]["rewards-quick"]
    for name in ("router", "linear", "network"):
        assert large[f"rewards-{name}"] == before["large"][f"rewards-{name}"] + 0.25


def test_both_transports_say_the_same(fraud: Example) -> None:
    port, route = fraud.stack.gateway_port(), fraud.stack.route("fraud")
    request = {"data": {"ndarray": [[950.0, 3.0, 80.0, 4.0, 1.0]]}}
    with RestClient(port, route) as rest, GrpcClient(port, route) as rpc:
        answers = [client.ask(request).tree["data"]["ndarray"] for client in (rest, rpc)]
    assert answers[0] == answers[1]


@pytest.fixture(scope="module")
def recommend(applied: Callable[[str], Example]) -> Example:
    return applied("recommend")


def test_each_user_keeps_to_one_ranking_and_the_sides_are_about_even(recommend: Example) -> None:
    lines = re.findall(r"^(\d) (popular|personal)$", recommend.said, re.MULTILINE)
    assert len(lines) == 6
    assert lines[:3] == lines[3:]
    taken = [recommend.predict([[user]], **{"x-user": f"u{user}"}).predictor for user in range(300)]
    assert taken == [recommend.predict([[user]], **{"x-user": f"u{user}"}).predictor for user in range(300)]
    assert 100 <= taken.count("personal") <= 200  # 150 expected, five standard deviations are 43


def test_the_personal_ranking_differs_by_user_and_the_popular_one_does_not(recommend: Example) -> None:
    best: dict[str, set[int]] = {"popular": set(), "personal": set()}
    for user in range(60):
        answer = recommend.predict([[user]], **{"x-user": f"u{user}"})
        scores = answer.json["data"]["ndarray"][0]
        assert len(scores) == 20
        best[answer.predictor].add(max(range(20), key=scores.__getitem__))
    assert len(best["popular"]) == 1
    assert len(best["personal"]) > 3


def test_an_unknown_user_is_the_clients_error(recommend: Example) -> None:
    answer = recommend.predict([[100000]])
    assert answer.status == 400
    assert "users have numbers from 0 to 399" in answer.json["error"]


def test_images_are_read_right(applied: Callable[[str], Example]) -> None:
    images = applied("images")
    assert min(accuracies(images.said).values()) > 0.97
    assert "images over gRPC, answered by main" in images.said
