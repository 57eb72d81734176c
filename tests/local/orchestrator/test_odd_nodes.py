"""The orchestrator before a node that misbehaves in ways that no model server does on purpose."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.runtime.messages import message
from seldon_infra.servers.spec import PythonServer
from seldon_infra.targets.spec import Local
from tests.engine.waiting import wait_until
from tests.local.orchestrator.graphs import Graph, orchestrator
from tests.local.orchestrator.odd_node import OddNode, answer, odd_node
from tests.local.scene import Scene

pytestmark = pytest.mark.local
SOURCE = Path(__file__).with_name("seldon_nodes.py")
PREDICT = "/api/v1.0/predictions"
ONE = {"data": {"ndarray": [[1.0]]}}


@pytest.fixture(scope="module")
def before(new_scene: Callable[[], Scene]) -> Iterator[tuple[Graph, OddNode]]:
    """An orchestrator and the one node of its graph."""
    scene = new_scene()
    with odd_node() as node:
        yield Graph(scene, {}, orchestrator(scene, deployment("odd"), {"odd": node}, Local())), node


def deployment(name: str) -> SeldonDeployment:
    model = Model(name="odd", server=PythonServer(source=str(SOURCE), class_name="Plus"))
    return SeldonDeployment(name=name, namespace="ns", predictors=(Predictor(name="main", graph=model),))


@contextmanager
def replying(node: OddNode, reply: Callable[[bytes], bytes | None]) -> Iterator[None]:
    usual, node.reply = node.reply, reply
    try:
        yield
    finally:
        node.reply = usual


@pytest.mark.parametrize("status", [400, 418, 499, 500, 520, 599])
def test_a_nodes_status_is_passed_on_even_if_nobody_has_given_it_a_name(
    before: tuple[Graph, OddNode], status: int
) -> None:
    graph, node = before
    with replying(node, lambda _: answer(status, b'{"status":{"info":"so be it"}}')):
        got = graph.post(PREDICT, ONE)
    assert (got.status, got.json["error"]) == (status, f"node 'odd': answered {status}: so be it")
    assert graph.post(PREDICT, ONE).status == 200


@pytest.mark.parametrize("status", [100, 204, 302, 600, 999])
def test_a_status_that_is_no_error_is_the_nodes_fault(before: tuple[Graph, OddNode], status: int) -> None:
    graph, node = before
    with replying(node, lambda _: answer(status)):
        got = graph.post(PREDICT, ONE)
    assert got.status in (500, 503, 504)
    assert got.json["error"].startswith("node 'odd': ")
    assert graph.post(PREDICT, ONE).status == 200


def test_a_predict_that_a_node_resets_is_sent_twice_at_most(before: tuple[Graph, OddNode]) -> None:
    graph, node = before
    together = threading.Barrier(4)
    with replying(node, lambda _: (together.wait(120), answer())[1]), ThreadPoolExecutor() as threads:
        # Now there are four connections that are kept.
        assert {got.status for got in threads.map(lambda _: graph.post(PREDICT, ONE), range(4))} == {200}
    node.bodies.clear()
    with replying(node, lambda _: None):
        got = graph.post(PREDICT, ONE)
    assert got.status == 503
    assert got.json["error"] == "node 'odd': does not answer: the connection was closed before the answer"
    assert len(node.bodies) == 2
    assert graph.post(PREDICT, ONE).status == 200


def test_a_node_that_closes_idle_connections_is_asked_on_a_new_one(before: tuple[Graph, OddNode]) -> None:
    graph, node = before
    with replying(node, lambda _: answer() if node.bodies[-1:] != node.bodies[-2:-1] else None):
        for number in range(5):
            assert graph.post(PREDICT, {"data": {"ndarray": [[number]]}}).status == 200


def test_a_clients_leaving_ends_the_nodes_call(before: tuple[Graph, OddNode]) -> None:
    graph, node = before
    body = json.dumps(ONE).encode()
    node.bodies.clear()
    with replying(node, lambda _: b""):
        with socket.create_connection(("127.0.0.1", graph.orchestrator.ports["http"])) as client:
            client.sendall(f"POST {PREDICT} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: bool(node.bodies))
        assert node.left.wait(120)
    assert graph.post(PREDICT, ONE).status == 200
    left = b'seldon_api_executor_server_requests_seconds_count{code="499"'
    wait_until(lambda: left in graph.get("/prometheus").body)


def test_a_clients_leaving_ends_the_nodes_call_over_grpc(before: tuple[Graph, OddNode]) -> None:
    graph, node = before
    asked, left = threading.Event(), threading.Event()

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            def wait(_: bytes, context: Any) -> bytes:
                context.add_callback(left.set)
                asked.set()
                left.wait(120)
                return b""

            return grpc.unary_unary_rpc_method_handler(wait)

    server = grpc.server(ThreadPoolExecutor(2), handlers=(Handler(),))
    node.grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    record = orchestrator(graph.scene, deployment("odd-grpc"), {"odd": node}, Local())
    sent = message("seldon.protos.SeldonMessage")(data={"tensor": {"shape": [1], "values": [1.0]}}).SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{record.ports['grpc']}") as channel:
        call = channel.unary_unary("/seldon.protos.Seldon/Predict").future(sent, timeout=240)
        assert asked.wait(120)
        call.cancel()
    assert left.wait(120)
    server.stop(0)
