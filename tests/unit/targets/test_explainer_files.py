"""An explainer that was fitted for another model, or otherwise than declared, is told before anything is declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.graph.spec import SHAP, Explainer, ExplainerMethod, KernelShap, Model, Predictor, SeldonDeployment
from seldon_infra.servers.spec import SklearnServer
from seldon_infra.targets.explainer_files import unfit_explainers
from seldon_infra.targets.local_explainers import process, route
from seldon_infra.targets.spec import Local

EXPLAINER = "SeldonDeployment 'd' → predictor 'main' → explainer"


def declared(
    type: Any = "KernelShap", uri: str = "explainer", model_digest: str | None = None, pinned: str | None = None
) -> SeldonDeployment:
    node = Model(name="m", server=SklearnServer(), model_uri="model", model_digest=pinned)
    explainer = Explainer(type=type, model_uri=uri, model_digest=model_digest)
    predictor = Predictor(name="main", graph=node, explainer=explainer)
    return SeldonDeployment(name="d", namespace="ns", protocol="v2", predictors=[predictor])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A model, and an explainer that was fitted for it."""
    for folder in ("model", "explainer"):
        (tmp_path / folder).mkdir()
    (tmp_path / "model" / "model.joblib").write_bytes(b"one")
    write_card(tmp_path, digest_of(tmp_path / "model")[0])
    return tmp_path


def write_card(project: Path, digest: str, method: ExplainerMethod | None = None) -> None:
    card = {
        "method": (method or KernelShap()).model_dump(mode="json"),
        "model_digest": digest,
        "input": "x",
        "datatype": "FP64",
        "output": None,
        "features": ["a"],
        "categories": {},
        "classes": [],
        "rows": 2,
    }
    (project / "explainer" / "explainer.json").write_text(json.dumps(card))


def said(deployment: SeldonDeployment, project: Path) -> list[str]:
    return [str(problem) for problem in unfit_explainers(deployment, project)]


@pytest.mark.parametrize("type", ["KernelShap", KernelShap()], ids=repr)
def test_an_explainer_of_the_model_that_is_there_is_right(project: Path, type: Any) -> None:
    assert said(declared(type), project) == []


def test_a_changed_model_makes_its_explainer_an_error(project: Path) -> None:
    before = digest_of(project / "model")[0]
    (project / "model" / "model.joblib").write_bytes(b"another")
    now = digest_of(project / "model")[0]
    assert said(declared(), project) == [
        f"{EXPLAINER}: 'explainer' was fitted for a model with the digest {before}, and 'm' has {now}, "
        "must explain the model that answers; fit it anew with seldon-infra explainer fit, for the model that is there"
    ]


def test_a_pinned_model_counts_by_its_pin_wherever_its_files_are(project: Path) -> None:
    pin = f"sha256:{'a' * 64}"
    assert len(said(declared(pinned=pin), project)) == 1
    write_card(project, pin)
    assert said(declared(pinned=pin), project) == []


WRONG = {
    "another method": (
        declared("TreeShap"),
        "type 'TreeShap', and 'explainer' was fitted as KernelShap, must be one method; "
        "write type='KernelShap', or fit it anew",
    ),
    "another option": (
        declared(KernelShap(background=50)),
        "background 50, and 'explainer' was fitted with 100, must be what it was fitted with; "
        "write background=100, or fit it anew",
    ),
    "a folder that is not there": (
        declared(uri="explainers"),
        "model_uri 'explainers' holds no explainer.json, must be a fitted explainer; "
        "fit it with seldon-infra explainer fit, or correct the path",
    ),
}


@pytest.mark.parametrize(("deployment", "message"), WRONG.values(), ids=WRONG)
def test_what_it_was_not_fitted_for_is_said(project: Path, deployment: SeldonDeployment, message: str) -> None:
    assert said(deployment, project) == [f"{EXPLAINER}: {message}"]


def test_what_looks_into_the_model_is_declared_with_its_options(project: Path) -> None:
    trees = SHAP(algorithm="tree", background=0)
    write_card(project, digest_of(project / "model")[0], trees)
    assert said(declared(trees), project) == []
    assert said(declared("SHAP"), project) == [
        f"{EXPLAINER}: type 'SHAP', and 'explainer' was fitted with algorithm 'tree', must say that it looks into the "
        "model; write type=SHAP(algorithm='tree', background=0)"
    ]


def test_the_explainers_own_files_may_be_pinned(project: Path) -> None:
    digest = digest_of(project / "explainer")[0]
    assert said(declared(model_digest=digest), project) == []
    other = f"sha256:{'0' * 64}"
    assert said(declared(model_digest=other), project) == [
        f"{EXPLAINER}: model_uri 'explainer' has the digest {digest}, must be the model_digest {other}; "
        "pin what is there"
    ]


def test_a_card_that_is_none_is_said(project: Path) -> None:
    (project / "explainer" / "explainer.json").write_text("{}")
    (problem,) = said(declared(), project)
    assert "explainer.json" in problem or "method: Field required" in problem
    assert problem.endswith("must be a card as the fit writes it; fit the explainer anew")


def test_what_is_in_a_store_is_looked_at_by_the_explainer_itself(project: Path) -> None:
    assert said(declared(uri="s3://bucket/explainer"), project) == []


def test_it_asks_its_own_predictor_and_listens_where_seldons_ingress_has_it() -> None:
    deployment = declared()
    (predictor,) = deployment.predictors
    assert predictor.explainer is not None
    made = process(deployment, predictor, predictor.explainer, Local())
    told = json.loads(made["environment"]["MLSERVER_MODEL_EXTRA"])
    assert told == {"infer_uri": "http://{infer}/v2/models/m/infer"}
    way = route(deployment, predictor, predictor.explainer, {"http": "127.0.0.1:1", "grpc": "127.0.0.1:2"})
    assert (way["name"], way["models"], way["rest_seconds"]) == (
        "d-explainer/main",
        ["explainer", "d-main-explainer"],
        60,
    )
