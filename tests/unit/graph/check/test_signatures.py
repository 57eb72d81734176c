"""Tensors along edges: names, types, ranks and sizes, where both ends are known."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    Combiner,
    Node,
    OutputTransformer,
    RandomAbTest,
    Router,
    SeldonDeployment,
    Transformer,
)
from seldon_infra.servers.signature import Signature, TensorSpec
from seldon_infra.servers.spec import ContainerServer, MLflowServer, Tensor, TritonModel, TritonServer
from tests.unit.graph.check.build import PREDICTOR, Row, graph, model, runtime

ANY = ContainerServer(image="acme/any:1", speaks=("v2",))


def takes(name: str = "x", dtype: Any = "FP32", shape: Any = (-1, 4), **fields: Any) -> Signature:
    return Signature(inputs=(TensorSpec(name=name, dtype=dtype, shape=shape, **fields),))


def gives(name: str = "x", dtype: Any = "FP32", shape: Any = (-1, 4)) -> Signature:
    return Signature(outputs=(TensorSpec(name=name, dtype=dtype, shape=shape),))


def chain(first: Signature | None, second: Signature | None, server: Any = ANY, **fields: Any) -> SeldonDeployment:
    below = model("next", server=server, signature=second)
    root = model("first", server=ANY, signature=first, children=(below,))
    return graph(root, **{"protocol": "v2", **fields})


EDGE = f"{PREDICTOR} → model 'first' → model 'next'"
TRITON = TritonModel(
    inputs=(Tensor(name="x", dtype="FP32", dims=(-1, 4)),), outputs=(Tensor(name="y", dtype="FP32", dims=(1,)),)
)


ROWS = {
    "a name": Row(
        chain(gives("y"), takes("x")),
        f"{EDGE}: 'first' gives 'y', 'next' takes 'x', must be the same names; rename the output or the input to 'x'",
        chain(gives("y"), takes("x", optional=True)),
    ),
    "a type": Row(
        chain(gives(dtype="FP64"), takes()),
        f"{EDGE}: 'x' is FP64 from 'first' and FP32 in 'next', must be of one type; make 'first' give FP32",
        chain(gives(dtype=None), takes()),
    ),
    "a rank": Row(
        chain(gives(shape=(4,)), takes()),
        f"{EDGE}: 'x' is [4] from 'first' and [-1, 4] in 'next', must have as many dimensions; "
        "make 'first' give [-1, 4]",
        chain(gives(shape=None), takes()),
    ),
    "a size": Row(
        chain(gives(shape=(-1, 5)), takes()),
        f"{EDGE}: 'x' is [-1, 5] from 'first' and [-1, 4] in 'next', must have the same sizes; "
        "make 'first' give [-1, 4]",
        chain(gives(shape=(8, -1)), takes()),
    ),
    "too much for Triton": Row(
        chain(
            Signature(outputs=(*gives().outputs, *gives("z").outputs)),
            None,
            TritonServer(config=TRITON),
        ),
        f"{EDGE}: 'first' gives 'z', which 'next' does not take, must be taken: Triton refuses what it does not know; "
        "remove output 'z'",
        chain(Signature(outputs=(*gives().outputs, *gives("z").outputs)), takes()),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_edge_that_does_not_fit_names_both_nodes_and_the_tensor(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize("server", [None, "sklearn"])
def test_a_server_that_takes_the_first_tensor_does_not_mind_its_name(server: Any) -> None:
    fields = {} if server else {"server": MLflowServer()}
    below = model("next", signature=takes("x"), **fields)
    found = check(graph(model("first", server=ANY, signature=gives("y"), children=(below,)), protocol="v2"))
    assert [problem.want for problem in found] == ([] if server else ["must be the same names"])


def test_other_protocols_and_unknown_ends_are_passed_over() -> None:
    seldon = ContainerServer(image="acme/any:1", speaks=("seldon",))
    assert check(chain(gives("y"), None)) == []
    assert check(chain(None, takes("x"))) == []
    below = model("next", server=seldon, signature=takes("x"))
    assert check(graph(model("first", server=seldon, signature=gives("y"), children=(below,)))) == []


def named(name: str, **fields: Any) -> Any:
    return {"name": name, "server": runtime(), **fields}


GIVES_Y = model("m", signature=gives("y"), server=ANY)
TAKES_X = model("m", signature=takes("x"), server=ANY)
OTHER = model("other", server=ANY)
DICE = Router(name="dice", server=RandomAbTest(), children=(TAKES_X, OTHER))


@pytest.mark.parametrize(
    ("root", "edge"),
    [
        (Transformer(**named("t", signature=gives("y")), child=TAKES_X), "transformer 't' → model 'm'"),
        (OutputTransformer(**named("o", signature=takes("x")), child=GIVES_Y), "model 'm' → output transformer 'o'"),
        (Transformer(**named("t", signature=gives("y")), child=DICE), "transformer 't' → model 'm'"),
        (Combiner(name="c", server=ANY, signature=takes("x"), children=(GIVES_Y, OTHER)), "model 'm' → combiner 'c'"),
    ],
    ids=["transformer", "output transformer", "through a router", "combiner"],
)
def test_tensors_are_followed_as_requests_go(root: Node, edge: str) -> None:
    found = [problem.path for problem in check(graph(root, protocol="v2", transport="rest"))]
    assert f"{PREDICTOR} → {edge}" in found
