"""Rules about the shape of a graph, for definitions that no type checker saw, and about who runs without whom."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, InPredictor, nodes_in
from seldon_infra.graph.spec import Combiner, GraphNode, Model, RandomAbTest, Router
from seldon_infra.graph.walk import is_deeper, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 100
MOST_NODES = 1000


def size_is_bounded(at: InPredictor) -> Iterator[Problem]:
    """A SeldonDeployment has to fit into etcd, and each node costs a request; all other rules rely on this one."""
    root, fix = at.predictor.graph, "let one server do the work of several nodes"
    if is_deeper(root, DEEPEST):
        yield Problem(at.path, f"graph is more than {DEEPEST} nodes deep", "must be at most that", fix)
    elif next(islice(nodes(root), MOST_NODES, None), None):
        yield Problem(at.path, f"graph has more than {MOST_NODES} nodes", "must have at most that", fix)


def model_has_at_most_one_child(at: InNode) -> Iterator[Problem]:
    """A model hands its output to the next node of a chain; only routers and combiners have several."""
    count = _count(at.node)
    if isinstance(at.node, Model) and count > 1:
        fix = "put a Router or a Combiner between them"
        yield Problem(at.path, f"children has {count} nodes", "must have at most one", fix)


def router_has_children(at: InNode) -> Iterator[Problem]:
    """A router chooses from something."""
    if isinstance(at.node, Router) and _count(at.node) == 0:
        yield Problem(at.path, "children is empty", "must have at least one to choose from", "add nodes to children")


def combiner_has_two_children(at: InNode) -> Iterator[Problem]:
    """A combiner joins something."""
    count = _count(at.node)
    if isinstance(at.node, Combiner) and count < 2:
        fix = "add nodes to children, or use its child in its place"
        yield Problem(at.path, f"children has {_nodes(count)}", "must have at least two to join", fix)


def random_test_has_two_children(at: InNode) -> Iterator[Problem]:
    """RANDOM_ABTEST throws dice between exactly two."""
    count = _count(at.node)
    if isinstance(at.node.server, RandomAbTest) and count != 2:
        fix = "give two children, or a PythonServer that chooses"
        yield Problem(at.path, f"children has {_nodes(count)}", "must have two with RandomAbTest", fix)


def random_test_ratio(at: InNode) -> Iterator[Problem]:
    """A share is from none to all."""
    ratio = known(at.node.server.ratio_a) if isinstance(at.node.server, RandomAbTest) else None
    if ratio is not None and not 0 <= ratio <= 1:
        fix = f"write ratio_a={ratio / 100:g}" if 1 < ratio <= 100 else "write ratio_a=0.5"
        yield Problem(at.path, f"ratio_a {ratio:g}", "must be a share from 0 to 1", fix)


def no_engine_on_one_node(at: InPredictor) -> Iterator[Problem]:
    """Without orchestrator nobody walks a graph."""
    count = len(list(nodes_in(at)))
    if at.predictor.no_engine and count > 1:
        yield Problem(
            at.path, f"no_engine=True on a graph of {count} nodes", "must have one node", "remove no_engine=True"
        )


def engine_resources_once(at: InPredictor) -> Iterator[Problem]:
    """The operator reads one of the two fields and ignores the other."""
    orchestrator = at.predictor.orchestrator
    if at.predictor.engine_resources and orchestrator and orchestrator.resources:
        got = "engine_resources and orchestrator.resources are both given"
        yield Problem(at.path, got, "must be one of them", "remove engine_resources")


def orchestrator_replicas_need_pods(at: InPredictor) -> Iterator[Problem]:
    """Beside the nodes there are as many orchestrators as pods."""
    orchestrator = at.predictor.orchestrator
    if orchestrator and orchestrator.replicas is not None and not at.deployment.engine_separate_pod:
        yield Problem(
            at.path,
            "orchestrator.replicas without engine_separate_pod",
            "must not be given where the orchestrator shares the predictor's pod",
            f"set engine_separate_pod=True on SeldonDeployment '{at.deployment.name}' or remove it",
        )


def _count(node: GraphNode) -> int:
    return len(node.children)


def _nodes(count: int) -> str:
    return "one node" if count == 1 else f"{count} nodes"


PREDICTOR_RULES = (
    no_engine_on_one_node,
    engine_resources_once,
    orchestrator_replicas_need_pods,
)
NODE_RULES = (
    model_has_at_most_one_child,
    router_has_children,
    combiner_has_two_children,
    random_test_has_two_children,
    random_test_ratio,
)
