"""Rules about explainers: each broken by one deployment, and kept by its nearest neighbour."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import Kubernetes, Local, Stack
from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.plain import read
from seldon_infra.graph.check import check, check_cluster, check_local
from seldon_infra.graph.spec import (
    LIME,
    SHAP,
    AnchorImages,
    AnchorTabular,
    Contrastive,
    Counterfactuals,
    Explainer,
    ExplainerMethod,
    KernelShap,
    Model,
    OutputTransformer,
    SeldonDeployment,
    TreeShap,
)
from seldon_infra.servers.spec import TensorFlowServer, TritonServer, XGBoostServer
from tests.unit.graph.check.build import DEPLOYMENT, PREDICTOR, Row, deployment, model, predictor, runtime

URI = "s3://bucket/explainer"


def explained(type: Any, protocol: str = "v2", graph: Any = None, **fields: Any) -> SeldonDeployment:
    transport = {"transport": fields.pop("transport")} if "transport" in fields else {}
    made = Explainer(**{"type": type, "model_uri": URI, **fields})
    return deployment(predictor(graph=graph or model(), explainer=made), protocol=protocol, **transport)


OK = explained("KernelShap")
ROWS = {
    "a share lies between 0 and 1": Row(
        explained(AnchorTabular(threshold=1.0)),
        f"{PREDICTOR}: explainer.threshold 1, must lie between 0 and 1; write threshold=0.1, say",
        explained(AnchorTabular(threshold=0.99)),
    ),
    "a count is positive": Row(
        explained(KernelShap(background=-1)),
        f"{PREDICTOR}: explainer.background -1, must be 0 or more; write explainer.background=0 or more",
        explained(KernelShap(background=10)),
    ),
    "a step goes somewhere": Row(
        explained(Counterfactuals(eps=0)),
        f"{PREDICTOR}: explainer.eps 0, must be above 0; write eps=0.01, say",
        explained(Counterfactuals(eps=0.05)),
    ),
    "a weight is not negative": Row(
        explained(Contrastive(kappa=-1)),
        f"{PREDICTOR}: explainer.kappa -1.0, must be 0 or more; write explainer.kappa=0 or more",
        explained(Contrastive(kappa=0)),
    ),
    "percentiles rise": Row(
        explained(AnchorTabular(percentiles=(50, 25))),
        f"{PREDICTOR}: explainer.percentiles [50, 25], must rise, between 0 and 100; write percentiles=(25, 50, 75)",
        explained(AnchorTabular(percentiles=(25, 50))),
    ),
    "an image has three sizes": Row(
        explained(AnchorImages(shape=(8, 8))),
        f"{PREDICTOR}: explainer.shape [8, 8], must be height, width and channels; write shape=(28, 28, 1)",
        explained(AnchorImages(shape=(8, 8, 1))),
    ),
    "a digest is whole": Row(
        explained("KernelShap", model_digest="sha256:ab"),
        f"{PREDICTOR}: explainer.model_digest 'sha256:ab', must be sha256: and 64 hexadecimal digits; "
        "copy the whole digest; run: seldon-infra digest FOLDER",
        explained("KernelShap", model_digest=f"sha256:{'a' * 64}"),
    ),
    "a time-out is a duration": Row(
        explained("KernelShap", timeout="soon"),
        f"{PREDICTOR}: explainer.timeout 'soon', must be a duration; write timeout='60s'",
        explained("KernelShap", timeout="5s"),
    ),
    "a signature is that of files": Row(
        explained("AnchorText", model_uri=None, init_parameters={}, signed_by="maker.pub"),
        f"{PREDICTOR}: explainer.signed_by without model_uri, must have files to look at; "
        "write model_uri=…, or remove signed_by",
        explained("KernelShap", signed_by="maker.pub"),
    ),
    "an image is a reference": Row(
        explained("KernelShap", image="Acme/Explain"),
        f"{PREDICTOR}: explainer.image 'Acme/Explain', must be an image's name in lower case, with a tag or a digest "
        "at most; write image='registry/name@sha256:…'",
        explained("KernelShap", image="acme/explain:1"),
    ),
}
ASKS = "use KernelShap, AnchorTabular, SHAP or LIME, which ask for answers alone"
INSIDE = f"must explain a predictor that is one Model with SklearnServer and a model_uri; {ASKS}"
NETWORK = f"must explain a predictor that is one Model with TensorFlowServer or MLServerRuntime and a model_uri; {ASKS}"
LOCAL = {
    "gradients of what is no network": Row(
        explained("IntegratedGradients"),
        f"{PREDICTOR}: explainer.type 'IntegratedGradients' looks into the model, {NETWORK}",
        explained("IntegratedGradients", protocol="tensorflow", graph=model(server=TensorFlowServer())),
    ),
    "gradients of code without files": Row(
        explained("IntegratedGradients", graph=model(server=runtime(), model_uri=None)),
        f"{PREDICTOR}: explainer.type 'IntegratedGradients' looks into the model, {NETWORK}",
        explained("IntegratedGradients", graph=model(server=runtime())),
    ),
    "a protocol that no server here speaks": Row(
        explained("KernelShap", protocol="seldon", graph=model(server=runtime(), model_uri=None)),
        f"{PREDICTOR}: explainer on protocol 'seldon', must be on 'v2' or 'tensorflow' here; "
        f"set protocol='v2' on {DEPLOYMENT}, or use a cluster",
        explained("KernelShap", protocol="tensorflow", graph=model(server=TensorFlowServer())),
    ),
    "an explainer that nobody fitted": Row(
        explained("AnchorText", model_uri=None, init_parameters={"threshold": 0.9}),
        f"{PREDICTOR}: explainer.model_uri is not set, must be given on this machine; "
        "fit one with seldon-infra explainer fit, and write model_uri='explainers/…'",
        explained("AnchorText"),
    ),
    "a predictor that cannot be asked": Row(
        explained("KernelShap", transport="grpc"),
        f"{PREDICTOR}: explainer with transport 'grpc', must have REST, by which it asks; "
        f"remove transport from {DEPLOYMENT}",
        OK,
    ),
    "trees that are not scikit-learn's": Row(
        explained(TreeShap(), graph=model(server=XGBoostServer())),
        f"{PREDICTOR}: explainer.type 'TreeShap' looks into the model, {INSIDE}",
        explained(TreeShap()),
    ),
    "trees behind a graph": Row(
        explained(
            SHAP(algorithm="tree"),
            graph=OutputTransformer(
                name="round", server=runtime(), child=Model(name="score", server=TritonServer(), model_uri="s3://b/m")
            ),
        ),
        f"{PREDICTOR}: explainer.type 'SHAP' looks into the model, {INSIDE}",
        explained(SHAP(algorithm="tree")),
    ),
}
CLUSTER = {
    "a protocol without an image": Row(
        explained("KernelShap", protocol="tensorflow", graph=model(server=TensorFlowServer())),
        f"{PREDICTOR}: explainer on protocol 'tensorflow', must be on protocol 'seldon' or 'v2' on a cluster; "
        "remove explainer",
        deployment(predictor(graph=model(server=TensorFlowServer())), protocol="tensorflow"),
    ),
    "SHAP without an image": Row(
        explained("SHAP"),
        f"{PREDICTOR}: explainer.image is not set for SHAP, must be given on a cluster, where Seldon has none; "
        "write image='registry/name@sha256:…' with servers/shap in it",
        explained("SHAP", image="acme/shap:1"),
    ),
    "trees that are not beside it": Row(
        explained(TreeShap(), image="acme/alibi:1"),
        f"{PREDICTOR}: explainer.type 'TreeShap' looks into the model, with an image of this library's, must not, on a "
        "cluster: the model's file is not there; "
        "use KernelShap, AnchorTabular, SHAP or LIME, which ask for answers alone",
        explained(TreeShap()),
    ),
    "LIME on Seldon's own protocol": Row(
        explained(LIME(), protocol="seldon", image="acme/lime:1"),
        f"{PREDICTOR}: explainer LIME on protocol 'seldon', must be on protocol 'v2'; "
        f"set protocol='v2' on {DEPLOYMENT}",
        explained(LIME(), image="acme/lime:1"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_is_said_where_it_is_broken_and_only_there(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize("row", LOCAL.values(), ids=LOCAL)
def test_what_this_machine_cannot_explain_is_said(row: Row) -> None:
    everywhere = check(row.wrong)
    found = [str(problem) for problem in check_local(row.wrong) if problem not in everywhere]
    assert row.message in found
    assert check_local(row.right) == []


@pytest.mark.parametrize("row", CLUSTER.values(), ids=CLUSTER)
def test_what_a_cluster_has_no_image_for_is_said(row: Row) -> None:
    assert [str(problem) for problem in check_cluster(row.wrong)] == [row.message]
    assert check_cluster(row.right) == []


def test_a_method_alone_is_no_explainer() -> None:
    with pytest.raises(InvalidSpec, match="kind such as AnchorTabular"):
        ExplainerMethod()


def test_plain_data_names_a_method_and_never_what_methods_share() -> None:
    given = {"type": {"type": "TreeShap", "background": 10}, "modelUri": URI}
    assert read(Explainer, given) == Explainer(type=TreeShap(background=10), model_uri=URI)
    with pytest.raises(InvalidSpec, match="KernelShap, LIME, SHAP or TreeShap;"):
        read(Explainer, {"type": {"type": "Tree"}, "modelUri": URI})


def named(name: str, namespace: str = "shop", **fields: Any) -> SeldonDeployment:
    return OK.model_copy(update={"name": name, "namespace": namespace, **fields})


PLAIN = (OK.predictors[0].model_copy(update={"explainer": None}),)
PATH = (
    "SeldonDeployment 'fraud-explainer': name 'fraud-explainer' leads to /seldon/shop/fraud-explainer/main/, where the "
    f"explainer of {PREDICTOR} is, must be no explainer's path; rename it"
)
ROUTES = (
    "SeldonDeployment 'fraud-main-explainer': VirtualService 'fraud-main-explainer-http' is made for it and for the "
    f"explainer of {PREDICTOR}, must be made for one alone; rename one of them"
)
BESIDE: dict[str, tuple[SeldonDeployment, SeldonDeployment, list[str], list[str]]] = {
    "its explainer's path": (named("fraud"), named("fraud-explainer", predictors=PLAIN), [PATH], [PATH]),
    "another namespace": (named("fraud"), named("fraud-explainer", "bank", predictors=PLAIN), [], []),
    "another name": (named("fraud"), named("fraud-explained", predictors=PLAIN), [], []),
    "nothing is explained": (named("fraud", predictors=PLAIN), named("fraud-explainer", predictors=PLAIN), [], []),
    "its explainer's routes on a cluster": (
        named("fraud"),
        named("fraud-main-explainer", predictors=PLAIN),
        [],
        [ROUTES],
    ),
}


@pytest.mark.parametrize(("one", "other", "here", "on_clusters"), BESIDE.values(), ids=BESIDE)
def test_a_deployment_takes_no_path_of_another_s_explainer(
    one: SeldonDeployment, other: SeldonDeployment, here: list[str], on_clusters: list[str]
) -> None:
    for side_by_side in ((one, other), (other, one)):
        stays_here = Stack(target=Local(portable=False), deployments=side_by_side).check()
        assert [str(problem) for problem in stays_here if problem.got.startswith(("name", "VirtualService"))] == here
        anywhere = Stack(target=Kubernetes(), deployments=side_by_side).check()
        assert [
            str(problem) for problem in anywhere if problem.got.startswith(("name", "VirtualService"))
        ] == on_clusters
