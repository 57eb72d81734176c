"""Rules about what goes over the wire: which server speaks what, and what Seldon's executor can really do with it.

The executor was written for protocol seldon. On the others some calls lead nowhere or make it panic, and no webhook
says so. Read in the executor's source:

=========================  ========  =====================  ==========  =====================  ===============
node calls                 seldon    v2 REST                v2 gRPC     tensorflow REST        tensorflow gRPC
=========================  ========  =====================  ==========  =====================  ===============
predict                    yes       yes                    yes         yes                    yes
transform input, output    yes       yes                    panics      yes                    yes
route                      yes       …/models/M/route       panics      …/models/M:route       panics
aggregate                  yes       …/models/M/aggregate   panics      …/models/M:aggregate   panics
feedback                   yes       answered, not sent on  panics      answered, not sent on  panics
=========================  ========  =====================  ==========  =====================  ===============

In a chain on v2 transformers are rendered as MODELs in calling order: the same calls in REST, and they work in gRPC.
RANDOM_ABTEST is the executor's own and works everywhere; its other built-ins exist by name only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode, listed, nodes_in, predictors, server_of, transports
from seldon_infra.graph.spec import Combiner, RandomAbTest, Router
from seldon_infra.graph.walk import is_chain
from seldon_infra.servers.spec import ContainerServer, MLServerRuntime, PythonServer, Server, TensorFlowServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment

_OF_ITS_OWN = {
    "SIMPLE_MODEL": "Seldon's executor answers with the request itself there",
    "SIMPLE_ROUTER": "Seldon's executor asks all children there and keeps the first answer",
    "AVERAGE_COMBINER": "Seldon's executor keeps the first child's answer there",
}
_USUAL: dict[str, type[Server]] = {
    "seldon": PythonServer,
    "v2": MLServerRuntime,
    "tensorflow": TensorFlowServer,
}
_TRANSFORMERS = ("TRANSFORMER", "OUTPUT_TRANSFORMER")
_CALL = {"ROUTER": "route", "COMBINER": "aggregate"}


def server_speaks_protocol(at: InNode) -> Iterator[Problem]:
    """A server that is called in a protocol it does not speak answers with errors."""
    server, protocol = server_of(at.node), at.deployment.protocol
    if server is None or protocol in server.protocols:
        return
    spoken = [f"'{name}'" for name in server.protocols]
    says = f"speaks {listed(spoken, 'and')}" if spoken else "speaks nothing"
    fix = f"set protocol={spoken[0]} on {title(at.deployment)}, or " if spoken else ""
    yield Problem(
        at.path,
        f"server {type(server).__name__} {says}",
        f"must speak the deployment's protocol '{protocol}'",
        f"{fix}use {_server_for(at)} here",
    )


def node_works_on_protocol(at: InNode) -> Iterator[Problem]:
    """Refuse what makes the executor panic, or lead nowhere, on this protocol and these transports."""
    protocol, served = at.deployment.protocol, transports(at.deployment)
    if protocol == "seldon" or isinstance(at.node.server, RandomAbTest):
        return
    if isinstance(at.node, (Router, Combiner)):
        yield from _needs_seldon(at)
    elif at.node.type in _TRANSFORMERS and protocol == "v2" and "grpc" in served and not is_chain(at.predictor.graph):
        yield Problem(
            at.path,
            f"{at.node.type} on protocol 'v2' over gRPC, in a graph that is no chain",
            "must be served over REST alone: Seldon's executor panics on it over gRPC",
            f"set transport='rest' on {title(at.deployment)}, or make it a Model in calling order",
        )


def methods_work_on_protocol(at: InNode) -> Iterator[Problem]:
    """The same for calls beside those of the node's type."""
    protocol = at.deployment.protocol
    for method in at.node.methods if protocol != "seldon" else ():
        grpc = "grpc" in transports(at.deployment)
        if method in ("TRANSFORM_INPUT", "TRANSFORM_OUTPUT") and (protocol == "tensorflow" or not grpc):
            continue
        yield Problem(
            at.path,
            f"methods {method} on protocol '{protocol}'",
            "must be on protocol 'seldon': Seldon's executor does not make the call on others",
            f"remove {method}, or set protocol='seldon' on {title(at.deployment)} with a PythonServer",
        )


def built_in_exists(at: InNode) -> Iterator[Problem]:
    """Refuse built-ins that the executor knows by name only."""
    name = at.node.server.implementation or ""
    if server_of(at.node) is None and name in _OF_ITS_OWN:
        yield Problem(
            at.path,
            f"server {type(at.node.server).__name__}",
            f"must be one that works on a cluster: {_OF_ITS_OWN[name]}",
            "use a PythonServer, or portable=False for a stack that stays on this machine",
        )


def prepackaged_is_a_model(at: InNode) -> Iterator[Problem]:
    """The operator makes every prepackaged server a MODEL, so that another type is lost in silence."""
    server = server_of(at.node)
    if server is None or at.node.type in server.roles or _refused_anyway(at):
        return
    name = type(server).__name__
    chain = ", or make it a Model with its child in children" if at.node.type == "TRANSFORMER" else ""
    yield Problem(
        at.path,
        f"server {name}",
        f"must be one that can be a {at.node.type}: {name} is always a MODEL",
        f"use {_server_for(at)} here{chain}",
    )


def endpoint_types_agree(deployment: SeldonDeployment) -> Iterator[Problem]:
    """The webhook refuses endpoint types that differ, and any beside the deployment's transport."""
    typed = [inner.node for inner in _nodes(deployment) if inner.node.endpoint and inner.node.endpoint.type]
    found = sorted({str(node.endpoint.type) for node in typed if node.endpoint})
    if len(found) > 1:
        got = f"endpoint types {listed(found, 'and')} in one graph"
        yield Problem(title(deployment), got, "must all be the same", "remove them and set transport on the deployment")
    elif found and deployment.transport:
        names = listed([f"'{name}'" for name in dict.fromkeys(node.name for node in typed)], "and")
        got = f"endpoint type {found[0]} on {names} beside transport '{deployment.transport}'"
        yield Problem(title(deployment), got, "must be one of them", "remove the endpoint's type")


def _needs_seldon(at: InNode) -> Iterator[Problem]:
    """Routers and combiners on other protocols: only images that know Seldon's further call, and only in REST."""
    protocol, call = at.deployment.protocol, _CALL[at.node.type]
    where = f"/v2/models/{at.node.name}/{call}" if protocol == "v2" else f"/v1/models/{at.node.name}:{call}"
    if isinstance(at.node.server, ContainerServer) and "grpc" not in transports(at.deployment):
        return
    dice = ", or RandomAbTest as its server" if isinstance(at.node, Router) else ""
    yield Problem(
        at.path,
        f"{at.node.type} on protocol '{protocol}'",
        f"must be on protocol 'seldon': servers of '{protocol}' do not answer {where}, "
        "and over gRPC the executor panics",
        f"set protocol='seldon' on {title(at.deployment)} with a PythonServer, or transport='rest' with a "
        f"ContainerServer that answers {where}{dice}",
    )


def _refused_anyway(at: InNode) -> bool:
    """Whether another rule of this file says already that the server cannot be here."""
    server = server_of(at.node)
    return (server is not None and at.deployment.protocol not in server.protocols) or bool(
        list(node_works_on_protocol(at))
    )


def _server_for(at: InNode) -> str:
    """Name servers that speak the deployment's protocol and can be a node of this type."""
    kind: type[Server] = _USUAL[at.deployment.protocol]
    usual = f"{kind.__name__} or " if at.node.type in kind.roles else ""
    return f"{usual}ContainerServer"


def _nodes(deployment: SeldonDeployment) -> Iterator[InNode]:
    for at in predictors(deployment):
        yield from nodes_in(at)


DEPLOYMENT_RULES = (endpoint_types_agree,)
NODE_RULES = (server_speaks_protocol, prepackaged_is_a_model)
PORTABLE_NODE_RULES = (node_works_on_protocol, methods_work_on_protocol, built_in_exists)
