"""The orchestrator before a node that misbehaves in ways that no model server does on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import PythonServer
from seldon_infra.targets.spec import Local
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
    model = Model(name="odd", server=PythonServer(source=str(SOURCE), class_name="Plus"))
    deployment = SeldonDeployment(name="odd", namespace="ns", predictors=(Predictor(name="main", graph=model),))
    scene = new_scene()
    with odd_node() as node:
        yield Graph(scene, {}, orchestrator(scene, deployment, {"odd": node}, Local())), node


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
        got = graph.post(PREDICT, ONE, timeout=5)
    assert (got.status, got.json["error"]) == (status, f"node 'odd': answered {status}: so be it")
    assert graph.post(PREDICT, ONE).status == 200


@pytest.mark.parametrize("status", [100, 204, 302, 600, 999])
def test_a_status_that_is_no_error_is_the_nodes_fault(before: tuple[Graph, OddNode], status: int) -> None:
    graph, node = before
    with replying(node, lambda _: answer(status)):
        got = graph.post(PREDICT, ONE, timeout=5)
    assert got.status in (500, 503, 504)
    assert got.json["error"].startswith("node 'odd': ")
    assert graph.post(PREDICT, ONE).status == 200
