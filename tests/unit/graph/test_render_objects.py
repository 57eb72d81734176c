"""What stands beside a SeldonDeployment on a cluster and is its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seldon_infra.artifacts.spec import S3Storage
from seldon_infra.core.yaml import dump
from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.render_objects import own_objects, ports_asked
from seldon_infra.graph.spec import (
    EnvVar,
    Explainer,
    Logger,
    Model,
    NetworkPolicy,
    Orchestrator,
    PayloadTopic,
    PodTemplate,
    Predictor,
    RequestLogQueue,
    SeldonDeployment,
    ServiceAccount,
    Transformer,
)
from seldon_infra.servers.spec import PythonServer, SklearnServer

GOLDEN = Path(__file__).parent / "own-objects.yaml"


def stored(**fields: Any) -> SeldonDeployment:
    graph = Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
    predictor = Predictor(name="main", graph=graph, explainer=Explainer(type="ALE", model_uri="s3://models/ale"))
    storage = [S3Storage(access_key_id="AKIA", secret_access_key="hunter2", endpoint="http://minio.minio:9000")]
    defaults = {"name": "iris", "namespace": "vision", "predictors": [predictor], "storage": storage}
    return SeldonDeployment(**defaults | fields)


def pod(deployment: SeldonDeployment) -> Any:
    return seldon_deployment(deployment)["spec"]["predictors"][0]["componentSpecs"][0]["spec"]


def predictor(deployment: SeldonDeployment) -> Any:
    return seldon_deployment(deployment)["spec"]["predictors"][0]


def test_the_golden_file_shows_a_deployments_own_objects() -> None:
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/models"}
    deployment = stored(service_account=ServiceAccount(annotations=annotations))
    assert GOLDEN.read_text(encoding="utf-8") == dump(*own_objects(deployment).values())


def test_pods_and_explainers_are_the_deployments_service_account() -> None:
    assert pod(stored())["serviceAccountName"] == "iris"
    assert predictor(stored())["explainer"]["serviceAccountName"] == "iris"
    named = stored(service_account=ServiceAccount(name="reader"))
    assert pod(named)["serviceAccountName"] == own_objects(named)["ServiceAccount"]["metadata"]["name"] == "reader"


def test_an_existing_service_account_is_named_and_not_made() -> None:
    deployment = stored(service_account=ServiceAccount(name="reader", existing=True))
    assert pod(deployment)["serviceAccountName"] == "reader"
    assert "ServiceAccount" not in own_objects(deployment)


def test_the_namespaces_own_account_is_not_named() -> None:
    assert "serviceAccountName" not in pod(stored(service_account=None))


def test_a_pod_of_ones_own_words_wins() -> None:
    deployment = stored()
    spec = {"serviceAccountName": "other"}
    changed = deployment.predictors[0].model_copy(update={"pod": PodTemplate(spec=spec)})
    assert pod(stored(predictors=[changed]))["serviceAccountName"] == "other"


def test_models_are_fetched_with_the_storages_secret() -> None:
    assert predictor(stored())["graph"]["envSecretRefName"] == "iris-storage"
    assert predictor(stored())["explainer"]["envSecretRefName"] == "iris-storage"


def test_a_secret_of_ones_own_is_kept() -> None:
    graph = Model(name="classify", server=SklearnServer(), model_uri="s3://m/iris", env_secret_ref_name="mine")
    explainer = Explainer(type="ALE", model_uri="s3://m/ale")
    deployment = stored(predictors=[Predictor(name="main", graph=graph, explainer=explainer)])
    assert predictor(deployment)["graph"]["envSecretRefName"] == "mine"


def test_what_the_operator_fills_in_gets_nothing_that_is_not_asked_for() -> None:
    deployment = stored(pod_defaults="operator", storage=())
    assert own_objects(deployment) == {}
    assert "serviceAccountName" not in str(seldon_deployment(deployment))
    assert list(own_objects(stored(pod_defaults="operator", network_policy=NetworkPolicy()))) == [
        "Secret",
        "NetworkPolicy",
    ]


def test_the_secret_reaches_every_node_of_a_graph() -> None:
    leaf = Model(name="leaf", server=SklearnServer(), model_uri="s3://models/leaf")
    scale = PythonServer(source="a.py", class_name="A", image="x:1")
    root = Transformer(name="scale", server=scale, child=Model(name="mid", server=scale, children=(leaf,)))
    top = predictor(stored(predictors=[Predictor(name="main", graph=root)]))["graph"]
    assert "envSecretRefName" not in top
    assert top["children"][0]["children"][0]["envSecretRefName"] == "iris-storage"


def test_a_policy_is_left_out_by_name() -> None:
    assert "NetworkPolicy" not in own_objects(stored(network_policy=None))


def test_a_policy_names_whom_pods_talk_to() -> None:
    policy = NetworkPolicy(
        ingress_namespaces=["gateways"], monitoring_namespaces=[], egress_ports=[], egress_namespaces=["features"]
    )
    spec = own_objects(stored(network_policy=policy))["NetworkPolicy"]["spec"]
    assert [each["namespaceSelector"]["matchLabels"] for each in spec["ingress"][0]["from"][1:]] == [
        {"kubernetes.io/metadata.name": "gateways"}
    ]
    assert {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "features"}}}]} in (
        spec["egress"]
    )
    assert {"ports": [{"protocol": "TCP", "port": 9000}]} in spec["egress"]


def test_a_policy_is_for_orchestrators_in_pods_of_their_own_too() -> None:
    """The operator labels them with their predictor's Service, not with the deployment's name."""
    graph = Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
    named = [Predictor(name=name, graph=graph, service_name=own) for name, own in (("main", None), ("other", "o"))]
    separate = stored(engine_separate_pod=True, predictors=named)
    pods = [each["spec"]["template"] for each in expanded(seldon_deployment(separate)) if each["kind"] == "Deployment"]
    (chosen,) = own_objects(separate)["NetworkPolicy"]["spec"]["podSelector"]["matchExpressions"]
    assert len(pods) == 4
    assert {pod["metadata"]["labels"][chosen["key"]] for pod in pods} == set(chosen["values"])


def test_ports_follow_from_what_the_definition_asks() -> None:
    graph = Model(
        name="classify", server=SklearnServer(), model_uri="http://store:8081/iris", logger=Logger(mode="all")
    )
    brokers = EnvVar(name="KAFKA_BROKER", value="kafka-0:9092,kafka-1:9093")
    main = Predictor(name="main", graph=graph, orchestrator=Orchestrator(env=[brokers]))
    assert ports_asked(stored(predictors=[main], storage=())) == {80, 8081, 9092, 9093}
    assert ports_asked(stored()) == {9000}
    to_topic = RequestLogQueue(kafka=PayloadTopic(brokers="kafka-0:9094,kafka-1:9095"))
    assert ports_asked(stored(predictors=[main], storage=(), request_log=to_topic)) == {8081, 9092, 9093, 9094, 9095}
    named = graph.model_copy(update={"logger": Logger(mode="all", url="http://log:x/")})
    assert ports_asked(stored(predictors=[Predictor(name="main", graph=named)], storage=())) == {8081}


class Output:
    """A value of later as Pulumi has it: it is neither true nor false."""

    def apply(self, function: object) -> Output:
        return self

    def __bool__(self) -> bool:
        raise TypeError("an Output has no truth")


def test_names_and_addresses_may_come_late() -> None:
    late: Any = Output()
    graph = Model(name="classify", server=SklearnServer(), model_uri=late, logger=Logger(mode="all", url=late))
    explainer = Explainer(type="ALE", model_uri=late, service_account_name=late)
    main = Predictor(name="main", graph=graph, explainer=explainer)
    brokers = EnvVar(name="KAFKA_BROKER", value=late)
    other = Predictor(name="other", graph=graph, orchestrator=Orchestrator(env=[brokers]))
    deployment = stored(
        namespace=late,
        predictors=[main, other],
        storage=[S3Storage(endpoint=late)],
        service_account=ServiceAccount(name=late),
        network_policy=NetworkPolicy(ingress_namespaces=[late]),
    )
    assert list(own_objects(deployment)) == ["ServiceAccount", "Secret", "NetworkPolicy"]
    assert predictor(deployment)["explainer"]["serviceAccountName"] is late
    assert pod(deployment)["serviceAccountName"] is late
