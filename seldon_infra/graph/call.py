"""Where a deployment answers behind an ingress, and a call that shows it."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.graph.walk import leaf

PLACEHOLDER = "http://INGRESS"
"""Stands for an ingress whose address nobody knows."""
_V2 = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP64", "data": [0.0]}]}


def deployment_url(ingress: str, namespace: str, name: str) -> str:
    """The URL below which a deployment answers REST. Source: prefixes of Seldon's VirtualServices and Mappings."""
    return f"{ingress.rstrip('/')}/seldon/{namespace}/{name}"


def grpc_address(ingress: str) -> str:
    """Host and port that answer gRPC: the ingress's own, since it tells deployments apart by metadata."""
    parts = urlsplit(ingress)
    port = f":{443 if parts.scheme == 'https' else 80}" if ":" not in parts.netloc.rpartition("]")[2] else ""
    return parts.netloc + port


def predict_curl(deployment: SeldonDeployment, url: str) -> str:
    """A command that asks a deployment, with one row of one number in the place of yours."""
    if deployment.transport == "grpc":
        return f"# SeldonDeployment '{deployment.name}' answers gRPC alone"
    path, body = _call(deployment)
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(body)}' {url}/{path}"


def model_server_curl(model: str, url: str) -> str:
    """A command that asks one model of a server on its own, with one row of one number in the place of yours."""
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(_V2)}' {url}/v2/models/{model}/infer"


def _call(deployment: SeldonDeployment) -> tuple[str, object]:
    if deployment.protocol == "v2":
        return "v2/models/infer", _V2
    if deployment.protocol == "tensorflow":
        model = leaf(deployment.predictors[0].graph).name
        return f"v1/models/{model}:predict", {"instances": [[0.0]]}
    return "api/v1.0/predictions", {"data": {"ndarray": [[0.0]]}}
