"""Deployments as Hypothesis makes them up: any shape of graph, any mix of servers and settings."""

from __future__ import annotations

from hypothesis import strategies as st

from seldon_infra.graph.spec import (
    Amounts,
    AverageCombiner,
    Combiner,
    Endpoint,
    EnvVar,
    Explainer,
    Hpa,
    IstioRoute,
    Keda,
    KedaTrigger,
    Logger,
    MetricTarget,
    Model,
    Node,
    Orchestrator,
    OutputTransformer,
    Parameter,
    Pdb,
    Pod,
    PodTemplate,
    Predictor,
    ResourceMetric,
    Resources,
    Router,
    SecretKey,
    SeldonDeployment,
    SimpleRouter,
    Timeouts,
    Transformer,
)
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.spec import ContainerServer, PythonServer, SklearnServer

_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda text: f"n{text}x")
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SERVERS = st.sampled_from(
    [
        PythonServer(source="a.py", class_name="A", image="a:1"),
        ContainerServer(image="b:1", speaks=("seldon", "v2")),
        SklearnServer(),
    ]
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "model_uri": st.just("s3://bucket/model"),
        "parameters": st.lists(
            st.builds(Parameter, name=_NAMES, value=st.one_of(st.integers(), st.booleans(), _TEXTS))
        ),
        "env": st.lists(
            st.one_of(
                st.builds(EnvVar, name=_NAMES, value=_TEXTS),
                st.builds(EnvVar, name=_NAMES, value_from=st.just(SecretKey(secret="s", key="k"))),
            ),
            max_size=2,
        ),
        "resources": st.sampled_from([Resources(limits=Amounts(cpu="1", memory="1Gi"))]),
        "endpoint": st.sampled_from([Endpoint(service_host="models.acme.com", http_port=80)]),
        "logger": st.builds(Logger, mode=st.sampled_from(["all", "request", "response"])),
        "pod": st.builds(Pod, replicas=st.integers(0, 3)),
    },
)
_MODELS: st.SearchStrategy[Node] = st.builds(
    lambda name, server, fields: Model(name=name, server=server, **fields), _NAMES, _SERVERS, _FIELDS
)


def _above(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    server = PythonServer(source="a.py", class_name="A", image="a:1")
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda name, child: Transformer(name=name, server=server, child=child), _NAMES, inner),
        st.builds(lambda name, child: OutputTransformer(name=name, server=server, child=child), _NAMES, inner),
        st.builds(lambda name, child: Model(name=name, server=server, children=(child,)), _NAMES, inner),
        st.builds(lambda name, children: Router(name=name, server=SimpleRouter(), children=children), _NAMES, several),
        st.builds(
            lambda name, children: Combiner(name=name, server=AverageCombiner(), children=children), _NAMES, several
        ),
    )


def _has_unique_names(root: Node) -> bool:
    names = [node.name for node in nodes(root)]
    return len(names) == len(set(names))


_GRAPHS = st.recursive(_MODELS, _above, max_leaves=6).filter(_has_unique_names)
DEPLOYMENTS = st.builds(
    lambda name, protocol, roots: SeldonDeployment(
        name=name,
        protocol=protocol,
        predictors=[Predictor(name=f"p{index}", graph=root) for index, root in enumerate(roots)],
    ),
    _NAMES,
    st.sampled_from(["seldon", "v2"]),
    st.lists(_GRAPHS, min_size=1, max_size=3),
)

_AMOUNTS = st.builds(
    Amounts,
    cpu=st.sampled_from([None, 1, "500m", 0.5]),
    memory=st.sampled_from([None, "1Gi"]),
    gpu=st.sampled_from([None, 1]),
)
_RESOURCES = st.builds(Resources, limits=_AMOUNTS) | st.just(Resources(limits=Amounts(gpu=1), gpu_memory="16Gi"))
_SCALING = {
    "hpa": st.builds(
        Hpa,
        max_replicas=st.integers(2, 9),
        metrics=st.just((ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70)),)),
    ),
    "keda": st.builds(Keda, triggers=st.just((KedaTrigger(type="cron", metadata={"start": "0 8 * * *"}),))),
    "pdb": st.builds(Pdb, min_available=st.sampled_from([1, "50%"])),
}
_POD_SPECS = st.sampled_from(
    [
        {},
        {"nodeSelector": {"pool": "gpu"}},
        {"containers": [{"name": "sidecar", "image": "s:1"}], "volumes": [{"name": "tmp", "emptyDir": {}}]},
        {"securityContext": {"runAsUser": 1000, "seccompProfile": None}},
    ]
)
_OPERATED = st.fixed_dictionaries(
    {},
    optional={
        **_SCALING,
        "replicas": st.integers(0, 5),
        "traffic": st.integers(0, 100),
        "labels": st.just({"version": "v2"}),
        "annotations": st.just({"acme.com/owner": "nlp"}),
        "engine_resources": _RESOURCES,
        "orchestrator": st.builds(Orchestrator, replicas=st.integers(1, 3)),
        "explainer": st.builds(
            Explainer,
            type=st.just("AnchorTabular"),
            model_uri=st.just("s3://models/explainer"),
            init_parameters=st.sampled_from([None, {"threshold": 0.9}]),
            resources=st.one_of(st.none(), _RESOURCES),
        ),
        "pod": st.builds(PodTemplate, labels=st.just({"team": "risk"}), spec=_POD_SPECS),
        "no_engine": st.booleans(),
        "service_name": st.just("direct"),
    },
)
_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "namespace": st.sampled_from(["default", "models"]),
        "transport": st.sampled_from(["rest", "grpc"]),
        "timeouts": st.builds(Timeouts, rest=st.sampled_from([None, "5s", "1500ms"])),
        "istio": st.builds(IstioRoute, retries=st.sampled_from([None, 2]), host=st.just("models.acme.com")),
        "labels": st.just({"team": "nlp"}),
        "controller_id": st.just("blue"),
        "headless_service": st.booleans(),
        "pod_defaults": st.sampled_from(["restricted", "operator"]),
    },
)


def _operated(
    deployment: SeldonDeployment, settings: dict[str, object], predictors: list[dict[str, object]]
) -> SeldonDeployment:
    """Give a deployment's predictors settings, in turn."""
    with_settings = [
        Predictor(name=each.name, graph=each.graph, **predictors[index % len(predictors)])  # type: ignore[arg-type]
        for index, each in enumerate(deployment.predictors)
    ]
    return SeldonDeployment(
        name=deployment.name,
        protocol=deployment.protocol,
        predictors=with_settings,
        **settings,  # type: ignore[arg-type]
    )


OPERATED = st.builds(_operated, DEPLOYMENTS, _SETTINGS, st.lists(_OPERATED, min_size=1, max_size=3))
"""Deployments with everything around the graph: pods, scaling, explainers, ways in."""
