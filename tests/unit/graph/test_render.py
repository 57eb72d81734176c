"""What a cluster gets: exactly what the golden files show."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.render import manifests, seldon_deployment
from seldon_infra.graph.spec import (
    EnvVar,
    Explainer,
    Logger,
    Model,
    Node,
    Orchestrator,
    OutputTransformer,
    Parameter,
    Pod,
    PodTemplate,
    Predictor,
    RandomAbTest,
    Router,
    SeldonDeployment,
    Ssl,
    Timeouts,
    Transformer,
)
from seldon_infra.servers.spec import (
    LightGBMServer,
    MLflowServer,
    OnnxServer,
    Server,
    SklearnServer,
    TensorFlowServer,
    TorchServeServer,
    XGBoostServer,
)
from tests.unit.graph.cases import CASES, GOLDEN, digits, fraud, golden, python, scaler, single, sklearn

OBJECTS = ("ServiceAccount", "NetworkPolicy", "SeldonDeployment")


def served(*roots: Model | Transformer | OutputTransformer, **fields: object) -> SeldonDeployment:
    """Give a deployment of graphs, one predictor each."""
    predictors = [Predictor(name=f"p{index}", graph=root) for index, root in enumerate(roots)]
    return SeldonDeployment(name="demo", predictors=predictors, **fields)  # type: ignore[arg-type]


UNREAD = {"ab-test": ["sticky"], "ssl": ["engine_resources"]}
"""What manifests have, and `import` reads, though no operator does: a stack that says so is refused."""


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_is_rendered(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), f"run: python -m tests.unit.graph.cases, then read the difference of {name}.yaml"


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_is_short_and_says_what_it_shows(name: str) -> None:
    lines = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= 180


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_a_cluster_can_run(name: str) -> None:
    assert [problem.got for problem in check_cluster(CASES[name].deployment)] == UNREAD.get(name, [])


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(CASES)


def test_a_node_without_image_is_named_with_what_to_write() -> None:
    with pytest.raises(InvalidSpec) as raised:
        seldon_deployment(served(Transformer(name="scale", server=scaler(None), child=sklearn("classifier"))))
    assert str(raised.value) == (
        "SeldonDeployment 'demo' → predictor 'p0' → transformer 'scale': image is not set, the class PixelScaler is in"
        " stacks/digits/scale.py, must be set for a cluster, which runs images; build an image with the class and"
        ' write MLServerRuntime(…, image="registry/name@sha256:…")'
    )


def test_all_missing_images_of_all_deployments_are_named_at_once() -> None:
    incomplete = served(Model(name="a", server=scaler(None)), Model(name="b", server=scaler(None)))
    with pytest.raises(InvalidSpec) as raised:
        manifests([incomplete, incomplete])
    assert len(raised.value.problems) == 4


def images(node: Model, **fields: object) -> list[object]:
    """Give the images of a deployment's containers, None where the operator's chart decides."""
    (predictor,) = seldon_deployment(served(node, **fields))["spec"]["predictors"]
    return [each.get("image") for pod in predictor["componentSpecs"] for each in pod["spec"]["containers"]]


@pytest.mark.parametrize(
    ("server", "image"),
    [
        (SklearnServer(), "seldonio/sklearnserver:1.17.1"),
        (XGBoostServer(), "seldonio/xgboostserver:1.17.1"),
        (MLflowServer(), "seldonio/mlflowserver:1.17.1"),
        (SklearnServer(version="1.19.0", licence="BSL-1.1"), "seldonio/sklearnserver:1.19.0"),
        (TensorFlowServer(), None),
    ],
)
def test_an_image_of_seldon_s_own_is_the_last_under_apache_unless_a_version_says_otherwise(
    server: Server, image: str | None
) -> None:
    assert images(Model(name="m", server=server, model_uri="s3://b/m")) == [image]


@pytest.mark.parametrize(
    ("server", "image", "runtime"),
    [
        (LightGBMServer(), "seldonio/mlserver:1.7.1-lightgbm", "mlserver_lightgbm.LightGBMModel"),
        (LightGBMServer(image="acme/trees:1"), "acme/trees:1", "mlserver_lightgbm.LightGBMModel"),
        (OnnxServer(image="acme/onnx:1"), "acme/onnx:1", "onnx_model.OnnxModel"),
        (TorchServeServer(image="acme/torch:1"), "acme/torch:1", "torchserve_model.TorchServeModel"),
    ],
)
def test_what_seldon_has_not_prepackaged_is_a_container_that_is_told_its_runtime(
    server: Server, image: str, runtime: str
) -> None:
    (predictor,) = seldon_deployment(served(Model(name="m", server=server, model_uri="s3://b/m"), protocol="v2"))[
        "spec"
    ]["predictors"]
    (container,) = predictor["componentSpecs"][0]["spec"]["containers"]
    assert container["image"] == image
    assert {"name": "MLSERVER_MODEL_IMPLEMENTATION", "value": runtime} in container["env"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"
    assert "implementation" not in predictor["graph"]


def test_on_v2_the_operator_s_map_names_mlserver_which_is_under_apache() -> None:
    assert images(sklearn("m"), protocol="v2") == [None]


@pytest.mark.parametrize(
    ("protocol", "version", "image"),
    [
        ("seldon", None, "seldonio/alibiexplainer:1.17.1"),
        ("v2", None, "seldonio/mlserver:1.4.0-alibi-explain"),
        ("v2", "1.6.1", "seldonio/mlserver:1.6.1-alibi-explain"),
    ],
)
def test_an_explainer_s_image_has_the_last_alibi_under_apache_on_each_protocol(
    protocol: str, version: str | None, image: str
) -> None:
    explainer = Explainer(type="ALE", model_uri="s3://b/e", version=version)
    predictor = Predictor(name="main", graph=sklearn("m"), explainer=explainer)
    rendered = seldon_deployment(SeldonDeployment(name="demo", protocol=protocol, predictors=[predictor]))  # type: ignore[arg-type]
    assert rendered["spec"]["predictors"][0]["explainer"]["containerSpec"]["image"] == image


def test_namespaces_come_first_each_once_then_deployments_in_their_order_after_what_is_theirs() -> None:
    kinds = [(each["kind"], each["metadata"]["name"]) for each in manifests([digits(), fraud(), single("b")])]
    objects = [(kind, name) for name in ("digits", "fraud", "b") for kind in OBJECTS]
    assert kinds == [("Namespace", "default"), ("Namespace", "vision"), *objects]


def test_a_v2_chain_is_all_models_in_the_order_of_requests() -> None:
    chain = Transformer(
        name="before",
        server=scaler(),
        child=OutputTransformer(name="after", server=scaler(), child=sklearn("classifier")),
    )
    unit = seldon_deployment(served(chain, protocol="v2"))["spec"]["predictors"][0]["graph"]
    order = []
    while unit:
        order.append((unit["name"], unit["type"]))
        unit = unit.get("children", [None])[0]
    assert order == [("before", "MODEL"), ("classifier", "MODEL"), ("after", "MODEL")]


@pytest.mark.parametrize(("protocol", "transport"), [("v2", "rest"), ("seldon", None)])
def test_transformers_stay_what_they_are_where_the_executor_knows_them(protocol: str, transport: str | None) -> None:
    chain = Transformer(name="before", server=scaler(), child=sklearn("classifier"))
    rendered = seldon_deployment(served(chain, protocol=protocol, transport=transport))
    assert rendered["spec"]["predictors"][0]["graph"]["type"] == "TRANSFORMER"


def test_a_node_s_own_parameter_wins_over_its_server_s_field() -> None:
    node = Model(
        name="iris",
        server=SklearnServer(method="predict"),
        model_uri="s3://m",
        parameters=[Parameter(name="method", value="predict_proba")],
    )
    unit = seldon_deployment(served(node))["spec"]["predictors"][0]["graph"]
    assert unit["parameters"] == [{"name": "method", "value": "predict_proba", "type": "STRING"}]


def test_with_tls_inside_the_pod_the_operator_s_own_probes_remain() -> None:
    predictor = Predictor(name="main", graph=Model(name="score", server=python("score")), ssl=Ssl(cert_secret_name="t"))
    rendered = seldon_deployment(SeldonDeployment(name="demo", predictors=[predictor]))
    (container,) = rendered["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]
    assert not {"livenessProbe", "readinessProbe"} & set(container)


def test_zero_replicas_and_zero_traffic_are_written() -> None:
    predictors = [
        Predictor(name="a", traffic=100, graph=sklearn("m")),
        Predictor(name="b", traffic=0, replicas=0, graph=sklearn("m")),
    ]
    rendered = seldon_deployment(SeldonDeployment(name="demo", predictors=predictors))["spec"]["predictors"][1]
    assert (rendered["traffic"], rendered["replicas"]) == (0, 0)


def test_the_pod_template_relaxes_by_name_and_removes_with_none() -> None:
    template = PodTemplate(
        spec={
            "securityContext": {"runAsUser": None, "fsGroup": 2000},
            "containers": [{"name": "classifier", "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}}],
        }
    )
    rendered = seldon_deployment(single(pod=template))["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
    assert rendered["securityContext"] == {
        "runAsGroup": 10001,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroup": 2000,
    }
    assert rendered["containers"][0]["securityContext"]["capabilities"] == {
        "drop": ["ALL"],
        "add": ["NET_BIND_SERVICE"],
    }


class Come:
    """A value of later that has come: what `apply` gives is another one."""

    def __init__(self, value: object) -> None:
        self.value = value

    def apply(self, function: object) -> Come:
        """Change the value."""
        changed = function(self.value)  # type: ignore[operator]
        return changed if isinstance(changed, Come) else Come(changed)


def test_values_of_later_stay_where_they_are() -> None:
    uri, url = Come("s3://bucket/model"), Come("http://broker")
    node = Model(name="m", server=SklearnServer(), model_uri=uri, logger=Logger(mode="all", url=url))  # type: ignore[arg-type]
    unit = seldon_deployment(served(node))["spec"]["predictors"][0]["graph"]
    assert unit["modelUri"] is uri
    assert unit["logger"]["url"] is url


def test_values_of_later_are_written_as_text_when_they_come() -> None:
    node = Model(
        name="m",
        server=SklearnServer(),
        model_uri="s3://m",
        parameters=[Parameter(name="depth", value=Come(3), type="INT")],  # type: ignore[arg-type]
    )
    timeouts = Timeouts(rest=Come("1.5s"))  # type: ignore[arg-type]
    spec = seldon_deployment(served(node, timeouts=timeouts))["spec"]
    assert spec["predictors"][0]["graph"]["parameters"][0]["value"].value == "3"
    assert spec["annotations"]["seldon.io/rest-timeout"].value == "1500"


def test_json_text_waits_for_every_value_in_it() -> None:
    explainer = {"type": "AnchorText", "init_parameters": {"a": Come(1), "b": [Come("two"), 3]}}
    predictor = Predictor(name="main", graph=sklearn("m"), explainer=explainer)  # type: ignore[arg-type]
    spec = seldon_deployment(SeldonDeployment(name="demo", predictors=[predictor]))["spec"]
    assert spec["predictors"][0]["explainer"]["initParameters"].value == '{"a": 1, "b": ["two", 3]}'


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_reads_back_as_what_was_rendered(name: str) -> None:
    assert yaml.safe_load(golden(name)) == seldon_deployment(CASES[name].deployment)


def test_a_digest_is_an_annotation_of_the_pod_that_its_node_is_in_so_that_another_one_replaces_the_pod() -> None:
    def annotations(digest: str, **fields: object) -> object:
        node = sklearn("m").model_copy(update={"model_digest": digest, **fields})
        spec = Predictor(name="main", graph=node, pod=PodTemplate(annotations={"team": "ml"}))
        made = seldon_deployment(SeldonDeployment(name="d", predictors=[spec]))["spec"]["predictors"][0]
        return made["componentSpecs"][0]["metadata"]["annotations"]

    one, other = "sha256:" + "0a" * 32, "sha256:" + "0b" * 32
    assert annotations(one) == {"team": "ml", "model-digest.seldon-infra/m": one}
    assert annotations(other) == {"team": "ml", "model-digest.seldon-infra/m": other}
    assert annotations(one, pod=Pod()) == {"model-digest.seldon-infra/m": one}


ROUTING = {"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}
DICE = Router(name="dice", server=RandomAbTest(), children=(sklearn("a"), sklearn("b")))
OWN = Orchestrator(env=[EnvVar(name=ROUTING["name"], value="yes")])
RECORDED = {
    "a router": (DICE, {}, {}, [ROUTING]),
    "a router below": (
        Model(name="m", server=SklearnServer(), model_uri="s3://m", children=(DICE,)),
        {},
        {},
        [ROUTING],
    ),
    "no router": (sklearn("m"), {}, {}, []),
    "a user's own": (DICE, {}, {"orchestrator": OWN}, [{**ROUTING, "value": "yes"}]),
    "the operator's pods": (DICE, {"pod_defaults": "operator"}, {}, []),
    "another protocol": (DICE, {"protocol": "v2"}, {}, []),
}


@pytest.mark.parametrize(("graph", "deployed", "predicting", "env"), RECORDED.values(), ids=RECORDED)
def test_the_executor_says_which_way_a_request_took_where_there_are_several(
    graph: Node, deployed: dict[str, Any], predicting: dict[str, Any], env: list[dict[str, str]]
) -> None:
    main = Predictor(name="main", graph=graph, **predicting)
    manifest = seldon_deployment(SeldonDeployment(name="d", predictors=[main], **deployed))
    assert manifest["spec"]["predictors"][0].get("svcOrchSpec", {}).get("env", []) == env
