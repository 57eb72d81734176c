"""What pods of a cluster are told of traces."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import (
    EnvVar,
    Istio,
    Kubernetes,
    Model,
    ModelServer,
    Orchestrator,
    Predictor,
    SeldonDeployment,
    SklearnServer,
    Stack,
    Tracing,
    Transformer,
    TritonServer,
)
from seldon_infra.cli.render import cluster_manifests
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.ingress.render.envoy_start import TRACES, bootstrap
from seldon_infra.ingress.routes import Collector, Limits
from seldon_infra.model_server.check import check_model_server
from seldon_infra.model_server.render import model_server
from seldon_infra.targets.platform import behind_ingress, spans, watched_servers
from seldon_infra.tracing.render import header_list, rate

JAEGER = "http://otel.observability:14268/api/traces"
SCORE = Model(name="score", server=SklearnServer(), model_uri="s3://m", env=(EnvVar(name="MINE", value="1"),))
OWN = EnvVar(name="JAEGER_SAMPLER_PARAM", value="1")


def manifest(tracing: Tracing | None, protocol: Any = "v2", orchestrator: Orchestrator | None = None) -> Any:
    graph = Transformer(name="clean", server=TritonServer(), model_uri="s3://t", child=SCORE)
    predictor = Predictor(name="main", graph=graph, orchestrator=orchestrator)
    deployment = SeldonDeployment(name="d", namespace="ns", protocol=protocol, predictors=(predictor,))
    (found,) = [it for it in cluster_manifests(Stack(target=Kubernetes(tracing=tracing), deployments=(deployment,)))
                if it["kind"] == "SeldonDeployment"]  # fmt: skip
    return found["spec"]["predictors"][0]


def env_of(predictor: Any, container: str) -> dict[str, str]:
    pods = [spec["spec"]["containers"] for spec in predictor["componentSpecs"]]
    found = [it.get("env", ()) for containers in pods for it in containers if it["name"] == container]
    return {each["name"]: each.get("value") for env in found for each in env}


def executor_of(predictor: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in predictor.get("svcOrchSpec", {}).get("env", ())}


def test_an_executor_speaks_jaegers_protocol_to_where_it_is_taken() -> None:
    found = executor_of(manifest(Tracing(otlp_endpoint="http://c:4317", sample=0.25, jaeger_endpoint=JAEGER)))
    assert found == {
        "JAEGER_ENDPOINT": JAEGER,
        "JAEGER_SAMPLER_TYPE": "probabilistic",
        "JAEGER_SAMPLER_PARAM": "0.25",
        "JAEGER_TRACE_PROPAGATION_TYPE": "b3",
    }


def test_what_the_definition_sets_itself_stays() -> None:
    tracing = Tracing(otlp_endpoint="http://c:4317", sample=0.25, jaeger_endpoint=JAEGER)
    found = executor_of(manifest(tracing, orchestrator=Orchestrator(env=(OWN,))))
    assert found["JAEGER_SAMPLER_PARAM"] == "1"


def test_an_mlserver_sends_by_otlp_and_triton_is_left_alone() -> None:
    predictor = manifest(Tracing(otlp_endpoint="http://c:4317", sample=0.25))
    untraced = env_of(manifest(None), "score")
    assert env_of(predictor, "score") == untraced | {
        "MLSERVER_TRACING_SERVER": "http://c:4317",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.25",
    }
    assert "MLSERVER_TRACING_SERVER" not in env_of(predictor, "clean")
    assert executor_of(predictor) == {}


TRITON = Tracing(otlp_endpoint="http://c:4317", sample=0.25, triton_endpoint="http://c:4318/v1/traces")


def test_model_servers_send_spans_as_they_can() -> None:
    triton = ModelServer(name="resnet", server=TritonServer(), model_uri="s3://m")
    sklearn = ModelServer(name="iris", server=SklearnServer(), model_uri="s3://m")
    first, second = watched_servers(Kubernetes(tracing=TRITON), [triton, sklearn])
    assert list(first.arguments) == [
        "--trace-config=mode=opentelemetry",
        "--trace-config=rate=4",
        "--trace-config=level=TIMESTAMPS",
        "--trace-config=opentelemetry,url=http://c:4318/v1/traces",
        "--trace-config=opentelemetry,resource=service.name=resnet",
    ]
    assert (
        "--trace-config=rate=4"
        in model_server(first)["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
    )
    assert {each.name: each.value for each in second.env}["MLSERVER_TRACING_SERVER"] == "http://c:4317"
    assert check_model_server(first) == []


def ports(policy: Any) -> set[int]:
    return {port["port"] for rule in policy["spec"]["egress"] for port in rule.get("ports", ())}


def test_policies_let_spans_out() -> None:
    tracing = Tracing(otlp_endpoint="http://c:4317", jaeger_endpoint=JAEGER, triton_endpoint="http://c:4318/v1/traces")
    target = Kubernetes(tracing=tracing)
    deployment = SeldonDeployment(name="d", namespace="ns", predictors=(Predictor(name="main", graph=SCORE),))
    (traced,) = behind_ingress(target, [deployment])
    assert {4317, 14268} <= ports(own_objects(traced)["NetworkPolicy"])
    triton = ModelServer(name="resnet", server=TritonServer(), model_uri="s3://m")
    sklearn = ModelServer(name="iris", server=SklearnServer(), model_uri="s3://m")
    first, second = (ports(model_server(it)["NetworkPolicy"]) for it in watched_servers(target, [triton, sklearn]))
    assert (first, second) == ({53, 443, 4318}, {53, 443, 4317})


def test_who_has_no_policy_gets_none_by_tracing() -> None:
    left = SeldonDeployment(
        name="d", namespace="ns", predictors=(Predictor(name="main", graph=SCORE),), pod_defaults="operator"
    )
    (traced,) = behind_ingress(Kubernetes(tracing=TRITON), [left])
    assert "NetworkPolicy" not in own_objects(traced)


def test_what_a_model_server_says_of_spans_itself_stays() -> None:
    own = ModelServer(name="resnet", server=TritonServer(), model_uri="s3://m", arguments=["--trace-config=rate=9"])
    (found,) = watched_servers(Kubernetes(tracing=TRITON), [own])
    assert list(found.arguments) == ["--trace-config=rate=9"]


@pytest.mark.parametrize(("share", "said"), [(1.0, 1), (0.25, 4), (0.3, 3), (0.0, 2**31 - 1), (1e-12, 2**31 - 1)])
def test_a_share_is_one_of_so_many(share: float, said: int) -> None:
    assert rate(share) == said


def test_istio_s_proxies_send_spans_through_the_mesh_s_provider() -> None:
    tracing = Tracing(otlp_endpoint="http://c:4317", sample=0.07, istio_provider="otel")
    ingress = Istio(existing=True, mtls=["models"])
    gateway, proxies = spans(Kubernetes(tracing=tracing, ingress=ingress))
    assert gateway["metadata"] == {"name": "seldon-tracing-gateway", "namespace": "istio-system"}
    assert gateway["spec"] == {
        "selector": {"matchLabels": {"istio": "ingressgateway"}},
        "tracing": [{"providers": [{"name": "otel"}], "randomSamplingPercentage": 7.0}],
    }
    assert proxies["metadata"] == {"name": "seldon-tracing", "namespace": "models"}
    assert "selector" not in proxies["spec"]
    assert spans(Kubernetes(tracing=Tracing(otlp_endpoint="http://c:4317"), ingress=ingress)) == []
    made = cluster_manifests(Stack(target=Kubernetes(tracing=tracing, ingress=ingress)))
    assert [each for each in made if each["kind"] == "Telemetry"] == [gateway, proxies]


def test_without_tracing_nothing_is_told() -> None:
    predictor = manifest(None)
    assert executor_of(predictor) == {}
    assert [name for name in env_of(predictor, "score") if "TRAC" in name] == []


def test_headers_are_written_as_opentelemetry_reads_them() -> None:
    assert header_list({"authorization": "Bearer a,b=c", "x": "1"}) == "authorization=Bearer%20a%2Cb%3Dc,x=1"


def test_envoy_trusts_a_collector_over_tls_by_its_name(tmp_path: Any) -> None:
    started: Any = bootstrap(tmp_path, 1, Limits(), Collector("https://otlp.acme.io:443", 0.5, {"k": "v"}))
    _, cluster = started["static_resources"]["clusters"]
    assert (cluster["name"], cluster["transport_socket"]["typed_config"]["sni"]) == (TRACES, "otlp.acme.io")
    manager = started["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["tracing"]["random_sampling"] == {"value": 50.0}


def test_envoy_without_a_collector_is_as_it_was(tmp_path: Any) -> None:
    started: Any = bootstrap(tmp_path, 1, Limits())
    assert TRACES not in [cluster["name"] for cluster in started["static_resources"]["clusters"]]
    manager = started["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    assert "tracing" not in manager
