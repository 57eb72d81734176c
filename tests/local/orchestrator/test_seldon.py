"""Seldon's semantics over REST and gRPC, on a graph of Seldon's own wrappers:

negate ← double → pick ─┬─ 0: small (+1)
                        ├─ 1: both (sum) of one (+10) and two (+20)
                        └─ 2: large (+100)
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from seldon_infra.graph.spec import (
    Combiner,
    Model,
    OutputTransformer,
    Parameter,
    Predictor,
    Router,
    SeldonDeployment,
    Timeouts,
    Transformer,
)
from seldon_infra.runtime.messages import message
from seldon_infra.servers.spec import PythonServer
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import Graph, orchestrator, start
from tests.local.scene import Answer, Scene, ask, held, kill

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("seldon_nodes.py")
PREDICT, FEEDBACK = "/api/v1.0/predictions", "/api/v1.0/feedback"


def server(class_name: str) -> PythonServer:
    return PythonServer(source=str(SOURCE), class_name=class_name)


def plus(name: str, amount: float) -> Model:
    parameters = (Parameter(name="amount", value=amount), Parameter(name="name", value=name))
    return Model(name=name, server=server("Plus"), parameters=parameters)


def deployment(name: str = "graph", timeouts: Timeouts | None = None) -> SeldonDeployment:
    both = Combiner(name="both", server=server("Sum"), children=(plus("one", 10), plus("two", 20)))
    pick = Router(name="pick", server=server("Pick"), children=(plus("small", 1), both, plus("large", 100)))
    double = Transformer(name="double", server=server("Double"), child=pick)
    root = OutputTransformer(name="negate", server=server("Negate"), child=double)
    return SeldonDeployment(
        name=name, namespace="ns", timeouts=timeouts, predictors=(Predictor(name="main", graph=root),)
    )


@pytest.fixture(scope="module")
def graph(new_scene: Callable[[], Scene]) -> Iterator[Graph]:
    return start(new_scene(), deployment(), SOURCE)


@dataclass(frozen=True)
class Rest:
    """Asks over REST."""

    graph: Graph

    def predict(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.graph.post(PREDICT, tree)
        assert answer.status == 200, answer.body
        return dict(answer.json)

    def feedback(self, tree: Mapping[str, Any]) -> None:
        answer = self.graph.post(FEEDBACK, tree)
        assert answer.status == 200, answer.body


@dataclass(frozen=True)
class Grpc:
    """Asks over gRPC, and gives the same trees."""

    graph: Graph

    def predict(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        request = json_format.ParseDict(tree, message("seldon.protos.SeldonMessage")())
        answer = self.graph.call("seldon.protos.Seldon/Predict", request, "seldon.protos.SeldonMessage")
        return json_format.MessageToDict(answer)

    def feedback(self, tree: Mapping[str, Any]) -> None:
        request = json_format.ParseDict(tree, message("seldon.protos.Feedback")())
        self.graph.call("seldon.protos.Seldon/SendFeedback", request, "seldon.protos.SeldonMessage")


@pytest.fixture(params=[Rest, Grpc])
def client(request: pytest.FixtureRequest, graph: Graph) -> Rest | Grpc:
    return request.param(graph)


def ndarray(*numbers: float) -> dict[str, Any]:
    return {"data": {"ndarray": [list(numbers)]}}


ROUTES = [
    # sent, route, answer, nodes that took part
    ((0, 5), 0, [-1, -11], {"negate", "double", "pick", "small"}),
    ((1, 5), 1, [-(12 + 22), -(20 + 30)], {"negate", "double", "pick", "both", "one", "two"}),
    ((2, 5), 2, [-104, -110], {"negate", "double", "pick", "large"}),
    ((4, 5), -2, [-8, -10], {"negate", "double", "pick"}),
    ((5, 5), -1, [-11, -11], {"negate", "double", "pick", "small", "both", "one", "two", "large"}),
]


@pytest.mark.parametrize(("sent", "route", "numbers", "path"), ROUTES)
def test_a_request_takes_the_way_that_the_router_says(
    client: Rest | Grpc, sent: tuple[float, ...], route: int, numbers: list[float], path: set[str]
) -> None:
    answer = client.predict(ndarray(*sent))
    assert answer["data"]["ndarray"] == [numbers]
    assert answer["meta"]["routing"] == {"pick": route}
    assert set(answer["meta"]["requestPath"]) == path
    assert set(answer["meta"]["requestPath"].values()) == {"seldon-python:1.17.1"}


def test_tags_and_metrics_gather_along_the_way(client: Rest | Grpc) -> None:
    meta = client.predict({**ndarray(1, 5), "meta": {"tags": {"mine": "kept"}}})["meta"]
    assert meta["tags"]["mine"] == "kept"
    assert {f"reward-{name}" for name in ("double", "pick", "one", "two")} <= set(meta["tags"])
    assert {metric["key"] for metric in meta["metrics"]} == {
        f"calls_{name}" for name in ("double", "pick", "one", "two")
    }


def test_a_request_keeps_its_id(client: Rest | Grpc) -> None:
    assert client.predict({**ndarray(0), "meta": {"puid": "id-of-mine"}})["meta"]["puid"] == "id-of-mine"
    made = {client.predict(ndarray(0))["meta"]["puid"] for _ in range(3)}
    assert len(made) == 3
    assert "" not in made


def test_the_id_comes_and_goes_in_a_header(graph: Graph) -> None:
    answer = graph.post(PREDICT, ndarray(0), {"Seldon-Puid": "from-header"})
    assert answer.headers["seldon-puid"] == "from-header"
    assert answer.json["meta"]["puid"] == "from-header"
    forged = graph.post(PREDICT, ndarray(0), {"Seldon-Puid": "no id <at all>"})
    assert forged.headers["seldon-puid"] != "no id <at all>"


def rewards(tags: Mapping[str, Any]) -> dict[str, float]:
    return {key.removeprefix("reward-"): value for key, value in tags.items() if key.startswith("reward-")}


def test_feedback_follows_the_recorded_routing(client: Rest | Grpc) -> None:
    def everybody() -> dict[str, float]:
        return rewards(client.predict(ndarray(5))["meta"]["tags"])

    before, response = everybody(), client.predict(ndarray(1, 5))
    client.feedback({"request": ndarray(1, 5), "response": response, "reward": 0.5, "truth": ndarray(1)})
    gained = {name: value - before[name] for name, value in everybody().items() if value != before[name]}
    assert gained == {"pick": 0.5, "one": 0.5, "two": 0.5}


def test_feedback_that_is_sent_again_counts_once_and_other_feedback_counts_too(client: Rest | Grpc) -> None:
    def reward() -> float:
        return rewards(client.predict(ndarray(0))["meta"]["tags"])["small"]

    before = reward()
    meta = {"puid": f"again-{type(client).__name__}", "routing": {"pick": 0}}
    for _ in range(3):
        client.feedback({"response": {"meta": meta}, "reward": 2})
    assert reward() == before + 2
    client.feedback({"response": {"meta": meta}, "reward": 3})
    assert reward() == before + 5
    for _ in range(2):
        client.feedback({"response": {"meta": {"routing": {"pick": 0}}}, "reward": 1})
    assert reward() == before + 7, "without an id nobody knows that it is the same"


def test_feedback_is_counted_under_the_names_of_the_executor_and_of_the_wrapper(graph: Graph) -> None:
    def counted() -> tuple[float, float]:
        page = graph.get("/prometheus").body.decode()
        asked = re.search(
            r'seldon_api_executor_server_requests_seconds_count\{[^}]*service="feedback"[^}]*\} (\S+)', page
        )
        node = ask(graph.servers["large"].ports["metrics"], "/prometheus", "GET", None).body.decode()
        reward = re.search(r"seldon_api_model_feedback_reward_total\{[^}]*\} (\S+)", node)
        return float(asked[1]) if asked else 0.0, float(reward[1]) if reward else 0.0

    before = counted()
    feedback = {"response": {"meta": {"puid": "metered", "routing": {"pick": 2}}}, "reward": 4}
    for _ in range(2):
        assert graph.post(FEEDBACK, feedback).status == 200
    after = counted()
    assert (after[0] - before[0], after[1] - before[1]) == (2, 4), "two requests, one reward"


def test_feedback_to_a_child_that_is_not_there_is_the_clients_error(graph: Graph) -> None:
    answer = graph.post(FEEDBACK, {"response": {"meta": {"routing": {"pick": 7}}}, "reward": 1})
    assert (answer.status, answer.json["status"]["status"]) == (400, "FAILURE")
    assert answer.json["error"] == "node 'pick': route 7, must be one of 0 to 2, -1 (all) or -2 (none)"
    with pytest.raises(grpc.RpcError) as error:
        Grpc(graph).feedback({"response": {"meta": {"routing": {"pick": 7}}}, "reward": 1})
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.value.details() == answer.json["error"]
    answer = graph.post(FEEDBACK, {"response": {"meta": {"routing": {"pick": "1"}}}})
    assert answer.status == 400


FAILING = [
    # sent, status, gRPC status, words
    ((0, 1000), 400, grpc.StatusCode.INVALID_ARGUMENT, "node 'small': answered", "1000 is too much"),
    ((2, 1001), 500, grpc.StatusCode.INTERNAL, "node 'large': answered", ""),
    ((7, 1), 500, grpc.StatusCode.INTERNAL, "node 'pick': route 7, must be one of 0 to 2", ""),
]


@pytest.mark.parametrize(("sent", "status", "code", "node", "words"), FAILING)
def test_an_error_names_the_node(
    graph: Graph, sent: tuple[float, ...], status: int, code: grpc.StatusCode, node: str, words: str
) -> None:
    answer = graph.post(PREDICT, ndarray(*sent))
    assert answer.status == status, answer.body
    assert answer.json["error"].startswith(node)
    assert words in answer.json["error"]
    with pytest.raises(grpc.RpcError) as error:
        Grpc(graph).predict(ndarray(*sent))
    assert error.value.details().startswith(node)
    assert words in error.value.details()
    assert error.value.code() is code


BAD = [
    (b"{", "must be JSON"),
    (b"[1]", "must be a JSON object, not a list"),
    (b'{"data": {"ndarray": [[NaN]]}}', "which has no NaN"),
    (b"{}", "one of data, binData"),
    (b'{"data": {}}', "one of tensor, ndarray"),
    (b'{"data": {"ndarray": 1}}', "'data.ndarray' must be a list, not a number"),
    (b'{"data": {"tensor": {"shape": [1, 3], "values": [1, 2]}}}', "shape 1x3 needs 3 elements, its data has 2"),
    (b'{"data": {"tensor": {"shape": [1], "values": ["a"]}}}', "a list of numbers"),
    (b'{"data": {"ndarray": [[1]]}, "strData": "x"}', "it has data and strData"),
    (b'{"data": {"ndarray": [["word"]]}}', "node 'double'"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_a_bad_request_is_the_clients_error_and_the_next_one_works(graph: Graph, body: bytes, words: str) -> None:
    answer = graph.post(PREDICT, body)
    assert words in answer.json["error"]
    assert answer.json["status"]["info"] == answer.json["error"]
    if not words.startswith("node"):  # there the class of the user decides
        assert answer.status == 400
    assert Rest(graph).predict(ndarray(0))["data"]["ndarray"] == [[-1]]


@pytest.mark.parametrize("wire", [b"\xff\xff\xff", b"\x1a\x05ab"])
def test_a_malformed_message_is_the_clients_error(graph: Graph, wire: bytes) -> None:
    with pytest.raises(grpc.RpcError) as error:
        graph.call("seldon.protos.Seldon/Predict", wire, "seldon.protos.SeldonMessage")
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_empty_message_is_the_clients_error(graph: Graph) -> None:
    with pytest.raises(grpc.RpcError) as error:
        graph.call("seldon.protos.Seldon/Predict", b"", "seldon.protos.SeldonMessage")
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PREDICT, 405), ("POST", "/nothing", 404), ("POST", "/v2/models/small/infer", 404), ("GET", "/ready", 200)],
)
def test_only_the_protocols_paths_are_there(graph: Graph, method: str, path: str, status: int) -> None:
    answer: Answer = graph.post(path, {}) if method == "POST" else graph.get(path)
    assert answer.status == status


def test_health_and_metadata(graph: Graph) -> None:
    assert graph.get("/live").status == 200
    assert graph.get("/api/v1.0/health/status").status == 200
    found = graph.get("/api/v1.0/metadata").json
    assert found["name"] == "main"
    assert set(found["models"]) == {"negate", "double", "pick", "small", "both", "one", "two", "large"}
    assert graph.get("/api/v1.0/metadata/small").status == 200
    assert graph.get("/api/v1.0/metadata/nobody").status == 404


def test_requests_are_counted_as_the_executor_counts_them(graph: Graph) -> None:
    Rest(graph).predict(ndarray(0))
    text = graph.get("/prometheus").body.decode()
    named = 'deployment_name="graph",method="post",predictor_name="main"'
    assert 'seldon_api_executor_server_requests_seconds_count{code="200",' + named in text
    client = [
        line for line in text.splitlines() if line.startswith("seldon_api_executor_client_requests_seconds_count")
    ]
    assert any('model_name="small"' in line and 'service="/predict"' in line for line in client)


def test_requests_over_grpc_have_the_names_of_their_methods_and_of_gos_codes(graph: Graph) -> None:
    assert _answers_grpc(graph)
    text = graph.get("/prometheus").body.decode()
    assert re.search(r'_server_requests_seconds_count\{code="OK",[^}]*service="/seldon.protos.Seldon/Predict"\}', text)
    assert re.search(r'_client_requests_seconds_count\{code="OK",[^}]*service="/seldon.protos.', text)


def test_a_node_that_is_late_is_named_and_the_rest_goes_on(graph: Graph) -> None:
    limited = deployment("late", Timeouts(rest="1s", grpc="1s"))
    late = Graph(graph.scene, graph.servers, orchestrator(graph.scene, limited, graph.servers, Local()))
    _is_named(late, "large", ndarray(2, 1002))
    wait_until(lambda: late.post(PREDICT, ndarray(0)).status == 200)


def _is_named(graph: Graph, node: str, sent: Mapping[str, Any]) -> None:
    """Wait until a node is named over both transports; where the machine holds up another one, that one is first."""
    said = f"node '{node}': gave no answer before the deployment's timeout"

    def over_rest() -> bool:
        answer = graph.post(PREDICT, sent)
        assert (answer.status, answer.json["status"]["reason"]) == (504, "DEADLINE_EXCEEDED")
        return bool(answer.json["error"] == said)

    def over_grpc() -> bool:
        with pytest.raises(grpc.RpcError) as error:
            Grpc(graph).predict(sent)
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return bool(error.value.details() == said)

    wait_until(over_rest)
    wait_until(over_grpc)


@pytest.mark.parametrize(("node", "sent"), [("large", (2, 5)), ("two", (1, 5)), ("both", (1, 5))])
def test_a_node_that_hangs_is_named_and_the_rest_goes_on(graph: Graph, node: str, sent: tuple[float, ...]) -> None:
    """Row 53: in a chain, below a combiner, and the combiner itself."""
    limited = deployment("hangs", Timeouts(rest="1s", grpc="1s"))
    asked = Graph(graph.scene, graph.servers, orchestrator(graph.scene, limited, graph.servers, Local()))
    with stopped(graph, node):
        _is_named(asked, node, ndarray(*sent))
        wait_until(lambda: asked.post(PREDICT, ndarray(0)).status == 200)
    wait_until(lambda: asked.post(PREDICT, ndarray(*sent)).status == 200)


@contextmanager
def stopped(graph: Graph, node: str) -> Iterator[None]:
    """Stop all processes of a node's server, as a debugger would, while the block runs."""
    master = graph.scene.pid(graph.servers[node])
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    with ExitStack() as stack:
        for pid in (master, *map(int, workers)):
            stack.enter_context(held(pid))
        yield


def test_more_requests_than_the_limit_are_refused(graph: Graph) -> None:
    record = orchestrator(graph.scene, deployment("busy"), graph.servers, Local(max_in_flight=1))
    busy = Graph(graph.scene, graph.servers, record)
    slow: list[Answer] = []
    asking = threading.Thread(target=lambda: slow.append(busy.post(PREDICT, ndarray(0))))
    with stopped(graph, "small"):
        asking.start()
        wait_until(lambda: _open_requests(busy) == 1)
        refused = busy.post(PREDICT, ndarray(2))
        assert refused.status == 429
        assert refused.json["error"].startswith("1 requests are in flight")
        assert refused.headers["retry-after"] == "1"
        with pytest.raises(grpc.RpcError) as error:
            Grpc(busy).predict(ndarray(2))
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    asking.join()
    assert slow[0].status == 200
    assert busy.post(PREDICT, ndarray(2)).status == 200


def test_an_orchestrator_that_stops_finishes_what_it_began(graph: Graph) -> None:
    record = orchestrator(graph.scene, deployment("stopping"), graph.servers, Local())
    stopping = Graph(graph.scene, graph.servers, record)
    answers: list[int] = []
    calls: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(stopping.post(PREDICT, ndarray(0, 1002)).status)),
        threading.Thread(target=lambda: calls.append(Grpc(stopping).predict(ndarray(2, 1002)))),
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: _open_requests(stopping) == 2)
    graph.scene.processes.remove(record.id)
    for thread in threads:
        thread.join()
    assert answers == [200]
    assert len(calls) == 1


def _open_requests(graph: Graph) -> int:
    """Requests that got as far as the slow node, which answers nothing else meanwhile."""
    text = graph.get("/prometheus").body.decode()
    return sum(
        float(line.rpartition(" ")[2]) == 1.0
        for line in text.splitlines()
        if line.startswith("seldon_api_executor_client_requests_seconds_count") and 'model_name="pick"' in line
    )


def test_a_killed_node_is_named_and_comes_back(graph: Graph) -> None:
    kill(graph.scene.pid(graph.servers["large"]))
    seen: list[Answer] = []
    wait_until(lambda: (seen.append(graph.post(PREDICT, ndarray(2, 5))), seen[-1].status == 200)[1])
    for answer in seen[:-1]:
        assert answer.status in (500, 503)
        assert answer.json["error"].startswith("node 'large'")
    wait_until(lambda: _answers_grpc(graph))


def _answers_grpc(graph: Graph) -> bool:
    try:
        return bool(Grpc(graph).predict(ndarray(2, 5))["data"]["ndarray"] == [[-104, -110]])
    except grpc.RpcError as error:
        if "node 'large'" in error.details():
            return False
        raise
