"""An A/B test in the orchestrator and in the router of a cluster: the same arms over every transport and path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_infra.cli.main import main
from seldon_infra.experiments.ledger import Ledger, Record, find_ledger
from seldon_infra.experiments.spec import ByField, ByHeader, OutcomeRate, StickyBy
from seldon_infra.experiments.terms import Terms
from seldon_infra.graph.experiment import terms_of
from seldon_infra.graph.render_graph import server_parameters
from seldon_infra.graph.spec import ABTest, Model, Predictor, SeldonDeployment, SimpleModel
from seldon_infra.monitoring import install
from seldon_infra.monitoring.ask import NoPrometheus
from seldon_infra.monitoring.experiment_requests import requests_of
from seldon_infra.runtime.health import is_ready
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.processes import ProcessSpec
from seldon_infra.runtime.processes import Record as Started
from seldon_infra.servers.spec import MLServerRuntime, PythonServer
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import Graph, orchestrator
from tests.local.orchestrator.odd_node import OddNode, answer, odd_node
from tests.local.scene import Scene, ask, kill

pytestmark = pytest.mark.local
PREDICT, FEEDBACK = "/api/v1.0/predictions", "/api/v1.0/feedback"
ONE = {"data": {"ndarray": [[1.0]]}}
USERS = [f"user-{number}" for number in range(40)]
TAGGED = ByField(path="meta.tags.user")
V2_ANSWER = b'{"model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"FP64","data":[1]}]}'


@dataclass
class Experiment:
    """A graph whose root is an A/B test, with what is recorded of it."""

    graph: Graph
    deployment: SeldonDeployment
    nodes: Mapping[str, OddNode]

    @property
    def terms(self) -> Terms:
        (predictor,) = self.deployment.predictors
        assert isinstance(predictor.graph, ABTest)
        return terms_of(predictor.graph, self.deployment.name)

    @property
    def ledger(self) -> Ledger:
        return find_ledger(self.graph.scene.stack.root, self.deployment.name)

    def recorded(self, enough: Callable[[Record], bool]) -> Record:
        """Wait until what is recorded is enough."""
        wait_until(lambda: enough(self.ledger.read(self.terms)))
        return self.ledger.read(self.terms)

    def arm(self, name: str, user: str | None) -> int:
        """Ask for a user over REST, and say which arm answered."""
        headers = {} if user is None else {"x-user-id": user}
        got = self.graph.post(PREDICT, ONE, headers)
        assert got.status == 200, got.body
        return int(got.json["meta"]["routing"][name])

    def exposures(self) -> dict[str, float]:
        page = self.graph.get("/prometheus").body.decode()
        lines = [line for line in page.splitlines() if line.startswith("seldon_experiment_exposures_total{")]
        return {line.partition('arm="')[2].partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


def declared(name: str, sticky_by: StickyBy, arm: Callable[[str], Model], **more: Any) -> SeldonDeployment:
    test = ABTest(name=name, a=arm("old"), b=arm("new"), sticky_by=sticky_by, metric=OutcomeRate())
    return SeldonDeployment(name=name, namespace="ns", predictors=(Predictor(name="main", graph=test),), **more)


def simple(name: str) -> Model:
    return Model(name=name, server=SimpleModel())


def python(name: str) -> Model:
    return Model(name=name, server=PythonServer(source="score.py", class_name="Score"))


def runtime(name: str) -> Model:
    return Model(name=name, server=MLServerRuntime(source="score.py", class_name="Score"))


@pytest.fixture(scope="module")
def scene(new_scene: Callable[[], Scene]) -> Scene:
    return new_scene()


@pytest.fixture(scope="module")
def by_header(scene: Scene) -> Experiment:
    deployment = declared("by-header", ByHeader(name="X-User-Id"), simple)
    return Experiment(Graph(scene, {}, orchestrator(scene, deployment, {}, Local())), deployment, {})


@pytest.fixture(scope="module")
def by_field(scene: Scene) -> Experiment:
    deployment = declared("by-field", TAGGED, simple)
    return Experiment(Graph(scene, {}, orchestrator(scene, deployment, {}, Local())), deployment, {})


@pytest.fixture(scope="module")
def of_servers(scene: Scene) -> Iterator[Experiment]:
    deployment = declared("of-servers", ByHeader(name="x-user-id"), python)
    with odd_node() as old, odd_node() as new:
        nodes = {"old": old, "new": new}
        yield Experiment(Graph(scene, {}, orchestrator(scene, deployment, nodes, Local())), deployment, nodes)


@pytest.fixture(scope="module")
def on_v2(scene: Scene) -> Iterator[Experiment]:
    deployment = declared("on-v2", ByField(path="parameters.user"), runtime, protocol="v2")
    with odd_node(lambda _: answer(200, V2_ANSWER)) as old, odd_node(lambda _: answer(200, V2_ANSWER)) as new:
        nodes = {"old": old, "new": new}
        yield Experiment(Graph(scene, {}, orchestrator(scene, deployment, nodes, Local())), deployment, nodes)


def test_a_user_has_the_arm_that_the_algorithm_says_over_rest_and_grpc(by_header: Experiment) -> None:
    expected = [by_header.terms.arm_of(user) for user in USERS]
    assert set(expected) == {0, 1}
    assert [by_header.arm("by-header", user) for user in USERS] == expected
    request = message("seldon.protos.SeldonMessage")(data={"tensor": {"shape": [1], "values": [1.0]}})
    answers = [
        by_header.graph.call("seldon.protos.Seldon/Predict", request, "seldon.protos.SeldonMessage", x_user_id=user)
        for user in USERS[:10]
    ]
    assert [each.meta.routing["by-header"] for each in answers] == expected[:10]


def test_a_field_of_the_request_says_who_the_user_is(by_field: Experiment) -> None:
    for user, sent in (*((user, user) for user in USERS[:10]), ("7", 7)):
        got = by_field.graph.post(PREDICT, {**ONE, "meta": {"tags": {"user": sent}}})
        assert got.json["meta"]["routing"]["by-field"] == by_field.terms.arm_of(user)
        request = message("seldon.protos.SeldonMessage")(data={"tensor": {"shape": [1], "values": [1.0]}})
        if isinstance(sent, str):
            request.meta.tags["user"].string_value = sent
        else:
            request.meta.tags["user"].number_value = sent
        answered = by_field.graph.call("seldon.protos.Seldon/Predict", request, "seldon.protos.SeldonMessage")
        assert answered.meta.routing["by-field"] == by_field.terms.arm_of(user)


def test_a_request_is_counted_once_by_its_arm_and_a_user_once_for_good(by_header: Experiment) -> None:
    before = Counter(by_header.exposures())
    fresh = [f"counted-{number}" for number in range(20)]
    for user in (*fresh, *fresh):
        by_header.arm("by-header", user)
    arms = Counter(by_header.terms.arms[by_header.terms.arm_of(user)] for user in fresh)
    counted = Counter(by_header.exposures())
    assert {arm: counted[arm] - before[arm] for arm in ("old", "new")} == {arm: 2 * arms[arm] for arm in arms}
    record = by_header.recorded(lambda it: len(it.exposures) >= len(fresh))
    known = {by_header.terms.unit_of(user) for user in (*fresh, *USERS)}
    assert len(record.exposures) <= len(known)


def test_a_request_without_a_key_gets_arm_a_and_is_no_part_of_the_experiment(by_header: Experiment) -> None:
    before, rows = by_header.exposures(), len(by_header.ledger.read(by_header.terms).exposures)
    assert {by_header.arm("by-header", user) for user in (None, "", "  ")} == {0}
    after = by_header.exposures()
    assert after["none"] - before.get("none", 0) == 3
    assert (after.get("old"), after.get("new")) == (before.get("old"), before.get("new"))
    assert len(by_header.ledger.read(by_header.terms).exposures) <= max(rows, len(USERS) + 20)


def test_a_killed_orchestrator_comes_back_with_every_users_arm_and_the_record(by_header: Experiment) -> None:
    before = [by_header.arm("by-header", user) for user in USERS]
    by_header.recorded(lambda it: len(it.exposures) >= len(USERS))
    scene, record = by_header.graph.scene, by_header.graph.orchestrator
    pid = scene.pid(record)
    kill(pid)
    wait_until(lambda: scene.pid(record) not in (0, pid) and is_ready("http", record.ports["http"], "/live"))
    assert [by_header.arm("by-header", user) for user in USERS] == before
    assert len(by_header.ledger.rounds()) == 1


def test_a_failing_arm_is_counted_as_failing_and_a_clients_mistake_is_not(of_servers: Experiment) -> None:
    terms = of_servers.terms
    new = next(user for user in USERS if terms.arm_of(user) == 1)
    for status in (500, 400, 200):
        of_servers.nodes["new"].reply = lambda _, status=status: answer(status)
        got = of_servers.graph.post(PREDICT, ONE, {"x-user-id": new})
        assert got.status == status
    record = of_servers.recorded(lambda it: sum(row.requests.answered for row in it.requests if row.requests) >= 3)
    counts = [(row.arm, row.requests) for row in record.requests if row.requests]
    assert {arm for arm, _ in counts} == {1}
    assert sum(requests.failed for _, requests in counts) == 1
    assert sum(sum(requests.buckets) for _, requests in counts) == 3


def test_a_reward_is_the_outcome_of_its_user_once(of_servers: Experiment) -> None:
    def tell(user: str | None, reward: float) -> None:
        arm = of_servers.terms.arm_of(user or "")
        response = {"meta": {"routing": {"of-servers": arm}}}
        headers = {"x-user-id": user} if user else {}
        told = {"request": ONE, "response": response, "reward": reward}
        assert of_servers.graph.post(FEEDBACK, told, headers).status == 200

    first, second, third, *_ = USERS
    for user, reward in ((first, 1.0), (first, 0.0), (None, 1.0), (third, 0.5), (second, 0.0)):
        tell(user, reward)
    record = of_servers.recorded(lambda it: len(it.outcomes) >= 2)
    assert [(row.arm, row.value) for row in record.outcomes] == [
        (of_servers.terms.arm_of(first), 1.0),
        (of_servers.terms.arm_of(second), 0.0),
    ]


def test_on_v2_a_parameter_says_who_the_user_is(on_v2: Experiment) -> None:
    expected = Counter(on_v2.terms.arms[on_v2.terms.arm_of(user)] for user in USERS)
    tensor = {"name": "x", "shape": [1], "datatype": "FP64", "data": [1.0]}
    for user in USERS:
        got = on_v2.graph.post("/v2/models/infer", {"inputs": [tensor], "parameters": {"user": user}})
        assert got.status == 200, got.body
    assert {name: len(node.bodies) for name, node in on_v2.nodes.items()} == dict(expected)


def test_on_v2_a_parameter_means_the_same_over_grpc(on_v2: Experiment) -> None:
    """The arms listen on REST alone, so that the failure names the arm that was asked."""
    for user in USERS[:6]:
        request = message("inference.ModelInferRequest")(model_name="old")
        request.inputs.add(name="x", datatype="FP64", shape=[1], contents={"fp64_contents": [1.0]})
        request.parameters["user"].string_param = user
        with pytest.raises(grpc.RpcError) as error:
            on_v2.graph.call("inference.GRPCInferenceService/ModelInfer", request, "inference.ModelInferResponse")
        assert f"node '{on_v2.terms.arms[on_v2.terms.arm_of(user)]}'" in error.value.details()


@pytest.fixture(scope="module")
def router(scene: Scene, by_header: Experiment) -> Started:
    """The container of a cluster, as a process, with what Seldon's operator tells it."""
    (predictor,) = by_header.deployment.predictors
    environment = {
        "PREDICTIVE_UNIT_PARAMETERS": json.dumps(server_parameters(by_header.deployment, predictor.graph)),
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "{port.http}",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "{port.grpc}",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "{port.metrics}",
        "SELDON_DEPLOYMENT_ID": "by-header",
        "PREDICTOR_ID": "main",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    assert isinstance(predictor.graph, ABTest)
    command = [sys.executable, *predictor.graph.server.command[1:], "--host", "127.0.0.1"]
    spec = ProcessSpec(
        name="router", command=[str(it) for it in command], environment=environment, ports=["http", "grpc", "metrics"]
    )
    record = scene.start(spec)
    wait_until(lambda: is_ready("http", record.ports["http"], "/health/status"))
    return record


@pytest.mark.parametrize("path", ["/route", "/v2/models/by-header/route"])
def test_the_router_of_a_cluster_gives_the_same_arms(router: Started, by_header: Experiment, path: str) -> None:
    for user in USERS:
        got = ask(router.ports["http"], path, "POST", json.dumps(ONE).encode(), {"X-User-Id": user})
        assert got.json == {"data": {"ndarray": [[by_header.terms.arm_of(user)]]}}


def test_the_router_of_a_cluster_gives_the_same_arms_over_grpc(router: Started, by_header: Experiment) -> None:
    request = message("seldon.protos.SeldonMessage")(data={"tensor": {"shape": [1], "values": [1.0]}})
    with grpc.insecure_channel(f"127.0.0.1:{router.ports['grpc']}") as channel:
        route = channel.unary_unary("/seldon.protos.Router/Route")
        for user in USERS[:10]:
            got = route(request.SerializeToString(), timeout=60, metadata=(("x-user-id", user),))
            found = message("seldon.protos.SeldonMessage").FromString(got)
            assert found.data.ndarray.values[0].list_value.values[0].number_value == by_header.terms.arm_of(user)


def test_the_router_counts_under_the_same_name_and_refuses_what_it_does_not_know(router: Started) -> None:
    page = ask(router.ports["metrics"], "/prometheus", "GET", None).body.decode()
    assert 'seldon_experiment_exposures_total{arm="old",deployment_name="by-header"' in page
    assert ask(router.ports["http"], "/predict", "POST", b"{}").status == 404
    assert ask(router.ports["http"], "/route", "POST", b"no json").json == {"data": {"ndarray": [[0]]}}


def test_a_router_that_is_told_nothing_says_so() -> None:
    command = [sys.executable, "-m", "seldon_infra.runtime.experiment_router"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "no parameter 'experiment' in PREDICTIVE_UNIT_PARAMETERS: declare an ABTest\n",
    )


def test_a_record_that_cannot_be_written_stops_no_request(scene: Scene) -> None:
    deployment = declared("unwritable", ByHeader(name="x-user-id"), simple)
    place = scene.stack.root.parent / ".experiments" / scene.stack.root.name / "unwritable.unwritable.sqlite"
    place.mkdir(parents=True)
    broken = Experiment(Graph(scene, {}, orchestrator(scene, deployment, {}, Local())), deployment, {})
    assert [broken.arm("unwritable", user) for user in USERS] == [broken.terms.arm_of(user) for user in USERS]
    log = Path(scene.stack.processes / broken.graph.orchestrator.id / "log")
    wait_until(lambda: "experiments are not recorded" in log.read_text())


OF_SERVERS = """
from seldon_infra import *
from seldon_infra import Kubernetes, Stack

def arm(name):
    return Model(name=name, server=PythonServer(source="score.py", class_name="Score"))

test = ABTest(
    name="of-servers", a=arm("old"), b=arm("new"), sticky_by=ByHeader(name="x-user-id"), metric=OutcomeRate(),
    guardrails=[Guardrail(metric=ErrorRate(), at_most=0.01)], image="registry.example/router:1",
)
predictors = [Predictor(name="main", graph=test)]
stack = Stack(
    target=Kubernetes(), deployments=[SeldonDeployment(name="of-servers", namespace="ns", predictors=predictors)]
)
"""


def test_prometheus_tells_how_requests_of_both_arms_went(
    scene: Scene, of_servers: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = of_servers.terms
    users = {arm: next(user for user in USERS if terms.arm_of(user) == arm) for arm in (0, 1)}
    of_servers.nodes["new"].reply = of_servers.nodes["old"].reply = lambda _: answer(200)
    for user in users.values():
        of_servers.graph.post(PREDICT, ONE, {"x-user-id": user})
    install.provide()
    asked = {
        "global": {"scrape_interval": "200ms"},
        "scrape_configs": [
            {
                "job_name": "orchestrators",
                "metrics_path": "/prometheus",
                "static_configs": [{"targets": [f"127.0.0.1:{of_servers.graph.orchestrator.ports['http']}"]}],
            }
        ],
    }
    command = [str(install.program("prometheus")), "--config.file={dir}/asked.yml", "--storage.tsdb.path={dir}/data"]
    listening = "--web.listen-address=127.0.0.1:{port.http}"
    spec = ProcessSpec("prometheus", [*command, listening], files={"asked.yml": json.dumps(asked)}, ports=["http"])
    record = scene.start(spec)
    wait_until(lambda: is_ready("http", record.ports["http"], "/-/ready"))
    url = f"http://127.0.0.1:{record.ports['http']}"

    def counted() -> list[tuple[int, int]]:
        try:
            return [(it.answered, it.failed) for it in requests_of(terms, url, None, 60)[-1].requests]
        except NoPrometheus:
            return []

    wait_until(lambda: counted() == [(0, 0), (0, 0)])
    of_servers.nodes["new"].reply = lambda _: answer(500)
    for user in (*[users[0]] * 5, *[users[1]] * 3):
        of_servers.graph.post(PREDICT, ONE, {"x-user-id": user})
    wait_until(lambda: counted() == [(5, 0), (3, 3)])
    (tmp_path / "Pulumi.yaml").write_text('{"name": "shop", "runtime": "python"}')
    (tmp_path / "ab_cluster.py").write_text(OF_SERVERS)
    told = tmp_path / "outcomes.jsonl"
    told.write_text('{"user": "u", "value": 1}\n{"user": "u", "value": 0}\n{"user": "v", "value": 0}\n')
    words = ["report", "of-servers", "--stack", "ab_cluster", "--project", str(tmp_path), "--prometheus", url]
    assert main(["experiment", *words, "--since", "1m", "--outcomes", str(told), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["decision"], sum(found["samples"]), found["users"]) == ("not yet", 2, None)
    assert main(["experiment", *words, "--since", "soon"]) == 2
    assert "--since 'soon' must be a duration" in capsys.readouterr().err
    assert main(["experiment", *words[:1], "other", *words[2:]]) == 2
    assert "declares 0 experiments 'other', must be one" in capsys.readouterr().err
    with pytest.raises(NoPrometheus, match="has no seldon_api_executor_client_requests_seconds_bucket of deployment"):
        requests_of(terms, url, "elsewhere", 60)
