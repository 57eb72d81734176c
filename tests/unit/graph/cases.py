"""Deployments that golden files show, one per feature of Seldon's API.

``python -m tests.unit.graph.cases`` writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seldon_infra.core.yaml import dump
from seldon_infra.experiments.spec import ByHeader, ErrorRate, Guardrail, OutcomeRate
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import (
    ABTest,
    AmbassadorRoute,
    Amounts,
    CircuitBreakers,
    Combiner,
    ContainerSecurity,
    EnvVar,
    EpsilonGreedy,
    Explainer,
    Hpa,
    IstioRoute,
    Keda,
    KedaFallback,
    KedaTrigger,
    Logger,
    MetricTarget,
    Model,
    Orchestrator,
    OutputTransformer,
    Parameter,
    PayloadTopic,
    Pdb,
    Pod,
    PodField,
    PodSecurity,
    PodsMetric,
    PodTemplate,
    Predictor,
    QueueTime,
    RandomAbTest,
    RequestLogQueue,
    ResourceMetric,
    Resources,
    Router,
    SecretKey,
    SeldonDeployment,
    Ssl,
    StickySession,
    Timeouts,
    Transformer,
)
from seldon_infra.servers.spec import (
    ContainerServer,
    HuggingFaceServer,
    MLServerRuntime,
    PythonServer,
    SklearnServer,
    TensorFlowServer,
    TritonServer,
    XGBoostServer,
)

GOLDEN = Path(__file__).parent / "golden"


class Case(NamedTuple):
    """A deployment and what its golden file shows."""

    shows: str
    deployment: SeldonDeployment


def scaler(image: str | None = "ghcr.io/acme/scaler@sha256:" + "0a" * 32) -> MLServerRuntime:
    """Give a user's class as an MLServer runtime."""
    return MLServerRuntime(source="stacks/digits/scale.py", class_name="PixelScaler", image=image)


def python(name: str) -> PythonServer:
    """Give a user's class in Seldon's wrapper."""
    return PythonServer(source=f"fraud/{name}.py", class_name=name.title(), image=f"ghcr.io/acme/{name}:1.2")


def sklearn(name: str, **fields: object) -> Model:
    """Give a scikit-learn model."""
    return Model(name=name, server=SklearnServer(), model_uri=f"s3://models/{name}", **fields)  # type: ignore[arg-type]


def single(name: str = "iris", **fields: object) -> SeldonDeployment:
    """Give a deployment of one scikit-learn model, with fields of its predictor."""
    predictor = Predictor(**{"name": "main", "graph": sklearn("classifier"), **fields})  # type: ignore[arg-type]
    return SeldonDeployment(name=name, predictors=[predictor])


def digits() -> SeldonDeployment:
    """Give the handwritten digits: a chain on MLServer, and the same chain onto Triton as a canary."""
    return SeldonDeployment(
        name="digits",
        namespace="vision",
        protocol="v2",
        predictors=[
            Predictor(
                name="main",
                traffic=90,
                graph=Transformer(name="scale", server=scaler(), child=sklearn("classifier")),
            ),
            Predictor(
                name="canary",
                traffic=10,
                graph=Transformer(
                    name="scale",
                    server=scaler(),
                    child=Model(name="classifier", server=TritonServer(), model_uri="s3://models/triton"),
                ),
            ),
        ],
    )


def fraud() -> SeldonDeployment:
    """Give a graph of every type of node."""
    mean = ContainerServer(image="ghcr.io/acme/average:1", speaks=("seldon",))
    ensemble = Combiner(name="average", server=mean, children=(sklearn("forest"), sklearn("linear")))
    return SeldonDeployment(
        name="fraud",
        predictors=[
            Predictor(
                name="main",
                graph=Transformer(
                    name="features",
                    server=python("features"),
                    child=OutputTransformer(
                        name="reasons",
                        server=ContainerServer(image="ghcr.io/acme/reasons:1", speaks=("seldon",)),
                        child=Router(name="rules", server=python("rules"), children=(sklearn("small"), ensemble)),
                    ),
                ),
            )
        ],
    )


def ab_test() -> SeldonDeployment:
    """Give two versions with half of the traffic each, sticky by a header."""
    return SeldonDeployment(
        name="recommend",
        sticky=StickySession(header="x-user-id"),
        predictors=[
            Predictor(name="a", traffic=50, replicas=2, graph=sklearn("ranker")),
            Predictor(name="b", traffic=50, replicas=2, graph=sklearn("ranker")),
        ],
    )


def shadow() -> SeldonDeployment:
    """Give a model and one that gets copies of half its requests."""
    return SeldonDeployment(
        name="iris",
        predictors=[
            Predictor(name="main", traffic=100, graph=sklearn("classifier")),
            Predictor(name="next", shadow=True, traffic=50, graph=sklearn("classifier")),
        ],
    )


def custom_container() -> SeldonDeployment:
    """Give an image of the user's own with everything that a node can say."""
    return SeldonDeployment(
        name="score",
        predictors=[
            Predictor(
                name="main",
                graph=Model(
                    name="scorer",
                    server=ContainerServer(
                        image="ghcr.io/acme/score:3", command=["/bin/score"], args=["--fast"], speaks=("seldon",)
                    ),
                    methods=("SEND_FEEDBACK",),
                    model_uri="gs://models/score",
                    env_secret_ref_name="gcs-credentials",
                    service_account_name="scorer",
                    storage_initializer_image="ghcr.io/acme/fetch:1",
                    parameters=[
                        Parameter(name="threshold", value=0.5),
                        Parameter(name="depth", value=3),
                        Parameter(name="strict", value=True),
                        Parameter(name="mode", value="on"),
                        Parameter(name="scale", value=1.0, type="DOUBLE"),
                    ],
                    env=[
                        EnvVar(name="LEVEL", value="1e3"),
                        EnvVar(name="TOKEN", value_from=SecretKey(secret="score", key="token")),
                        EnvVar(name="POD", value_from=PodField(path="metadata.name")),
                    ],
                    resources=Resources(
                        requests=Amounts(cpu=0.5, memory="1Gi"),
                        limits=Amounts(cpu=2, memory="2Gi", ephemeral_storage="4Gi"),
                    ),
                ),
                pod=PodTemplate(
                    labels={"team": "risk"},
                    annotations={"sidecar.istio.io/inject": "true"},
                    spec={
                        "nodeSelector": {"pool": "fast"},
                        "containers": [
                            {"name": "scorer", "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}]},
                            {"name": "proxy", "image": "ghcr.io/acme/proxy:1"},
                        ],
                        "volumes": [{"name": "scratch", "emptyDir": {}}],
                    },
                ),
            )
        ],
    )


def gpu_triton() -> SeldonDeployment:
    """Give Triton on a GPU, on nodes that have one."""
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return SeldonDeployment(
        name="images",
        protocol="v2",
        transport="grpc",
        predictors=[
            Predictor(
                name="main",
                graph=Model(
                    name="resnet",
                    server=TritonServer(),
                    model_uri="s3://models/resnet",
                    resources=Resources(limits=Amounts(gpu=1, memory="16Gi"), gpu_memory="20Gi"),
                ),
                pod=PodTemplate(spec={"tolerations": tolerations}),
            )
        ],
    )


def explained() -> SeldonDeployment:
    """Give a model with an explainer."""
    return single(
        "income",
        explainer=Explainer(
            type="AnchorTabular",
            model_uri="s3://models/income/explainer",
            init_parameters={"threshold": 0.95, "names": ["age", "hours"]},
            config={"seed": "7"},
            replicas=2,
            resources=Resources(limits=Amounts(cpu="1", memory="2Gi")),
            env_secret_ref_name="s3-credentials",
            version="1.17.1",
        ),
    )


def autoscaled() -> SeldonDeployment:
    """Give a model whose pods follow load, and a budget of disruptions."""
    return single(
        graph=sklearn("classifier", resources=Resources(requests=Amounts(cpu="500m"))),
        hpa=Hpa(
            min_replicas=2,
            max_replicas=10,
            metrics=[
                ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70)),
                PodsMetric(name="requests_per_second", target=MetricTarget(average_value=100)),
            ],
        ),
        pdb=Pdb(min_available="50%"),
    )


def event_driven() -> SeldonDeployment:
    """Give a model that KEDA scales from zero by a Prometheus query."""
    return single(
        keda=Keda(
            polling_interval=15,
            min_replica_count=0,
            max_replica_count=5,
            triggers=[
                KedaTrigger(
                    type="prometheus",
                    metadata={
                        "serverAddress": "http://prometheus:9090",
                        "query": "rate(requests[1m])",
                        "threshold": "10",
                    },
                    authentication_ref="prometheus",
                )
            ],
            fallback=KedaFallback(failure_threshold=3, replicas=2),
            advanced={"restoreToOriginalReplicaCount": True},
        )
    )


def by_queue_time() -> SeldonDeployment:
    """Give a Triton that gets pods as its requests wait."""
    waiting = QueueTime(
        prometheus="http://prometheus.monitoring:9090", labels={"namespace": "models", "model": "classifier"}
    )
    return single(
        graph=Model(name="classifier", server=TritonServer(), model_uri="s3://models/classifier"),
        keda=Keda(min_replica_count=1, max_replica_count=4, queue_time=waiting),
    ).model_copy(update={"protocol": "v2"})


def separate_orchestrator() -> SeldonDeployment:
    """Give an orchestrator in pods of its own, and a node in a pod of its own."""
    return SeldonDeployment(
        name="fraud",
        engine_separate_pod=True,
        replicas=2,
        predictors=[
            Predictor(
                name="main",
                graph=Transformer(
                    name="features",
                    server=python("features"),
                    child=Model(
                        name="boosted",
                        server=XGBoostServer(version="1.17.1"),
                        model_uri="s3://models/boosted",
                        pod=Pod(replicas=4, pdb=Pdb(max_unavailable=1), template=PodTemplate(labels={"tier": "model"})),
                    ),
                ),
                orchestrator=Orchestrator(replicas=3, resources=Resources(limits=Amounts(cpu="1", memory="512Mi"))),
                progress_deadline_seconds=300,
            )
        ],
    )


def no_engine() -> SeldonDeployment:
    """Give a model that is asked directly, without orchestrator."""
    return single(no_engine=True, service_name="iris-direct", labels={"version": "v3"})


def with_tls() -> SeldonDeployment:
    """Give TLS between ingress and orchestrator."""
    return single(ssl=Ssl(cert_secret_name="iris-tls"), engine_resources=Resources(limits=Amounts(cpu="500m")))


def logged() -> SeldonDeployment:
    """Give payload logging and its queue."""
    return SeldonDeployment(
        name="iris",
        request_log=RequestLogQueue(size=500, write_timeout="1.5s"),
        predictors=[
            Predictor(
                name="main",
                graph=sklearn("classifier", logger=Logger(mode="all", url="http://broker.logging/default")),
            )
        ],
    )


def logged_to_kafka() -> SeldonDeployment:
    """Give payload logging to a topic, beside variables of the orchestrator's own."""
    secure = EnvVar(name="KAFKA_SECURITY_PROTOCOL", value="SSL")
    return SeldonDeployment(
        name="iris",
        pod_defaults="operator",
        request_log=RequestLogQueue(kafka=PayloadTopic(brokers="kafka-1:9093,kafka-2:9093", topic="payloads")),
        predictors=[
            Predictor(
                name="main",
                traffic=90,
                graph=sklearn("classifier", logger=Logger(mode="response")),
                orchestrator=Orchestrator(env=[secure]),
            ),
            Predictor(name="silent", traffic=10, graph=sklearn("classifier")),
        ],
    )


def bandit() -> SeldonDeployment:
    """Give a router that learns, with the claim that keeps what it learns."""
    learns = EpsilonGreedy(epsilon=0.2, image="registry.example/bandit:1", claim="learnt")
    router = Router(
        name="best", server=learns, children=tuple(Model(name=name, server=python(name)) for name in ("old", "new"))
    )
    return SeldonDeployment(
        name="offers",
        predictors=[Predictor(name="main", graph=router)],
    )


def kafka() -> SeldonDeployment:
    """Give requests from a Kafka topic."""
    variables = {"KAFKA_BROKER": "kafka:9092", "KAFKA_INPUT_TOPIC": "asked", "KAFKA_OUTPUT_TOPIC": "answered"}
    return SeldonDeployment(
        name="images",
        protocol="tensorflow",
        server_type="kafka",
        predictors=[
            Predictor(
                name="main",
                graph=Model(name="resnet", server=TensorFlowServer(), model_uri="gs://models/resnet"),
                orchestrator=Orchestrator(env=[EnvVar(name=name, value=value) for name, value in variables.items()]),
            )
        ],
    )


def built_in() -> SeldonDeployment:
    """Give a random choice that the orchestrator makes by itself, and parameters from a server's own fields."""
    return SeldonDeployment(
        name="sentiment",
        predictors=[
            Predictor(
                name="main",
                graph=Router(
                    name="dice",
                    server=RandomAbTest(ratio_a=0.25),
                    children=(
                        Model(name="a", server=SklearnServer(method="predict_proba"), model_uri="s3://models/a"),
                        Model(name="b", server=SklearnServer(version="1.17.1"), model_uri="s3://models/b"),
                    ),
                ),
            )
        ],
    )


def experiment() -> SeldonDeployment:
    """Give an A/B test, which a container of its own routes."""
    return SeldonDeployment(
        name="fraud",
        predictors=[
            Predictor(
                name="main",
                graph=ABTest(
                    name="new-trees",
                    a=Model(name="old", server=SklearnServer(), model_uri="s3://models/fraud/1"),
                    b=Model(name="new", server=SklearnServer(), model_uri="s3://models/fraud/2"),
                    split=(90, 10),
                    sticky_by=ByHeader(name="x-user-id"),
                    metric=OutcomeRate(),
                    guardrails=[Guardrail(metric=ErrorRate(), at_most=0.01)],
                    image="registry.example/router:1",
                ),
            )
        ],
    )


def ingress_settings() -> SeldonDeployment:
    """Give every setting of the ways in, and of the operator."""
    return SeldonDeployment(
        name="chat",
        protocol="v2",
        transport="rest",
        labels={"team": "nlp"},
        annotations={"acme.com/owner": "nlp"},
        controller_id="blue",
        headless_service=True,
        no_storage_initializer=True,
        timeouts=Timeouts(rest="5s", grpc="200ms"),
        istio=IstioRoute(gateway="istio-system/public", host="chat.acme.com", retries=2, retries_timeout="3s"),
        ambassador=AmbassadorRoute(
            header="x-team: nlp", id="edge", retries=3, circuit_breakers=CircuitBreakers(max_connections=200)
        ),
        predictors=[
            Predictor(
                name="main",
                graph=Model(
                    name="chat", server=HuggingFaceServer(task="text-generation", pretrained_model="distilgpt2")
                ),
            )
        ],
    )


def relaxed() -> SeldonDeployment:
    """Give an image of the user's own that writes beside itself, and a model on a volume that is there."""
    return SeldonDeployment(
        name="income",
        protocol="v2",
        security=PodSecurity(run_as_user=20000, scratch="5Gi", image_pull_policy="IfNotPresent"),
        predictors=[
            Predictor(
                name="main",
                graph=Transformer(
                    name="scale",
                    server=scaler(),
                    security=ContainerSecurity(read_only_root=False, capabilities=["NET_BIND_SERVICE"]),
                    child=Model(name="boosted", server=XGBoostServer(), model_uri="pvc://models/income"),
                ),
            )
        ],
    )


def lean(deployment: SeldonDeployment) -> SeldonDeployment:
    """Give a deployment whose pods say only what it says itself, where its golden file shows something else."""
    return deployment.model_copy(update={"pod_defaults": "operator"})


CASES = {
    "ab-test": Case("Two predictors with half of the traffic each.", lean(ab_test())),
    "built-in": Case(
        "RANDOM_ABTEST by the orchestrator; parameters from a server's fields; a pinned image.", lean(built_in())
    ),
    "canary": Case("The digits: chains of MODELs on v2, 90 % to MLServer and 10 % to Triton.", lean(digits())),
    "custom-container": Case(
        "An image of one's own; typed parameters, env, the pod merged by name.", custom_container()
    ),
    "experiment": Case("An A/B test: a router with the terms as its parameter, and both arms.", lean(experiment())),
    "explainer": Case("A server that explains answers beside the model.", explained()),
    "gpu-triton": Case("Triton with one GPU, served over gRPC only.", gpu_triton()),
    "graph": Case("Every type of node, each with a container of its name.", lean(fraud())),
    "hpa-and-pdb": Case("autoscaling/v2 metrics and a disruption budget.", autoscaled()),
    "ingress-settings": Case(
        "Annotations of Istio, Ambassador and the operator; durations in their units.", ingress_settings()
    ),
    "kafka": Case("Requests from a Kafka topic.", kafka()),
    "queue-time": Case("Triton's pods scaled by how long requests wait in it.", by_queue_time()),
    "keda": Case("Pods scaled from zero by a Prometheus query.", event_driven()),
    "bandit": Case("A router that learns from feedback, and the claim that keeps it.", bandit()),
    "logger-kafka": Case("Payloads sent to a topic of Kafka.", logged_to_kafka()),
    "logger": Case("Payloads of a node sent on, and the queue before it.", logged()),
    "no-engine": Case("A single model without orchestrator, under a Service name of its own.", no_engine()),
    "secure": Case("Pods of two servers locked up, each way out by its name.", relaxed()),
    "separate-orchestrator": Case("Orchestrator and one node in pods of their own.", lean(separate_orchestrator())),
    "shadow": Case("A second model that gets copies of half of the requests.", lean(shadow())),
    "ssl": Case("TLS between ingress and orchestrator, and the orchestrator's resources.", with_tls()),
}


def golden(name: str) -> str:
    """Give the text that a case's golden file must have."""
    return f"# {CASES[name].shows}\n{dump(seldon_deployment(CASES[name].deployment))}"


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.yaml").write_text(golden(case), encoding="utf-8")
