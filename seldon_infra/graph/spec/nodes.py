"""Nodes of a predictor graph, a type for each shape, so that a wrong shape is a type error in the editor.

A request goes from the root down and back up. In each node: transform the input, choose children, ask them, join
their answers, transform the output. A node takes part in those steps that its type says.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from seldon_infra.core.model import AtLeastOne, AtLeastTwo, AtMostOne, Later, Many, Spec
from seldon_infra.graph.spec.scaling import Pod
from seldon_infra.graph.spec.security import ContainerSecurity
from seldon_infra.graph.spec.values import Endpoint, EnvVar, Logger, Parameter, Resources
from seldon_infra.servers.signature import Signature
from seldon_infra.servers.spec import NodeType, Server

Method: TypeAlias = Literal["TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK"]
"""A call that Seldon's executor makes to a node."""
BuiltInName: TypeAlias = Literal["SIMPLE_MODEL", "SIMPLE_ROUTER", "RANDOM_ABTEST", "AVERAGE_COMBINER"]
"""Names of what the orchestrator does by itself. Source: PredictiveUnit.implementation."""


class SimpleModel(Spec):
    """A model that answers with fixed numbers, for trials; done by the orchestrator. Source: SIMPLE_MODEL."""

    implementation: ClassVar[BuiltInName] = "SIMPLE_MODEL"


class SimpleRouter(Spec):
    """A router that always takes the first child; done by the orchestrator. Source: SIMPLE_ROUTER."""

    implementation: ClassVar[BuiltInName] = "SIMPLE_ROUTER"


class RandomAbTest(Spec):
    """A router that throws dice between two children; done by the orchestrator. Source: RANDOM_ABTEST."""

    implementation: ClassVar[BuiltInName] = "RANDOM_ABTEST"

    ratio_a: Later[float] = 0.5
    """Share of requests that take the first child, from 0 to 1. Default: 0.5. Source: parameter ``ratioA``."""


class AverageCombiner(Spec):
    """A combiner that averages its children's numbers; done by the orchestrator. Source: AVERAGE_COMBINER."""

    implementation: ClassVar[BuiltInName] = "AVERAGE_COMBINER"


BuiltIn: TypeAlias = SimpleModel | SimpleRouter | RandomAbTest | AverageCombiner
"""What the orchestrator does by itself, without a server."""


class GraphNode(Spec):
    """What every node has; write one of ``Model``, ``Transformer``, ``OutputTransformer``, ``Router``, ``Combiner``."""

    noun: ClassVar[str] = "node"
    alternatives: ClassVar[str] = "Model, Transformer, OutputTransformer, Router, Combiner or ABTest"
    type: ClassVar[NodeType]
    """The node's type in Seldon's CRD. Source: PredictiveUnit.type."""

    name: str
    """Name of the node and of its container: a DNS label, unique within the predictor."""
    model_uri: Later[str] | None = None
    """Where the model's files are: a path relative to the project, or ``s3://``, ``gs://``, ``https://`` …
    Default: none; prepackaged servers need one. Source: modelUri."""
    model_digest: Later[str] | None = None
    """Digest that the model's files must have, ``sha256:`` and 64 hexadecimal digits; on a cluster another one replaces
    the node's pods. Default: none, whatever is there is served."""
    parameters: Many[Parameter] = ()
    """Parameters handed to the server. Default: none."""
    env: Many[EnvVar] = ()
    """Environment of the node's container. Default: none."""
    resources: Resources | None = None
    """What the node's container asks for and may use. Default: half a core to 2, 1Gi to 4Gi of memory, 1Gi to 12Gi of
    disk; an amount that is given on one side alone holds for both."""
    security: ContainerSecurity | None = None
    """How far the node's container is locked up. Default: as the deployment's ``security`` says."""
    endpoint: Endpoint | None = None
    """Where the node listens. Default: where Seldon puts it."""
    methods: Many[Method] = ()
    """Calls that the executor makes beside those of the node's type. Default: none."""
    logger: Logger | None = None
    """Payloads sent on as CloudEvents. Default: none."""
    env_secret_ref_name: Later[str] | None = None
    """Secret with credentials for ``model_uri``, as RCLONE_CONFIG_* variables. Default: none; the chart's, where the
    operator writes the container that fetches it. Source: envSecretRefName."""
    service_account_name: Later[str] | None = None
    """Service account that may read ``model_uri``. Default: the namespace's own. Source: serviceAccountName."""
    storage_initializer_image: Later[str] | None = None
    """Image that fetches ``model_uri``. Default: Seldon's rclone one, in its last version under Apache-2.0.
    Source: storageInitializerImage."""
    trusted: Many[str] = ()
    """Names that the model's files may import beside those on their server's list, as a finding says them:
    ``("acme.features.Scaler",)``. Default: none."""
    signed_by: str | None = None
    """File of the project with the public key (PEM, elliptic curve) that the model's files must be signed with, by the
    ``model.sig`` in their folder. Default: none, signatures are not looked at."""
    pod: Pod | None = None
    """A pod of its own. Default: the node shares the predictor's pod."""
    signature: Signature | None = None
    """Tensors that it takes and gives on protocol v2, for the check of the graph's edges. Default: what its server's
    own settings say, where they are known."""

    if TYPE_CHECKING:

        @property
        def children(self) -> "tuple[Node, ...]":
            """Nodes that this one asks, in order."""

        @property
        def server(self) -> Server | BuiltIn:
            """What runs the node."""

    @property
    def implementation(self) -> str | None:
        """Name of the prepackaged server or of the orchestrator's own doing, None for a container of its own."""
        return self.server.implementation


if TYPE_CHECKING:
    from seldon_infra.graph.spec.experiment import ABTest

    Node: TypeAlias = "Model | Transformer | OutputTransformer | Router | Combiner | ABTest"
    """A node of any type."""
else:
    Node = GraphNode  # a node's children are of any type; only type checkers need the list of all


class Model(GraphNode):
    """A node that predicts; with a child it is a chain: its output is the child's input. Source: type MODEL."""

    noun: ClassVar[str] = "model"
    type: ClassVar[NodeType] = "MODEL"

    server: Server | SimpleModel
    """What runs it."""
    children: AtMostOne[Node] = ()
    """The next node of the chain, in a tuple: ``children=(Model(…),)``. Default: none, the chain ends here."""


class Transformer(GraphNode):
    """A node that changes the request before its child sees it. Source: type TRANSFORMER."""

    noun: ClassVar[str] = "transformer"
    type: ClassVar[NodeType] = "TRANSFORMER"

    server: Server
    """What runs it."""
    child: Node
    """The node that gets the changed request."""

    @property
    def children(self) -> "tuple[Node, ...]":
        """The child, in a tuple, as every node has them."""
        return (self.child,)


class OutputTransformer(GraphNode):
    """A node that changes the answer of its child. Source: type OUTPUT_TRANSFORMER."""

    noun: ClassVar[str] = "output transformer"
    type: ClassVar[NodeType] = "OUTPUT_TRANSFORMER"

    server: Server
    """What runs it."""
    child: Node
    """The node whose answer is changed."""

    @property
    def children(self) -> "tuple[Node, ...]":
        """The child, in a tuple, as every node has them."""
        return (self.child,)


class Router(GraphNode):
    """A node that sends each request to one child (or to all, or to none). Source: type ROUTER."""

    noun: ClassVar[str] = "router"
    type: ClassVar[NodeType] = "ROUTER"

    server: Server | RandomAbTest | SimpleRouter
    """What decides."""
    children: AtLeastOne[Node]
    """Nodes to choose from, at least one; the router answers with their number, from 0."""


class Combiner(GraphNode):
    """A node that asks all its children at once and joins their answers. Source: type COMBINER."""

    noun: ClassVar[str] = "combiner"
    type: ClassVar[NodeType] = "COMBINER"

    server: Server | AverageCombiner
    """What joins."""
    children: AtLeastTwo[Node]
    """Nodes that are asked, at least two."""
