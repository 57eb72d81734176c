"""A stack with monitoring on this machine: a real Prometheus asks real processes, and holds them to promises."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.monitoring.dashboards.panels import DEPLOYMENT, FLEET, Dashboard
from seldon_infra.monitoring.measured import (
    FAILED_SHARE,
    GOT_BYTES,
    REQUEST_RATE,
    RESTARTS,
    ROLLED_OUT,
    SECONDS_P50,
    SECONDS_P99,
    SENT_BYTES,
)
from seldon_infra.runtime.processes import Processes
from seldon_infra.runtime.stack_dir import StackDir
from tests.engine.scratch import OF_A_STACK, Engine, scratch_engine
from tests.engine.waiting import wait_until
from tests.local.queries import unanswered
from tests.local.scene import end_below, kill

pytestmark = pytest.mark.local

ROOT = Path(__file__).parents[2]
STACK = """
from seldon_infra import *

def model(name):
    return Model(name=name, server=PythonServer(source="double.py", class_name="Double"))

stack = Stack(
    target=Local(monitoring=Monitoring(interval="1s"), portable=False),
    deployments=[
        SeldonDeployment(
            name="fraud",
            namespace="shop",
            predictors=[
                Predictor(name="main", graph=model("score"), annotations={{"version": "v7"}}),
                Predictor(name="next", graph=model("score"), shadow=True),
            ],
            slo=Slo({slo}),
        ),
        {more}
    ],
)
"""
MORE = """
SeldonDeployment(
    name="more", namespace="shop", protocol="v2",
    predictors=[
        Predictor(
            name="main", graph=Model(name="one", server=MLServerRuntime(source="echo.py", class_name="Echo"))
        )
    ],
)
"""
ECHO = """
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput

class Echo(MLModel):
    async def predict(self, payload):
        outputs = [ResponseOutput(**each.model_dump(exclude={"parameters"})) for each in payload.inputs]
        return InferenceResponse(model_name=self.name, outputs=outputs)
"""
DOUBLE = """
class Double:
    def predict(self, X, names, meta=None):
        if X[0][0] < 0:
            raise ValueError("negative")
        return X * 2
"""


class Watched:
    """The stack, and what its Prometheus says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.declare()
        engine.up()
        self._outputs = engine.outputs()

    def declare(self, slo: str = "availability=99", more: str = "") -> None:
        (self.engine.directory / "test.py").write_text(STACK.format(slo=slo, more=more))

    def predict(self, number: float) -> int:
        return self.post(f"{self._outputs['fraud_url']}/api/v1.0/predictions", {"data": {"ndarray": [[number]]}})

    def post(self, url: str, tree: object) -> int:
        body = json.dumps(tree).encode()
        request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def folder(self) -> Path:
        """Where Prometheus runs."""
        (found,) = (self.engine.directory / ".seldon").glob("*/processes/prometheus-*")
        return found

    def asked(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._outputs['prometheus_url']}/api/v1/{path}", timeout=60) as answer:
            return json.loads(answer.read())["data"]

    def value(self, query: str) -> float | None:
        found = self.asked(f"query?query={urllib.parse.quote(query)}")["result"]
        return float(found[0]["value"][1]) if found else None

    def reached(self) -> set[tuple[str, ...]]:
        """Whom Prometheus reaches: servers by deployment, predictor and node; the gateway has no such labels."""
        found = self.asked("targets?state=active")["activeTargets"]
        labels = [each["labels"] for each in found if each["health"] == "up"]
        names = ("deployment_name", "predictor_name", "model_name")
        return {tuple(each.get(name, "") for name in names) for each in labels}

    def alerts(self) -> set[str]:
        groups = self.asked("rules")["groups"]
        return {rule["name"] for group in groups for rule in group["rules"] if rule["type"] == "alerting"}


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    folder = Path(tempfile.mkdtemp(prefix="watched-")).resolve()
    engine = scratch_engine(folder)
    engine.use_plugin("seldon", ROOT / ".venv" / "bin")
    engine.write_program(OF_A_STACK)
    (engine.directory / "double.py").write_text(DOUBLE)
    (engine.directory / "echo.py").write_text(ECHO)
    try:
        yield Watched(engine)
        engine.destroy()
    finally:
        end_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def test_orchestrators_and_servers_are_asked(watched: Watched) -> None:
    wanted = {("", "", "")}
    for predictor in ("main", "next"):
        wanted |= {("fraud", predictor, ""), ("fraud", predictor, "score")}
    wait_until(lambda: watched.reached() == wanted)


def test_what_seldons_dashboards_ask_for_is_there(watched: Watched) -> None:
    """The selectors of predictions-analytics-dashboard.json of Seldon Core's chart seldon-core-analytics, 1.17.1."""
    of = 'model_name=~"score",model_image=~".+",predictor_name=~"main",predictor_version=~"v7"'

    def counted() -> bool:
        assert watched.predict(1) == 200
        parts = ("count", "bucket", "sum", "summary_count", "summary_sum")
        series = [
            f'seldon_api_executor_client_requests_seconds_{part}{{service=~".*[Pp]redict",{of}}}' for part in parts
        ]
        return all(watched.value(f"sum({each})") is not None for each in series)

    wait_until(counted)


def test_every_record_of_a_deployment_has_a_value(watched: Watched) -> None:
    rules = [rule for group in watched.asked("rules")["groups"] for rule in group["rules"]]
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording" and ":seldon_" in rule["name"]}
    assert {"predictor:seldon_request_bytes:mean_rate5m", "node:seldon_requests:rate5m"} <= recorded
    assert "predictor:seldon_requests_failed:over_main_rate5m" in recorded
    own = '{namespace="shop",deployment_name="fraud"}'

    def all_there() -> bool:
        assert watched.predict(1) == 200
        # What is no number is no value.
        return all(watched.value(f"count({name}{own} == {name}{own})") for name in recorded)

    wait_until(all_there)
    size = f'predictor:seldon_request_bytes:mean_rate5m{{{own[1:-1]},predictor_name="main"}}'
    # Envoy's histograms know a value to some percent.
    assert watched.value(size) == pytest.approx(len('{"data": {"ndarray": [[1]]}}'), rel=0.1)


@pytest.mark.parametrize("page", [FLEET, DEPLOYMENT], ids=lambda page: page.name)
def test_every_query_of_a_dashboard_has_data(watched: Watched, page: Dashboard) -> None:
    assert watched.predict(1) == 200
    wait_until(lambda: not unanswered(watched.value, page))


def test_what_fails_is_recorded_and_wakes_somebody(watched: Watched) -> None:
    assert watched.predict(1) == 200
    record = 'deployment:seldon_requests_failed:ratio_rate5m{namespace="shop",deployment_name="fraud"}'

    def fails() -> bool:
        assert watched.predict(-1) >= 500
        return (watched.value(record) or 0) > 0.5

    wait_until(fails)
    firing = 'ALERTS{alertname="SeldonFailuresUseUpBudget",severity="page",alertstate="firing"}'
    wait_until(lambda: watched.value(firing) == 1)


def test_a_killed_prometheus_comes_back_with_what_it_knew_and_serving_goes_on(watched: Watched) -> None:
    known = 'count_over_time(predictor:seldon_requests:rate5m{predictor_name="main"}[1h])'

    def has_something_to_lose() -> bool:
        assert watched.predict(1) == 200
        return (watched.value(known) or 0) > 5

    wait_until(has_something_to_lose)
    started = watched.asked("status/runtimeinfo")["startTime"]
    kill(int((watched.folder() / "pid").read_text()))
    answers = [watched.predict(1) for _ in range(20)]

    def back() -> bool:
        with suppress(OSError):
            return bool(watched.asked("status/runtimeinfo")["startTime"] != started)
        return False

    wait_until(back)
    answers += [watched.predict(1) for _ in range(20)]
    assert set(answers) == {200}
    wait_until(lambda: (watched.value(known) or 0) > 5)


def test_a_prometheus_whose_port_somebody_has_taken_says_so_and_comes_back_when_it_is_free(watched: Watched) -> None:
    processes = Processes(StackDir(watched.folder().parents[1]))
    record = processes.record(watched.folder().name)
    assert record is not None
    processes.stop(record.id)
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", record.ports["http"]))
        taker.listen()
        processes.restart(record.id)
        wait_until(lambda: "address already in use" in "".join(processes.log_tail(record.id)))
        assert {watched.predict(1) for _ in range(20)} == {200}

    def back() -> bool:
        with suppress(OSError):
            return bool(watched.asked("status/runtimeinfo"))
        return False

    wait_until(back)


def test_rules_that_prometheus_refuses_leave_those_before_in_force(watched: Watched) -> None:
    processes = Processes(StackDir(watched.folder().parents[1]))
    record = processes.record(watched.folder().name)
    assert record is not None
    alerts, rules = watched.alerts(), watched.folder() / "watched" / "rules.json"
    before, bad = rules.read_text(), {"record": "x", "expr": "rate(("}
    files = {**record.spec.files, "watched/rules.json": json.dumps({"groups": [{"name": "bad", "rules": [bad]}]})}
    failure = processes.take_over(record, replace(record.spec, files=files), 60)
    assert failure is not None
    assert "could not parse expression" in failure
    assert rules.read_text() == before
    assert watched.alerts() == alerts != set()


@pytest.fixture(scope="module")
def started(watched: Watched) -> str:
    """When Prometheus had been started, before another deployment and another promise came."""
    before = str(watched.asked("status/runtimeinfo")["startTime"])
    watched.declare("latency_p99='200ms'", MORE)
    watched.engine.up()
    return before


def test_another_deployment_and_another_promise_are_taken_over_without_a_restart(
    watched: Watched, started: str
) -> None:
    wait_until(lambda: ("more", "main", "one") in watched.reached())
    wait_until(lambda: "SeldonSlownessUsesUpBudget" in watched.alerts())
    assert "SeldonFailuresUseUpBudget" not in watched.alerts()
    assert watched.asked("status/runtimeinfo")["startTime"] == started
    watched.engine.preview("--expect-no-changes")


@pytest.mark.usefixtures("started")
def test_where_the_gateway_asks_servers_itself_it_counts(watched: Watched) -> None:
    """The deployment that came later has no orchestrator."""
    tree = {"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1.0]}]}
    url = f"{watched.engine.outputs()['more_url']}/v2/models/one/infer"
    of = '{deployment_name="more",predictor_name="main"}'
    records = (REQUEST_RATE, FAILED_SHARE, SECONDS_P50, SECONDS_P99, SENT_BYTES, GOT_BYTES, RESTARTS, ROLLED_OUT)

    def all_there() -> bool:
        assert watched.post(url, tree) == 200
        return all(watched.value(f"count({name}{of} == {name}{of})") for name in records)

    wait_until(all_there)
    assert watched.value(f"{FAILED_SHARE}{of}") == 0
