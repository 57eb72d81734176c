"""Detectors before a model: a real Prometheus sees shifted rows and strange ones, and nothing where there are none."""

from __future__ import annotations

import json
import random
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.engine.waiting import wait_until
from tests.local.explainer_scene import FEATURES, make
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask

pytestmark = [pytest.mark.engine, pytest.mark.local]

DEFINITION = """
score = Model(name="score", server=SklearnServer(), model_uri="model")
unlike = Model(name="unlike", server=OutlierDetector(share=0.05), model_uri="payments.csv", children=(score,))
drift = Model(name="drift", server=DriftDetector(window=50), model_uri="payments.csv", children=(unlike,))
beside = Model(name="drift", server=DriftDetector(window=50), model_uri="payments.csv")

def deployment(name, graph):
    predictor = Predictor(name="main", graph=graph)
    return SeldonDeployment(name=name, namespace="shop", protocol="v2", predictors=(predictor,))

stack = Stack(
    target=Local(drain_seconds=0, monitoring=Monitoring(interval="1s")),
    deployments=(deployment("fraud", drift), deployment("beside", beside)),
)
"""
EVENT = {
    "Ce-Specversion": "1.0",
    "Ce-Id": "1",
    "Ce-Type": "io.seldon.serving.inference.request",
    "Ce-Source": "http://x/",
    "Content-Type": "application/json",
}
"""What Seldon's executor writes beside a payload that it logs. Source: executor/logger, seldon-core 1.17.1."""
ALERTS = {"SeldonDrift", "SeldonOutliers"}
FRAUD = 'deployment_name="fraud"'


class Watched:
    """The stack, the rows that its model has seen, and what Prometheus says."""

    def __init__(self, project: Project) -> None:
        self.project = project
        text = (project.folder / "payments.csv").read_text().splitlines()[1:]
        self.rows = [[float(cell) for cell in line.split(",")] for line in text]
        self.url = project.engine.outputs()["prometheus_url"]

    def send(self, rows: list[list[float]], name: str = "fraud", headers: Mapping[str, str] | None = None) -> Answer:
        cells = [cell for row in rows for cell in row]
        tensor = {"name": "predict", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": cells}
        body = json.dumps({"inputs": [tensor]}).encode()
        return ask(self.project.port, f"/seldon/shop/{name}/v2/models/drift/infer", "POST", body, headers)

    def asked(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=60) as answer:
            return json.loads(answer.read())["data"]

    def value(self, query: str) -> float:
        found = self.asked(f"query?query={urllib.parse.quote(query)}")["result"]
        return float(found[0]["value"][1]) if found else -1.0

    def firing(self) -> set[str]:
        found = self.asked("alerts")["alerts"]
        return ALERTS & {each["labels"]["alertname"] for each in found if each["state"] == "firing"}


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with new_project() as project:
        make(project.folder)
        project.write(DEFINITION)
        project.engine.up()
        yield Watched(project)


def test_rows_as_the_reference_fire_nothing_and_shifted_ones_do(watched: Watched) -> None:
    alike = random.Random(0).sample(watched.rows, 100)
    assert watched.send(alike).status == 200
    wait_until(lambda: watched.value(f"seldon_detector_windows_total{{{FRAUD}}}") == 2)
    wait_until(lambda: watched.value(f"min(seldon_detector_rows_total{{{FRAUD}}})") == 100)
    assert watched.value(f"seldon_detector_drift{{{FRAUD}}}") == 0
    assert watched.firing() == set()

    shifted = [[row[0] * 4 + 200, row[1], row[2] * 3, row[3], row[4]] for row in alike]
    for _ in range(3):  # a rate needs counts that rise from one look of Prometheus to the next
        assert watched.send(shifted).status == 200
        wait_until(lambda: watched.value(f"seldon_detector_drift{{{FRAUD}}}") == 1)
    wait_until(lambda: watched.firing() == ALERTS)
    assert watched.value(f'seldon_detector_drift_distance{{{FRAUD},feature="amount"}}') > 0.5
    assert watched.value(f'seldon_detector_drift_distance{{{FRAUD},feature="hour"}}') < 0.3


def test_a_detector_beside_a_predictor_takes_the_events_of_its_logger(watched: Watched) -> None:
    for row in watched.rows[:50]:
        assert watched.send([row], "beside", EVENT).status == 200
    wait_until(lambda: watched.value('seldon_detector_windows_total{deployment_name="beside"}') == 1)
    assert watched.value('seldon_detector_drift{deployment_name="beside"}') == 0


def test_answers_are_the_models_own(watched: Watched) -> None:
    answer = watched.send(watched.rows[:3])
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["name"] == "predict"
    assert answer.json["outputs"][0]["shape"] == [3, 1]


def test_a_detectors_own_answer_has_its_tags(watched: Watched) -> None:
    stack = watched.project.stack
    port = stack.process("fraud.main.unlike").ports["http"]
    tensor = {"name": "predict", "shape": [2, 5], "datatype": "FP64", "data": [*watched.rows[0], 9e5, 3, 9e4, 60, 1]}
    answer = ask(port, "/v2/models/unlike/infer", "POST", json.dumps({"inputs": [tensor]}).encode())
    assert answer.json["parameters"]["outlier"] == [False, True]
    assert answer.json["outputs"][0]["data"] == tensor["data"]


def test_a_row_of_another_width_is_refused_with_the_features(watched: Watched) -> None:
    answer = watched.send([[1.0, 2.0]])
    assert answer.status == 400
    assert f"FP64 [1, 2], must be [n, 5]: {', '.join(FEATURES)}" in answer.body.decode()
