"""An experiment in a graph: two ways to answer, and a user who always gets the same one."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import TYPE_CHECKING, ClassVar

from seldon_infra.core.model import Later, Many
from seldon_infra.experiments.spec import Direction, Guardrail, Metric, StickyBy
from seldon_infra.graph.spec.nodes import GraphNode
from seldon_infra.servers.spec import ContainerServer, NodeType

if TYPE_CHECKING:
    from seldon_infra.graph.spec.nodes import Node
else:
    Node = GraphNode


class ABTest(GraphNode):
    """A router that gives each user one of two children, always the same, and keeps count of both.

    On this machine the orchestrator does it by itself; on a cluster it is a container that runs the same code. A
    request without a key is answered by ``a`` and is no part of the experiment. The page docs/experiments.md says how
    a key's arm is found. Source: type ROUTER.
    """

    noun: ClassVar[str] = "A/B test"
    type: ClassVar[NodeType] = "ROUTER"

    a: Node
    """What is there: the node to which the other is compared."""
    b: Node
    """What is new."""
    split: tuple[float, float] = (50.0, 50.0)
    """Shares of users for a and b in percent; they add up to 100. Default: half each."""
    sticky_by: StickyBy
    """What makes two requests those of one user: ``ByHeader(name="x-user-id")``, or ``ByField(path=…)``."""
    metric: Metric
    """What decides."""
    direction: Direction = "increase"
    """Which way of the metric is the better one. Default: ``increase``."""
    guardrails: Many[Guardrail] = ()
    """What must not get worse meanwhile. Default: none."""
    min_samples: int = 1000
    """Samples in each arm before anything is concluded. Default: 1000."""
    alpha: float = 0.05
    """How often a difference may be seen where there is none, however often one looks. Default: 0.05."""
    image: Later[str] | None = None
    """Image of the router for a cluster, in which ``seldon-infra[local]`` is installed. Default: none, for this machine
    only."""

    @property
    def children(self) -> "tuple[Node, ...]":
        """Both arms, as every node has its children."""
        return (self.a, self.b)

    @property
    def server(self) -> ContainerServer:
        """What runs it on a cluster."""
        command = ("python", "-m", "seldon_infra.runtime.experiment_router")
        return ContainerServer(image=self.image, speaks=("seldon", "v2"), command=command)
