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


SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""What marks a secret on its way to the engine. Source: runtime/rpc.py of Pulumi's SDK."""
LOGGED = "deployment(predictor(graph=model(logger=Logger(mode='all'))))"


def test_where_a_node_has_a_logger_there_is_one_log_and_prometheus_asks_it_too(tmp_path: Path) -> None:
    target = "Local(monitoring=Monitoring(), payloads=PayloadFiles(rotate_seconds=5))"
    done = declare(LOGGED, target, tmp_path, preview=True)
    assert done.made, done.said
    (log,) = [inputs for _, name, inputs in done.made if name == "payloads"]
    assert "--rotate-seconds=5" in log["command"]
    assert orchestrator(done)["graph"]["logger"]["mode"] == "all"
    files = next(inputs["files"] for _, name, inputs in done.made if name == "prometheus")
    gateway, *served, payloads = json.loads(files["watched/targets.json"])
    assert len(served) == 2  # orchestrator and model server
    assert payloads["targets"] != gateway["targets"]
    silent = declare("deployment()", target, tmp_path, preview=True)
    assert "payloads" not in [name for _, name, _ in silent.made]


def test_what_brokers_are_shown_is_a_secret_and_stands_in_no_argument(tmp_path: Path) -> None:
    login = "KafkaLogin(username='payloads', password='hunter2')"
    kafka = f"PayloadKafka(brokers=later('kafka:9092'), topic='payloads', login={login})"
    done = declare(LOGGED, f"Local(payload_kafka={kafka})", tmp_path, preview=True)
    assert done.made, done.said
    (log,) = [inputs for _, name, inputs in done.made if name == "payloads"]
    words = log["command"]
    assert words[words.index("bootstrap.servers") + 1] == "kafka:9092"
    assert words[words.index("--kafka-secrets") + 1] == "{dir}/kafka"
    assert "hunter2" not in str(words)
    assert log["files"]["value"] == {"kafka/sasl.username": "payloads", "kafka/sasl.password": "hunter2"}
    assert SECRET in log["files"].values(), "the engine is told that it is a secret"


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
