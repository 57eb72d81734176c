"""Where a rule looks: a deployment, one of its predictors, one of its nodes, and how messages name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_infra.core.bounds import MOST as MOST
from seldon_infra.core.bounds import below as below
from seldon_infra.core.bounds import used_twice as used_twice
from seldon_infra.core.model import title
from seldon_infra.core.problems import ARROW
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.spec import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.graph.spec import EnvVar, Node, Pod, Predictor, Resources, SeldonDeployment
    from seldon_infra.servers.spec import Transport


@dataclass(frozen=True)
class InPredictor:
    """One predictor of a deployment."""

    deployment: SeldonDeployment
    predictor: Predictor

    @property
    def path(self) -> str:
        """The predictor in the user's words."""
        return f"{title(self.deployment)}{ARROW}{title(self.predictor)}"


@dataclass(frozen=True)
class InNode:
    """One node of a predictor's graph."""

    deployment: SeldonDeployment
    predictor: Predictor
    node: Node

    @property
    def path(self) -> str:
        """The node in the user's words."""
        return f"{title(self.deployment)}{ARROW}{title(self.predictor)}{ARROW}{title(self.node)}"


def predictors(deployment: SeldonDeployment) -> Iterator[InPredictor]:
    """Give every predictor of a deployment."""
    return (InPredictor(deployment, predictor) for predictor in deployment.predictors)


def nodes_in(at: InPredictor) -> Iterator[InNode]:
    """Give every node of a predictor, each before its children."""
    return (InNode(at.deployment, at.predictor, node) for node in nodes(at.predictor.graph))


def server_of(node: Node) -> Server | None:
    """Give the server that runs a node, None where the orchestrator does it by itself."""
    return node.server if isinstance(node.server, Server) else None


def transports(deployment: SeldonDeployment) -> tuple[Transport, ...]:
    """Give the transports that a deployment serves."""
    return (deployment.transport,) if deployment.transport else ("rest", "grpc")


def resources_in(at: InPredictor) -> Iterator[tuple[str, str, Resources]]:
    """Give every container's resources with its object's path and the field that holds them."""
    predictor = at.predictor
    for inner in nodes_in(at):
        if inner.node.resources:
            yield inner.path, "resources", inner.node.resources
    if predictor.engine_resources:
        yield at.path, "engine_resources", predictor.engine_resources
    if predictor.orchestrator and predictor.orchestrator.resources:
        yield at.path, "orchestrator.resources", predictor.orchestrator.resources
    if predictor.explainer and predictor.explainer.resources:
        yield at.path, "explainer.resources", predictor.explainer.resources


def scaled_in(at: InPredictor) -> Iterator[tuple[str, Predictor | Pod]]:
    """Give what holds an autoscaler's settings with its object's path: the predictor, then its nodes' own pods."""
    yield at.path, at.predictor
    for inner in nodes_in(at):
        if inner.node.pod:
            yield inner.path, inner.node.pod


def environments_in(at: InPredictor) -> Iterator[tuple[str, str, Sequence[EnvVar]]]:
    """Give every container's environment with its object's path and the field that holds it."""
    for inner in nodes_in(at):
        yield inner.path, "env", inner.node.env
    if at.predictor.orchestrator:
        yield at.path, "orchestrator.env", at.predictor.orchestrator.env
    if at.predictor.explainer:
        yield at.path, "explainer.env", at.predictor.explainer.env


def listed(words: Sequence[str], last: str = "or") -> str:
    """Write words as a sentence lists them: ``a, b or c``."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def half(of: object, name: str, secret: str) -> Iterator[tuple[str, str, str]]:
    """Give what is there, the rule and the fix where one of two fields that belong together is given alone."""
    fields = (name, secret)
    given = [field for field in fields if getattr(of, field) is not None]
    if len(given) == 1:
        (lacks,) = set(fields) - set(given)
        yield f"{given[0]} is given alone", f"must come with {lacks}", f"write {lacks}=secret(…)"
