"""What this machine is asked for; the engine's answers are the SDK's test double."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from seldon_infra import CatalogueServer, Model, Predictor, SeldonDeployment
from seldon_infra.targets.local_monitoring import of_server
from tests.unit.targets.program import Declared, declare


@pytest.fixture
def declared(tmp_path: Path) -> Any:
    def run(deployments: str) -> Declared:
        return declare(deployments, "Local()", tmp_path, preview=True)

    return run


def orchestrator(done: Declared) -> Any:
    assert done.made, done.said
    return json.loads(
        next(inputs["files"]["graph.json"] for _, name, inputs in done.made if name == "d.a")
        .replace("{port.http}", "1")
        .replace("{port.grpc}", "2")
    )


@pytest.mark.parametrize("rest", ["'5s'", "later('5s')"])
def test_an_orchestrator_keeps_the_deployments_timeout(declared: Any, rest: str) -> None:
    done = declared(f"deployment(timeouts=Timeouts(rest={rest}))")
    assert orchestrator(done)["rest_seconds"] == 5


def test_a_namespace_may_come_late(declared: Any) -> None:
    done = declared("deployment(namespace=later('team'))")
    assert orchestrator(done)["namespace"] == "team"
    assert done.one("Route")["namespace"] == "team"


def test_prometheus_asks_orchestrators_and_servers_and_knows_what_is_promised(tmp_path: Path) -> None:
    target = "Local(monitoring=Monitoring())"
    done = declare("deployment(slo=Slo(availability=later(99.9)))", target, tmp_path, preview=True)
    assert done.made, done.said
    files = next(inputs["files"] for _, name, inputs in done.made if name == "prometheus")
    paths = [each["labels"]["__metrics_path__"] for each in json.loads(files["watched/targets.json"])]
    assert sorted(paths) == ["/prometheus", "/prometheus", "/stats/prometheus"]
    names = [group["name"] for group in json.loads(files["watched/rules.json"])["groups"]]
    assert names == ["ns/d/measured", "ns/d/trouble", "ns/d/records", "ns/d/alerts"]


async def test_a_server_that_is_a_folder_alone_is_asked_as_well() -> None:
    node = Model(name="m", server=CatalogueServer(name="mlserver"), model_uri="m")
    predictor = Predictor(name="main", graph=node)
    deployment = SeldonDeployment(name="d", protocol="v2", predictors=[predictor])
    addresses = pulumi.Output.from_input({"metrics": "127.0.0.1:4"})
    (asked,) = of_server(deployment, predictor, node, addresses)
    assert (await asked.future())["targets"] == ["127.0.0.1:4"]  # type: ignore[index]


def test_without_monitoring_nobody_asks(declared: Any) -> None:
    assert "prometheus" not in [name for _, name, _ in declared("deployment()").made]


def test_what_comes_late_and_is_wrong_is_said_in_one_error_of_the_users(declared: Any) -> None:
    done = declared("deployment(predictor(traffic=later('lots')))")
    assert not done.made
    assert "traffic 'lots', must be a whole number" in done.said
    assert "errors.InvalidSpec" not in done.said


def test_a_secret_that_is_wrong_is_not_told(declared: Any) -> None:
    parameter = "Parameter(name='t', value=secret(['hunter2']), type='INT')"
    done = declared(f"deployment(predictor(graph=model(parameters=[{parameter}])))")
    assert "must be" in done.said
    assert "['hunter2']," not in done.said
