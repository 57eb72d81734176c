"""What a stack on a cluster says of its models: of a graph's nodes, of explainers, of model servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.graph.rules.place import nodes_in, predictors, server_of
from seldon_infra.model_server.check import CONTAINER

if TYPE_CHECKING:
    from seldon_infra.core.model import Later
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.servers.spec import Server


@dataclass(frozen=True, eq=False)
class WantedModel:
    """One model with all that its definition holds it to."""

    path: str
    """Where it is declared, as messages say it."""
    place: str
    """Where it is in what serves it."""
    uri: Later[str]
    server: Server | None
    """What loads it; None is an explainer's own."""
    digest: Later[str] | None = None
    signed_by: str | None = None
    trusted: tuple[str, ...] = ()


def models_of(deployment: SeldonDeployment) -> Iterator[WantedModel]:
    """Give the models of a deployment's nodes and explainers."""
    for at in predictors(deployment):
        for inner in nodes_in(at):
            node, server = inner.node, server_of(inner.node)
            if node.model_uri is not None and server is not None:
                place, key = f"{at.predictor.name}/{node.name}", node.signed_by
                yield WantedModel(
                    inner.path, place, node.model_uri, server, node.model_digest, key, tuple(node.trusted)
                )
        explainer = at.predictor.explainer
        if explainer is not None and explainer.model_uri is not None:
            path, place = f"{at.path} → explainer", f"{at.predictor.name}, explainer"
            key, trusted = explainer.signed_by, tuple(explainer.trusted)
            yield WantedModel(path, place, explainer.model_uri, None, explainer.model_digest, key, trusted)


def models_of_server(spec: ModelServer) -> Iterator[WantedModel]:
    """Give the model of a model server; what Triton reads where it lies is none that a pod fetches."""
    if spec.model_uri is not None:
        trusted = tuple(spec.trusted)
        yield WantedModel(
            title(spec), CONTAINER, spec.model_uri, spec.server, spec.model_digest, spec.signed_by, trusted
        )
