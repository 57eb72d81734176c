"""Deployments that break no rule, to be broken one at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import MLServerRuntime, PythonServer, SklearnServer

DEPLOYMENT = "SeldonDeployment 'fraud'"
PREDICTOR = f"{DEPLOYMENT} → predictor 'main'"
NODE = f"{PREDICTOR} → model 'score'"


class Row(NamedTuple):
    """One rule: a deployment that breaks it alone, what is said, and its nearest neighbour that keeps it."""

    wrong: SeldonDeployment
    message: str
    right: SeldonDeployment


def model(name: str = "score", **fields: Any) -> Model:
    return Model(**{"name": name, "server": SklearnServer(), "model_uri": "s3://bucket/score", **fields})


def python(**fields: Any) -> PythonServer:
    return PythonServer(**{"source": "score.py", "class_name": "Score", **fields})


def runtime(**fields: Any) -> MLServerRuntime:
    return MLServerRuntime(**{"source": "score.py", "class_name": "Score", **fields})


def predictor(name: str = "main", **fields: Any) -> Predictor:
    return Predictor(**{"name": name, "graph": model(), **fields})


def deployment(*predictors: Predictor, **fields: Any) -> SeldonDeployment:
    return SeldonDeployment(**{"name": "fraud", "predictors": predictors or (predictor(),), **fields})


def of_node(**fields: Any) -> SeldonDeployment:
    return deployment(predictor(graph=model(**fields)))


def of_predictor(**fields: Any) -> SeldonDeployment:
    return deployment(predictor(**fields))


def graph(root: Any, **fields: Any) -> SeldonDeployment:
    return deployment(predictor(graph=root), **fields)
