"""The graph of a predictor as nested predictive units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seldon_infra.experiments.terms import PARAMETER
from seldon_infra.graph.experiment import terms_of
from seldon_infra.graph.render_values import Manifest, as_text, endpoint, given, logger, parameters
from seldon_infra.graph.spec import ABTest, Node, RandomAbTest, SeldonDeployment
from seldon_infra.graph.walk import is_chain
from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling, told
from seldon_infra.servers.spec import HuggingFaceServer, SklearnServer, TensorFlowServer


def graph(deployment: SeldonDeployment, root: Node) -> Manifest:
    """The root of a predictor's graph, with everything below it.

    Seldon's executor fails on transformers over v2 gRPC. In a chain a MODEL is asked in just the same way, so where
    v2 serves gRPC the nodes of a chain are all MODELs, in the order in which requests reach them.
    """
    if deployment.protocol == "v2" and deployment.transport != "rest" and is_chain(root):
        return model_chain(deployment, call_order(root))
    return predictive_unit(deployment, root, root.type, [graph(deployment, child) for child in root.children])


def call_order(root: Node) -> tuple[Node, ...]:
    """Nodes of a chain as requests reach them: an output transformer comes after its child."""
    below = tuple(node for child in root.children for node in call_order(child))
    return (*below, root) if root.type == "OUTPUT_TRANSFORMER" else (root, *below)


def model_chain(deployment: SeldonDeployment, order: tuple[Node, ...]) -> Manifest:
    """Nodes as MODELs, each the only child of the one before."""
    first, *others = order
    children = [model_chain(deployment, tuple(others))] if others else []
    return predictive_unit(deployment, first, "MODEL", children)


def predictive_unit(deployment: SeldonDeployment, node: Node, kind: str, children: Iterable[Manifest]) -> Manifest:
    """One node of the graph."""
    return given(
        {
            "name": node.name,
            "children": list(children),
            "type": kind,
            "implementation": node.implementation,
            "methods": list(node.methods),
            "endpoint": endpoint(node.endpoint),
            "parameters": [*parameters(node.parameters), *server_parameters(deployment, node)],
            "modelUri": node.model_uri,
            "serviceAccountName": node.service_account_name,
            "envSecretRefName": node.env_secret_ref_name,
            "storageInitializerImage": node.storage_initializer_image,
            "logger": logger(node.logger),
        }
    )


def server_parameters(deployment: SeldonDeployment, node: Node) -> list[Manifest]:
    """Parameters that carry a server's own fields; one that the node gives under the same name wins."""
    fields = _server_fields(deployment, node)
    own = {parameter.name for parameter in node.parameters}
    return [
        {"name": name, "value": as_text(value), "type": kind}
        for name, value, kind in fields
        if value is not None and name not in own
    ]


def _server_fields(deployment: SeldonDeployment, node: Node) -> list[tuple[str, Any, str]]:
    if isinstance(node, ABTest):
        return [(PARAMETER, terms_of(node, deployment.name).text(), "STRING")]
    match node.server:
        case EpsilonGreedy() | ThompsonSampling() as bandit:
            return told(bandit, tuple(child.name for child in node.children))
        case RandomAbTest(ratio_a=ratio):
            return [("ratioA", ratio, "FLOAT")]
        case SklearnServer(method=method) if deployment.protocol == "seldon":
            return [("method", method, "STRING")]
        case TensorFlowServer() as server if deployment.protocol == "seldon":
            return [
                ("signature_name", server.signature_name, "STRING"),
                ("model_input", server.model_input, "STRING"),
                ("model_output", server.model_output, "STRING"),
            ]
        case HuggingFaceServer() as server:
            return [
                ("task", server.task, "STRING"),
                ("pretrained_model", server.pretrained_model, "STRING"),
                ("pretrained_tokenizer", server.pretrained_tokenizer, "STRING"),
                ("optimum_model", server.optimum_model, "BOOL"),
            ]
    return []
