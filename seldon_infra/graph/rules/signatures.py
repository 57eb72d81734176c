"""Rules about tensors along the edges of a graph, where it is known what a node takes and gives.

On protocol v2 Seldon's executor makes a node's outputs the next one's inputs, as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InPredictor, nodes_in
from seldon_infra.servers.signature import of_triton
from seldon_infra.servers.spec import SklearnServer, TritonServer, XGBoostServer

if TYPE_CHECKING:
    from seldon_infra.graph.spec import Node
    from seldon_infra.servers.signature import Signature, TensorSpec

Signatures: TypeAlias = "Mapping[str, Signature]"
"""What nodes take and give, by their names."""
_BY_PLACE = (SklearnServer, XGBoostServer)
"""Servers that take the first tensor of a request, whatever its name."""


def declared(at: InPredictor) -> dict[str, Signature]:
    """What a predictor's definition itself says: signatures, and typed configurations of Triton."""
    found = {}
    for inner in nodes_in(at):
        if inner.node.signature is not None:
            found[inner.node.name] = inner.node.signature
        elif isinstance(inner.node.server, TritonServer):
            config = inner.node.server.serves(inner.node.name)
            found |= {inner.node.name: of_triton(config)} if config else {}
    return found


def tensors_fit(at: InPredictor) -> Iterator[Problem]:
    """What reaches a node is what it takes."""
    yield from edges_fit(at, declared(at))


def edges_fit(at: InPredictor, known: Signatures) -> Iterator[Problem]:
    """The same, with signatures that come from elsewhere."""
    if at.deployment.protocol != "v2" or len(known) < 2:
        return
    edges, _ = _flow(at.predictor.graph, [])
    for source, target in edges:
        if source.name in known and target.name in known:
            yield from _edge(at, source, target, known[source.name].outputs, known[target.name].inputs)


def _flow(node: Node, sources: list[Node]) -> tuple[list[tuple[Node, Node]], list[Node]]:
    """Give who hands tensors to whom below a node, and whose tensors come back from it."""
    asked = [(source, node) for source in sources]
    below = sources if node.type in ("ROUTER", "COMBINER", "OUTPUT_TRANSFORMER") else [node]
    edges: list[tuple[Node, Node]] = []
    answers: list[Node] = []
    for child in node.children:
        inner, back = _flow(child, below)
        edges += inner
        answers += back
    match node.type:
        case "COMBINER" | "OUTPUT_TRANSFORMER":
            return [*edges, *((answer, node) for answer in answers)], [node]
        case "ROUTER":
            return [*asked, *edges], answers
    return [*asked, *edges], answers or [node]


def _edge(
    at: InPredictor, source: Node, target: Node, outputs: Sequence[TensorSpec], inputs: Sequence[TensorSpec]
) -> Iterator[Problem]:
    if not outputs or not inputs:
        return
    path = f"{at.path} → {title(source)} → {title(target)}"
    by_place = isinstance(target.server, _BY_PLACE)
    given = {tensor.name: tensor for tensor in outputs}
    for index, wanted in enumerate(inputs[:1] if by_place else inputs):
        there = outputs[index] if by_place else given.get(wanted.name)
        if there is not None:
            yield from _tensor(path, source, target, there, wanted)
        elif not wanted.optional:
            names = ", ".join(f"'{name}'" for name in given)
            got = f"'{source.name}' gives {names}, '{target.name}' takes '{wanted.name}'"
            yield Problem(path, got, "must be the same names", f"rename the output or the input to '{wanted.name}'")
    taken = {tensor.name for tensor in inputs}
    for name in given if isinstance(target.server, TritonServer) else ():
        if name not in taken:
            got = f"'{source.name}' gives '{name}', which '{target.name}' does not take"
            yield Problem(path, got, "must be taken: Triton refuses what it does not know", f"remove output '{name}'")


def _tensor(path: str, source: Node, target: Node, there: TensorSpec, wanted: TensorSpec) -> Iterator[Problem]:
    if there.dtype and wanted.dtype and there.dtype != wanted.dtype:
        got = f"'{there.name}' is {there.dtype} from '{source.name}' and {wanted.dtype} in '{target.name}'"
        yield Problem(path, got, "must be of one type", f"make '{source.name}' give {wanted.dtype}")
    if there.shape is None or wanted.shape is None:
        return
    if len(there.shape) != len(wanted.shape):
        what = "must have as many dimensions"
    elif any(
        given != taken and -1 not in (given, taken) for given, taken in zip(there.shape, wanted.shape, strict=True)
    ):
        what = "must have the same sizes"
    else:
        return
    shapes = [list(there.shape), list(wanted.shape)]
    got = f"'{there.name}' is {shapes[0]} from '{source.name}' and {shapes[1]} in '{target.name}'"
    yield Problem(path, got, what, f"make '{source.name}' give {shapes[1]}")


PREDICTOR_RULES = (tensors_fit,)
