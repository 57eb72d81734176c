"""An explainer's process on this machine: whom it asks, and on which protocol."""

from __future__ import annotations

import json

import pytest

from seldon_infra import Explainer, Local
from seldon_infra.servers.spec import SklearnServer, TensorFlowServer
from seldon_infra.targets.local_explainers import process
from tests.unit.graph.check.build import deployment, model, predictor

ASKED = {
    "v2": (SklearnServer(), "http://{infer}/v2/models/score/infer"),
    "tensorflow": (TensorFlowServer(), "http://{infer}/v1/models/score:predict"),
}


@pytest.mark.parametrize("protocol", ASKED)
def test_it_asks_its_predictor_as_the_deployment_speaks(protocol: str) -> None:
    server, uri = ASKED[protocol]
    explainer = Explainer(type="Counterfactuals", model_uri="explainers/other")
    explained = predictor(graph=model(name="score", server=server), explainer=explainer)
    made = process(deployment(explained, protocol=protocol), explained, explainer, Local())
    assert json.loads(made["environment"]["MLSERVER_MODEL_EXTRA"])["infer_uri"] == uri


def test_only_what_looks_into_the_model_gets_its_files() -> None:
    graph = model(server=TensorFlowServer())
    for method, is_given in (("IntegratedGradients", True), ("Counterfactuals", False)):
        explainer = Explainer(type=method, model_uri="explainers/x")
        explained = predictor(graph=graph, explainer=explainer)
        made = process(deployment(explained, protocol="tensorflow"), explained, explainer, Local())
        assert ("model" in json.loads(made["environment"]["MLSERVER_MODEL_EXTRA"])) is is_given
